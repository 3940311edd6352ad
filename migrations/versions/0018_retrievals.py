"""Copies that are asked for from cold stores."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    when = archive.database.UTCDateTime(timezone=True)
    op.create_table(
        "retrievals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("copy_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("wanted_at", when, nullable=False),
        sa.Column("asked_at", when, nullable=True),
        sa.Column("until", when, nullable=True),
        sa.Column("ended_at", when, nullable=True),
        sa.ForeignKeyConstraint(["copy_id"], ["copies.id"], name=op.f("fk_retrievals_copy_id_copies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrievals")),
    )
    with op.batch_alter_table("retrievals") as table:
        table.create_index(table.f("ix_retrievals_copy_id"), ["copy_id"], unique=False)
        table.create_index(table.f("ix_retrievals_state"), ["state"], unique=False)
