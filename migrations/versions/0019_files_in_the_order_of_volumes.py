"""The files that checks read are found by their volume."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    with op.batch_alter_table("transfer_files") as table:
        table.drop_index("ix_transfer_files_transfer")
        table.create_index("ix_transfer_files_transfer_position", ["transfer_id", "position"], unique=False)
