"""The chain of migrations makes the tables of the models, on both databases."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

import seogo
from archive.database import Base, open_engine
from archive.site.installation import MIGRATIONS

seogo.load()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'seogo.db'}"
    return request.getfixturevalue("new_database")


def migrate(database: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", database)
    command.upgrade(config, "head")


def differences(database: str) -> list[object]:
    engine = open_engine(database)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        found = list(compare_metadata(context, Base.metadata))
    engine.dispose()
    return found


def test_a_migrated_database_has_the_tables_of_the_models(empty_database: str) -> None:
    assert differences(empty_database) != []
    migrate(empty_database)
    assert differences(empty_database) == []


def test_migrating_twice_is_harmless(empty_database: str) -> None:
    migrate(empty_database)
    migrate(empty_database)
    assert differences(empty_database) == []
