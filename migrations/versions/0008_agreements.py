"""Submission agreements with agencies, in versions."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_code", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("entered_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("agency_code", "version", name=op.f("uq_agreements_agency_code_version")),
    )
    with op.batch_alter_table("agreements") as table:
        table.create_index(table.f("ix_agreements_agency_code"), ["agency_code"], unique=False)
