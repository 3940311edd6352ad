"""A scan that was begun and has not ended, so that a run that was killed leaves none out."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    with op.batch_alter_table("transfer_scans") as table:
        table.alter_column("at", existing_type=archive.database.UTCDateTime(timezone=True), nullable=True)
        table.add_column(sa.Column("after", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("transfer_scans") as table:
        table.alter_column("after", server_default=None)
