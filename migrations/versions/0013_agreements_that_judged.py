"""Which agreement judged a transfer, and whether the formats of a volume were held against it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    with op.batch_alter_table("transfers") as table:
        table.add_column(sa.Column("agreement_version", sa.Integer(), nullable=True))
    with op.batch_alter_table("transfer_volumes") as table:
        table.add_column(sa.Column("formats_judged", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("transfer_volumes") as table:
        table.alter_column("formats_judged", server_default=None)
