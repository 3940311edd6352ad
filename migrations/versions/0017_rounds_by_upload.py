"""A folder sent by browser may correct an earlier transfer."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    with op.batch_alter_table("uploads") as table:
        table.add_column(sa.Column("round_of", sa.String(length=20), nullable=True))
