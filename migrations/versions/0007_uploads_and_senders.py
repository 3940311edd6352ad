"""Folders sent through a browser, and people who send for an agency."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("agency_code", sa.String(length=40), nullable=True))
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("agency_code", sa.String(length=40), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("without_list", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("begun_by", sa.String(length=40), nullable=False),
        sa.Column("begun_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("touched_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("transfer", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("name", name=op.f("uq_uploads_name")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_agency_code"), ["agency_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploads_begun_by"), ["begun_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploads_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploads_touched_at"), ["touched_at"], unique=False)
