"""What a job that did not end well says beside its reason: the code of its error, and the next step."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("code", sa.String(60), nullable=True))
        table.add_column(sa.Column("next", sa.String(), nullable=True))
