"""A file that was read is kept with its size and the place of its volume in the list."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("transfer_files") as table:
        table.add_column(sa.Column("bytes", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("position", sa.Integer(), nullable=True))
