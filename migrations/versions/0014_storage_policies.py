"""Storage policies, in versions."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "storage_policies",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("entered_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_storage_policies")),
    )
