"""Agencies have a Korean and an English name, since a person entered them."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("agencies") as table:
        table.add_column(sa.Column("name_en", sa.String(), nullable=True))
        table.add_column(sa.Column("entered_at", archive.database.UTCDateTime(timezone=True), nullable=True))
