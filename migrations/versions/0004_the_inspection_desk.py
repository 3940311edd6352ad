"""What lists say of volumes and items, the verdicts of people who looked, and samples."""

import sqlalchemy as sa
from alembic import op

import archive.database

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "sampling_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("acceptable", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.String(length=40), nullable=False),
        sa.Column("replaced_at", archive.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfers.id"], name=op.f("fk_sampling_plans_transfer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_plans")),
    )
    op.create_index(op.f("ix_sampling_plans_transfer_id"), "sampling_plans", ["transfer_id"], unique=False)
    op.create_table(
        "listed_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("list", sa.String(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_listed_items_transfer_id")),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["transfer_volumes.id"], name=op.f("fk_listed_items_volume_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_items")),
        sa.UniqueConstraint("volume_id", "position", name=op.f("uq_listed_items_volume_id_position")),
    )
    op.create_index(op.f("ix_listed_items_transfer_id"), "listed_items", ["transfer_id"], unique=False)
    op.create_table(
        "listed_volumes",
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("file_number", sa.String(), nullable=True),
        sa.Column("record_type", sa.String(length=40), nullable=True),
        sa.Column("carrier_kind", sa.String(length=40), nullable=True),
        sa.Column("creator", sa.String(), nullable=True),
        sa.Column("created_from", sa.Date(), nullable=True),
        sa.Column("created_to", sa.Date(), nullable=True),
        sa.Column("items", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("files", sa.Integer(), nullable=True),
        sa.Column("list", sa.String(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfers.id"], name=op.f("fk_listed_volumes_transfer_id")
        ),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["transfer_volumes.id"], name=op.f("fk_listed_volumes_volume_id")
        ),
        sa.PrimaryKeyConstraint("volume_id", name=op.f("pk_listed_volumes")),
    )
    op.create_index(op.f("ix_listed_volumes_transfer_id"), "listed_volumes", ["transfer_id"], unique=False)
    op.create_table(
        "drawn_samples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["listed_items.id"], name=op.f("fk_drawn_samples_item_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["sampling_plans.id"], name=op.f("fk_drawn_samples_plan_id")),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["transfer_volumes.id"], name=op.f("fk_drawn_samples_volume_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drawn_samples")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_drawn_samples_plan_id_number")),
    )
    op.create_index(op.f("ix_drawn_samples_item_id"), "drawn_samples", ["item_id"], unique=False)
    op.create_index(op.f("ix_drawn_samples_volume_id"), "drawn_samples", ["volume_id"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("binding", sa.String(length=20), nullable=True),
        sa.Column("condition", sa.String(length=20), nullable=True),
        sa.Column("at", archive.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("replaced_at", archive.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("finding_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_verdicts_finding_id")),
        sa.ForeignKeyConstraint(["item_id"], ["listed_items.id"], name=op.f("fk_verdicts_item_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_verdicts_transfer_id")),
        sa.ForeignKeyConstraint(["volume_id"], ["transfer_volumes.id"], name=op.f("fk_verdicts_volume_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index(op.f("ix_verdicts_item_id"), "verdicts", ["item_id"], unique=False)
    op.create_index("ix_verdicts_transfer_replaced", "verdicts", ["transfer_id", "replaced_at"], unique=False)
    op.create_index(op.f("ix_verdicts_volume_id"), "verdicts", ["volume_id"], unique=False)
