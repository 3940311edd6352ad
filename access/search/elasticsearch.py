"""The index on Elasticsearch: fixed mappings, external versions, an alias that a rebuild swaps.

Only what every build of the server has is used; it splits at spaces, stores and scores.  When it does
not answer in time the caller gets Unavailable, and nothing was promised.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import elasticsearch
from elasticsearch import Elasticsearch, helpers

from access.search import elastic_requests as requests
from access.search.analysis import VERSION
from access.search.entries import entry
from access.search.index import (
    EVERYTHING,
    FACETS,
    Cursor,
    Deletion,
    Document,
    Entry,
    Filters,
    Plan,
    Results,
    Sort,
)  # fmt: skip
from archive.errors import Damaged, Unavailable

_WITH_PLACES = ("tm", "tb", "h", "o")
_COUNTED = ("c", "am", "xw", "pm", "y")
_EXACT = (*FACETS, "volume", "retention")
_ORDERS = {"oldest": "oldest", "newest": "newest", "title": "title_key"}
_QUICK, _SLOW = 5.0, 120.0  # seconds: a search, a bulk
_AWAY = frozenset({408, 429, 502, 503, 504})


def _mapping() -> dict[str, Any]:
    text = {"type": "text", "analyzer": "whitespace"}
    fields: dict[str, Any] = {name: dict(text, index_options="positions") for name in _WITH_PLACES}
    fields |= {name: dict(text, index_options="freqs") for name in _COUNTED}
    fields |= {name: {"type": "keyword"} for name in (*_EXACT, "reference", "title_key")}
    fields |= {name: {"type": "long"} for name in ("version", "oldest", "newest", "first_year", "last_year")}
    fields["shown"] = {"type": "keyword", "index": False, "doc_values": False}
    return {
        "dynamic": "strict",
        "_meta": {"analyser": VERSION},
        "_source": {"includes": ["reference", "version", "shown"]},
        "properties": fields,
    }


_SETTINGS = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "1s", "gc_deletes": "1h"}


class ElasticsearchIndex:
    def __init__(self, url: str, prefix: str, name: str) -> None:
        self.name = name
        self._alias = f"{prefix}-{name}"
        self._client = Elasticsearch(url, request_timeout=_QUICK, max_retries=0, retry_on_timeout=False)
        self._bulk = self._client.options(request_timeout=_SLOW)

    def send(self, documents: Iterable[Document], deletions: Iterable[Deletion] = ()) -> None:
        self._ensure()
        gone = (
            {
                "_op_type": "delete",
                "_id": one.reference,
                "version": one.version,
                "version_type": "external_gte",
            }
            for one in deletions
        )
        self._write(self._alias, (_action(entry(document)) for document in documents), gone)

    def refresh(self) -> None:
        self._asked(lambda: self._client.indices.refresh(index=self._alias, ignore_unavailable=True))

    def search(
        self, plan: Plan, *, filters: Filters = EVERYTHING, facets: Sequence[str] = (), limit: int = 20,
        cursor: Cursor | None = None, sort: Sort = "best",
    ) -> Results:  # fmt: skip
        if self._generation() is None:
            return Results(0, (), False, dict.fromkeys(facets, ()))
        key = {_ORDERS[sort]: requests.direction(sort)} if sort in _ORDERS else {"_score": "desc"}
        body: dict[str, Any] = {
            "query": requests.query(plan),
            "post_filter": {"bool": {"filter": requests.restrictions(filters)}},
            "sort": [key, {"reference": "asc"}],
            "size": limit + 1,
            "track_total_hits": True,
            "track_scores": True,
            "source": ["shown"],
            "aggs": {facet: requests.counts(facet, filters) for facet in facets},
        }
        if cursor is not None:
            body["search_after"] = [cursor.key, cursor.reference]
        return requests.results(self._search(body), facets, limit)

    def _search(self, body: Mapping[str, Any]) -> Any:
        return self._asked(lambda: self._client.search(index=self._alias, **body))

    def count(self) -> int:
        if self._generation() is None:
            return 0
        return int(self._asked(lambda: self._client.count(index=self._alias))["count"])

    def references(self) -> Iterator[tuple[str, int]]:
        if self._generation() is None:
            return
        asked: dict[str, Any] = {
            "sort": [{"reference": "asc"}], "size": 5000, "source": False, "docvalue_fields": ["version"],
            "track_total_hits": False,
        }  # fmt: skip
        while hits := self._search(asked)["hits"]["hits"]:
            yield from ((hit["_id"], int(hit["fields"]["version"][0])) for hit in hits)
            asked["search_after"] = hits[-1]["sort"]

    def rebuild(self, documents: Iterable[Document]) -> int:
        old, new = self._generation(), self._create()
        try:
            count = self._write(new, (_action(entry(document)) for document in documents), ())
            self._asked(lambda: self._bulk.indices.refresh(index=new))
        except BaseException:
            self._asked(lambda: self._bulk.indices.delete(index=new, ignore_unavailable=True))
            raise
        self._swap(old, new)
        return count

    def analyser(self) -> str | None:
        generation = self._generation()
        if generation is None:
            return None
        mapping = self._asked(lambda: self._client.indices.get_mapping(index=generation))
        return str(mapping[generation]["mappings"].get("_meta", {}).get("analyser"))

    def remove(self) -> None:
        """Take the whole index away; a rebuild brings it back."""
        if (generation := self._generation()) is not None:
            self._asked(lambda: self._bulk.indices.delete(index=generation))

    # generations

    def _generation(self) -> str | None:
        """The index behind the alias."""
        found = self._asked(
            lambda: self._client.indices.get_alias(name=self._alias, ignore_unavailable=True), {}
        )
        return next(iter(found), None)

    def _ensure(self) -> None:
        if self._generation() is None:
            self._swap(None, self._create())

    def _create(self) -> str:
        """A new generation; the number in its name is above every one that is there."""
        there = self._asked(lambda: self._client.indices.get(index=f"{self._alias}-*", features="aliases"))
        numbers = [int(tail) for name in there if (tail := name.rpartition("-")[2]).isdigit()]
        name = f"{self._alias}-{max(numbers, default=0) + 1:06}"
        self._asked(lambda: self._bulk.indices.create(index=name, settings=_SETTINGS, mappings=_mapping()))
        return name

    def _swap(self, old: str | None, new: str) -> None:
        actions: list[dict[str, Any]] = [{"add": {"index": new, "alias": self._alias}}]
        if old is not None:
            actions.append({"remove_index": {"index": old}})
        self._asked(lambda: self._bulk.indices.update_aliases(actions=actions))

    # writing

    def _write(self, index: str, documents: Iterable[dict[str, Any]], gone: Iterable[dict[str, Any]]) -> int:
        """Every item's own answer is read; that a newer version is there already is no fault."""
        count = 0
        for actions in (documents, gone):
            for done, answer in self._asked_each(index, actions):
                count += done
                told = next(iter(answer.values()))
                if not done and told.get("status") not in (404, 409):
                    self._refused(told)
        return count

    def _asked_each(
        self, index: str, actions: Iterable[dict[str, Any]]
    ) -> Iterator[tuple[bool, dict[str, Any]]]:
        sent: Any = helpers.streaming_bulk(
            self._bulk, actions, index=index, chunk_size=500, max_chunk_bytes=20_000_000, raise_on_error=False
        )
        while True:
            answer = self._asked(lambda: next(sent, None))
            if answer is None:
                return
            yield answer

    def _refused(self, told: Mapping[str, Any]) -> None:
        reason = json.dumps(told.get("error"), ensure_ascii=False)[:300]
        if told.get("status") in _AWAY:
            message = f"The search server put off {told.get('_id')}: {reason}"
            raise Unavailable(message, code="index_away", next="It is tried again.")
        raise Damaged(
            f"The search server refused the entry {told.get('_id')}: {reason}", code="index",
            next="Rebuild the index: seogo index rebuild",
        )  # fmt: skip

    def _asked(self, call: Callable[[], Any], when_missing: Any = None) -> Any:
        try:
            return call()
        except elasticsearch.NotFoundError:
            if when_missing is None:
                raise
            return when_missing
        except (elasticsearch.TransportError, elasticsearch.ApiError) as fault:
            if isinstance(fault, elasticsearch.ApiError) and fault.status_code not in _AWAY:
                raise
            raise Unavailable(
                f"The search server does not answer ({type(fault).__name__}).", code="index_away",
                next="Look whether Elasticsearch runs at the address of SEOGO_INDEX.",
            ) from fault  # fmt: skip


def _action(made: Entry) -> dict[str, Any]:
    return {
        "_id": made.reference, "version": made.version, "version_type": "external_gte",
        "_source": {
            **made.tokens, **made.exact, "reference": made.reference, "version": made.version,
            "shown": made.shown, "oldest": made.oldest, "newest": made.newest, "title_key": made.title_key,
            "first_year": made.first_year, "last_year": made.last_year,
        },
    }  # fmt: skip
