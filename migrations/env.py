"""Runs one chain of migrations for the tables of all packages."""

from alembic import context

import seogo
from archive.database import Base, open_engine

seogo.load()


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise ValueError("the address of the database is not given")
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=True,
                compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


run()
