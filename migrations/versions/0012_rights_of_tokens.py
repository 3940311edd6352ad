"""A token may be one that only asks."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("agency_tokens") as table:
        table.add_column(sa.Column("may_send", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("agency_tokens") as table:
        table.alter_column("may_send", server_default=None)
