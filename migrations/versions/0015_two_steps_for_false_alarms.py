"""Who says that what was found in custody is a false alarm, when and why, until another one decides."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    moment = archive.database.UTCDateTime(timezone=True)
    with op.batch_alter_table("infections") as table:
        table.add_column(sa.Column("asked_by", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("asked_at", moment, nullable=True))
        table.add_column(sa.Column("reason", sa.String(), nullable=True))
