"""The index without a server: tantivy in a folder, for one machine.

A generation is one whole index in a folder of its own; the file `current` names the one in use, so a
rebuild swaps by replacing that file.  One process writes at a time, any number read.
"""

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur, Query

from access.search.analysis import VERSION
from access.search.entries import entry
from access.search.index import (
    DEEPEST, FACETS, All, Best, Cursor, Deletion, Document, Entry, Filters, Found, Node, Phrase, Plan, Results,
    Sort, Term,
)  # fmt: skip
from archive.errors import Unavailable

_WITH_PLACES = ("tm", "tb", "h", "o")
_COUNTED = ("c", "am", "xw", "pm")
_EXACT = (*FACETS, "volume", "retention")
_ORDERS = {"oldest": "by_oldest", "newest": "by_newest", "title": "by_title"}
_HEAP = 48_000_000
_WAIT = 15.0  # seconds for another writer to finish
_SLACK = 30
_MOST_VALUES = 1000  # of one facet


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in _WITH_PLACES:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in _COUNTED:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("y", tokenizer_name="whitespace", index_option="freq")
    for name in _EXACT:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("reference", *_ORDERS.values()):
        builder.add_text_field(name, stored=name == "reference", tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("version", "alive", "first_year", "last_year"):
        builder.add_unsigned_field(name, stored=name == "version", indexed=True, fast=True)
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


class EmbeddedIndex:
    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder / name
        self._schema = _schema()
        self._open: tuple[str, tantivy.Index] | None = None

    def send(self, documents: Iterable[Document], deletions: Iterable[Deletion] = ()) -> None:
        index = self._current() or self._first()
        with _writer(index) as writer:
            index.reload()
            searcher = index.searcher()
            for made in map(entry, documents):
                if self._version(searcher, made.reference) <= made.version:
                    writer.delete_documents_by_term("reference", made.reference)
                    writer.add_document(self._stored(made))
            for gone in deletions:
                if self._version(searcher, gone.reference) <= gone.version:
                    writer.delete_documents_by_term("reference", gone.reference)
                    writer.add_document(self._tombstone(gone))
            writer.commit()
        index.reload()

    def refresh(self) -> None:
        if (index := self._current()) is not None:
            index.reload()

    def search(
        self, plan: Plan, *, filters: Filters = Filters(), facets: Sequence[str] = (), limit: int = 20,
        cursor: Cursor | None = None, sort: Sort = "best",
    ) -> Results:  # fmt: skip
        index = self._current()
        if index is None:
            return Results(0, (), False, {facet: () for facet in facets})
        index.reload()
        searcher = index.searcher()
        query = self._query(plan, filters)
        total = searcher.search(query, limit=1, count=True).count
        if sort == "best" and plan.required:
            hits = self._by_score(searcher, query, limit + 1, cursor)
        else:
            hits = self._by_field(searcher, query, limit + 1, cursor, _ORDERS.get(sort, "reference"))
        found = tuple(_found(*hit) for hit in hits[:limit])
        counted = {facet: self._facet(searcher, plan, filters, facet) for facet in facets}
        return Results(total, found, len(hits) > limit, counted)

    def count(self) -> int:
        index = self._current()
        if index is None:
            return 0
        index.reload()
        return int(index.searcher().search(self._alive(), limit=1, count=True).count)

    def references(self) -> Iterator[tuple[str, int]]:
        index = self._current()
        if index is None:
            return
        index.reload()
        searcher = index.searcher()
        query = self._alive()
        limit = max(1, searcher.search(query, limit=1, count=True).count)
        page = searcher.search(
            query, limit=limit, order_by_field="reference", order=tantivy.Order.Asc, count=False
        ).hits
        versions = searcher.fast_field_values("version", [address for _, address in page])
        yield from ((key, int(version)) for (key, _), version in zip(page, versions, strict=True))

    def rebuild(self, documents: Iterable[Document]) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder / "rebuild.lock"):
            generation = Path(tempfile.mkdtemp(prefix="g", dir=self._folder))
            count = 0
            with _writer(self._create(generation)) as writer:
                for count, document in enumerate(documents, 1):
                    writer.add_document(self._stored(entry(document)))
                writer.commit()
                writer.wait_merging_threads()
            self._swap(generation)
        return count

    def analyser(self) -> str | None:
        name = self._generation()
        return (self._folder / name / "analyser").read_text() if name else None

    # the folder

    def _generation(self) -> str | None:
        try:
            return (self._folder / "current").read_text()
        except FileNotFoundError:
            return None

    def _current(self) -> tantivy.Index | None:
        name = self._generation()
        if name is None:
            return None
        if self._open is None or self._open[0] != name:
            self._open = name, tantivy.Index(self._schema, path=str(self._folder / name))
        return self._open[1]

    def _first(self) -> tantivy.Index:
        """An empty index, unless another process has just made one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder / "rebuild.lock"):
            if self._generation() is None:
                generation = Path(tempfile.mkdtemp(prefix="g", dir=self._folder))
                self._create(generation)
                self._swap(generation)
        index = self._current()
        assert index is not None
        return index

    def _create(self, generation: Path) -> tantivy.Index:
        (generation / "analyser").write_text(VERSION)
        return tantivy.Index(self._schema, path=str(generation))

    def _swap(self, generation: Path) -> None:
        pointer = self._folder / "current.new"
        with pointer.open("w") as out:
            out.write(generation.name)
            out.flush()
            os.fsync(out.fileno())
        pointer.replace(self._folder / "current")
        for other in self._folder.glob("g*"):
            if other.name != generation.name:
                shutil.rmtree(other, ignore_errors=True)

    # writing

    def _version(self, searcher: tantivy.Searcher, reference: str) -> int:
        hits = searcher.search(Query.term_query(self._schema, "reference", reference), limit=1, count=False).hits
        return int(searcher.fast_field_values("version", [hits[0][1]])[0]) if hits else 0

    def _stored(self, made: Entry) -> tantivy.Document:
        document = tantivy.Document()
        document.add_text("reference", made.reference)
        for name, tokens in made.tokens.items():
            document.add_text(name, tokens)
        for name, values in made.exact.items():
            for value in values:
                document.add_text(name, value)
        document.add_text("by_oldest", f"{made.oldest:010}{made.reference}")
        document.add_text("by_newest", f"{10**9 - made.newest:010}{made.reference}")
        document.add_text("by_title", f"{made.title_key}\x01{made.reference}")
        numbers = {"version": made.version, "alive": 1, "first_year": made.first_year, "last_year": made.last_year}
        for name, number in numbers.items():
            document.add_unsigned(name, number)
        document.add_bytes("shown", made.shown.encode())
        return document

    def _tombstone(self, gone: Deletion) -> tantivy.Document:
        """What remains of a deleted entry, so that a late write still loses."""
        document = tantivy.Document()
        document.add_text("reference", gone.reference)
        document.add_unsigned("version", gone.version)
        document.add_unsigned("alive", 0)
        return document

    # asking

    def _alive(self) -> Query:
        return Query.term_query(self._schema, "alive", 1)

    def _query(self, plan: Plan, filters: Filters) -> Query:
        parts = [(Occur.Must, self._node(node)) for node in plan.required]
        parts += [(Occur.Should, self._node(node)) for node in plan.wanted]
        parts += [(Occur.Must, Query.const_score_query(part, 0.0)) for part in self._filters(filters)]
        return Query.boolean_query(parts)

    def _filters(self, filters: Filters) -> Iterator[Query]:
        yield self._alive()
        for name, values in filters.exact().items():
            yield Query.term_set_query(self._schema, name, list(values))
        unsigned = tantivy.FieldType.Unsigned
        if filters.first_year is not None:
            yield Query.range_query(self._schema, "last_year", unsigned, lower_bound=filters.first_year)
        if filters.last_year is not None:
            yield Query.range_query(self._schema, "first_year", unsigned, 1, filters.last_year)

    def _node(self, node: Node) -> Query:
        match node:
            case Term(name, token, weight):
                option = "position" if name in _WITH_PLACES else "freq"
                return Query.boost_query(Query.term_query(self._schema, name, token, option), weight)
            case Phrase(name, tokens, weight):
                return Query.boost_query(Query.phrase_query(self._schema, name, list(tokens)), weight)
            case Best(of):
                return Query.disjunction_max_query([self._node(part) for part in of])
            case All(of):
                return Query.boolean_query([(Occur.Must, self._node(part)) for part in of])

    def _by_score(
        self, searcher: tantivy.Searcher, query: Query, wanted: int, cursor: Cursor | None
    ) -> list[tuple[float, str, float, Any]]:
        """The engine leaves the order of equal scores open, so equals are fetched together and put in order."""
        depth = wanted + (cursor.passed if cursor else 0) + 30
        while True:
            scored = searcher.search(query, limit=depth, count=False).hits
            whole = len(scored) < depth or depth > 2 * DEEPEST
            if not whole:
                scored = [hit for hit in scored if hit[0] > scored[-1][0]]
            hits = _in_order(searcher, scored, wanted, cursor)
            if whole or len(hits) >= wanted:
                return hits
            depth *= 3

    def _by_field(
        self, searcher: tantivy.Searcher, query: Query, wanted: int, cursor: Cursor | None, name: str
    ) -> list[tuple[Any, str, float, Any]]:
        """The field holds the reference too, so its order is whole and a page starts after a value.

        The search begins a little before the place where the last page ended, because records may have
        come and gone since.
        """
        after = "" if cursor is None else cursor.reference if name == "reference" else str(cursor.key)
        offset = max(0, cursor.passed - _SLACK) if cursor else 0
        hits: list[tuple[Any, str, float, Any]] = []
        while len(hits) < wanted:
            page = searcher.search(
                query, limit=wanted + _SLACK, offset=offset, order_by_field=name, order=tantivy.Order.Asc, count=False
            ).hits
            for key, stored in ((key, searcher.doc(address)) for key, address in page if key > after):
                hits.append((0.0 if name == "reference" else key, stored["reference"][0], 0.0, stored))
            if len(page) < wanted + _SLACK:
                break
            offset += len(page)
        return hits[:wanted]

    def _facet(
        self, searcher: tantivy.Searcher, plan: Plan, filters: Filters, facet: str
    ) -> tuple[tuple[str, int], ...]:
        others = Filters(**{**vars(filters), facet: ()})
        asked = {"values": {"terms": {"field": facet, "size": _MOST_VALUES}}}
        buckets = searcher.aggregate(self._query(plan, others), asked)["values"]["buckets"]
        return tuple(sorted(((b["key"], b["doc_count"]) for b in buckets), key=lambda row: (-row[1], row[0])))


def _in_order(
    searcher: tantivy.Searcher, scored: Sequence[tuple[float, Any]], wanted: int, cursor: Cursor | None
) -> list[tuple[float, str, float, Any]]:
    hits: list[tuple[float, str, float, Any]] = []
    for score, equals in groupby(scored, key=lambda hit: hit[0]):
        if cursor is not None and score > cursor.key:
            continue
        stored = [(score, doc["reference"][0], score, doc) for doc in (searcher.doc(hit[1]) for hit in equals)]
        stored.sort(key=lambda hit: hit[1])
        hits += [hit for hit in stored if cursor is None or score < cursor.key or hit[1] > cursor.reference]
        if len(hits) >= wanted:
            break
    return hits[:wanted]


def _found(key: Any, reference: str, score: float, stored: Any) -> Found:
    return Found(reference, score, key, json.loads(bytes(stored["shown"][0])))


@contextmanager
def _writer(index: tantivy.Index) -> Iterator[Any]:
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            writer = index.writer(_HEAP, 1)
            break
        except ValueError as busy:
            if "lock" not in str(busy).lower() or time.monotonic() > deadline:
                raise Unavailable(
                    "Another process is writing the index and did not finish.",
                    next="Try again; if no other process runs, look at the folder of the index.",
                ) from busy
            time.sleep(0.05)
    try:
        yield writer
    finally:
        del writer


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
