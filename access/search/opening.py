"""The two indexes of an installation: embedded in its home, or on Elasticsearch."""

from dataclasses import dataclass
from typing import Literal

from access.search.elasticsearch import ElasticsearchIndex
from access.search.embedded import EmbeddedIndex
from access.search.index import Index
from archive.site.settings import Settings

Audience = Literal["public", "staff"]
AUDIENCES: tuple[Audience, ...] = ("public", "staff")


@dataclass(frozen=True)
class Indexes:
    public: Index
    staff: Index


def open_index(settings: Settings, audience: Audience) -> Index:
    if settings.index.startswith("embedded:"):
        return EmbeddedIndex(settings.home / "index", audience)
    return ElasticsearchIndex(settings.index, settings.index_prefix, audience)


def open_indexes(settings: Settings) -> Indexes:
    return Indexes(open_index(settings, "public"), open_index(settings, "staff"))
