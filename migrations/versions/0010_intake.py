"""Tokens of agencies' programs, and what they asked to be received."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "agency_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", archive.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_agency_tokens_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_tokens")),
        sa.UniqueConstraint("sha256", name=op.f("uq_agency_tokens_sha256")),
    )
    with op.batch_alter_table("agency_tokens") as table:
        table.create_index(table.f("ix_agency_tokens_agency_id"), ["agency_id"], unique=False)
    op.create_table(
        "intakes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_code", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("asked_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_intakes_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("agency_code", "key", name=op.f("uq_intakes_agency_code_key")),
    )
