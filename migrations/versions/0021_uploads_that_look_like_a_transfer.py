"""The transfer that a refused upload looks like, so that its sender can say what it is."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    with op.batch_alter_table("uploads") as table:
        table.add_column(sa.Column("looks_like", sa.String(20), nullable=True))
