"""Scanning what is in custody again: the passes, what they found, and what was a false alarm."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    moment = archive.database.UTCDateTime(timezone=True)
    op.create_table(
        "rescans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signatures", sa.String(length=200), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("last_file", "files", "found", "not_whole", "unread")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescans")),
    )
    op.create_table(
        "infections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rescan_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("found_at", moment, nullable=False),
        sa.Column("cleared_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["rescan_id"], ["rescans.id"], name=op.f("fk_infections_rescan_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_infections_item_id")),
        sa.ForeignKeyConstraint(["file_id"], ["content_files.id"], name=op.f("fk_infections_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_infections")),
    )
    op.create_index(op.f("ix_infections_item_id"), "infections", ["item_id"])
    op.create_table(
        "false_alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_false_alarms")),
    )
    op.create_index(op.f("ix_false_alarms_sha256"), "false_alarms", ["sha256"])
    with op.batch_alter_table("items") as table:
        table.add_column(sa.Column("withheld", sa.Boolean(), nullable=False, server_default=sa.false()))
