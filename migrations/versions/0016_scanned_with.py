"""What the scanner told of itself when a volume's bag was decided on, because the bag tells it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    with op.batch_alter_table("transfer_volumes") as table:
        table.add_column(sa.Column("scanned_with", sa.String(length=200), nullable=True))
