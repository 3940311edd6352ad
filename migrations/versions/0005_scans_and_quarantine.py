"""The two scans of a transfer, and the quarantine between them."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "transfer_scans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("signatures", sa.String(length=200), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("not_whole", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfers.id"], name=op.f("fk_transfer_scans_transfer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_scans")),
    )
    op.create_index("ix_transfer_scans_transfer", "transfer_scans", ["transfer_id"])
    op.create_table(
        "quarantines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("began_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("until", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=True),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_quarantines_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantines")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_quarantines_transfer_id")),
    )
    op.create_index(op.f("ix_quarantines_until"), "quarantines", ["until"])
