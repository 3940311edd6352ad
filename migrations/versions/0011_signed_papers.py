"""Reports and handover records are issued and signed as receipts are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("receipts") as table:
        table.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default="receipt"))
        table.drop_constraint(table.f("uq_receipts_transfer_id_number"), type_="unique")
        table.create_unique_constraint(
            table.f("uq_receipts_transfer_id_kind_number"), ["transfer_id", "kind", "number"]
        )
