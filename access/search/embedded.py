"""The index without a server: tantivy in a folder, for one machine.

One process writes at a time, any number read.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import tantivy
from tantivy import Occur, Query

from access.search.analysis import VERSION
from access.search.embedded_hits import faults_read, found_of, in_order
from access.search.embedded_writing import faults_told, writer_of
from access.search.entries import entry
from access.search.generations import Generations
from access.search.index import (
    DEEPEST,
    EVERYTHING,
    FACETS,
    All,
    Best,
    Cursor,
    Deletion,
    Document,
    Entry,
    Filters,
    Node,
    Phrase,
    Plan,
    Results,
    Sort,
    Term,
)  # fmt: skip
from archive.errors import Unavailable

_WITH_PLACES = ("tm", "tb", "h", "o")
_COUNTED = ("c", "am", "xw", "pm")
_EXACT = (*FACETS, "volume", "retention")
_ORDERS = {"oldest": "by_oldest", "newest": "by_newest", "title": "by_title"}
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
    for name in _ORDERS.values():
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("reference", stored=True, tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("version", "alive", "first_year", "last_year"):
        builder.add_unsigned_field(name, stored=name == "version", indexed=True, fast=True)
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


class EmbeddedIndex:
    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._generations = Generations(folder / name)
        self._schema = _schema()
        self._open: tuple[str, tantivy.Index] | None = None

    def send(self, documents: Iterable[Document], deletions: Iterable[Deletion] = ()) -> None:
        with faults_told():
            self._send(documents, deletions)

    def _send(self, documents: Iterable[Document], deletions: Iterable[Deletion]) -> None:
        index = self._current() or self._first()
        name = self._open[0] if self._open else None
        with writer_of(index) as writer:
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
        if self._generations.current() != name:
            raise Unavailable("The index was rebuilt meanwhile.", code="index_away", next="Send it again.")

    def refresh(self) -> None:
        """What is durable is found already."""

    @faults_read()
    def search(
        self, plan: Plan, *, filters: Filters = EVERYTHING, facets: Sequence[str] = (), limit: int = 20,
        cursor: Cursor | None = None, sort: Sort = "best",
    ) -> Results:  # fmt: skip
        searcher = self._searcher()
        if searcher is None:
            return Results(0, (), False, dict.fromkeys(facets, ()))
        query = self._query(plan, filters)
        total = searcher.search(query, limit=1, count=True).count
        if sort == "best" and plan.required:
            hits = self._by_score(searcher, query, limit + 1, cursor)
        else:
            hits = self._by_field(searcher, query, limit + 1, cursor, _ORDERS.get(sort, "reference"))
        found = tuple(found_of(*hit) for hit in hits[:limit])
        counted = {facet: self._facet(searcher, plan, filters, facet) for facet in facets}
        return Results(total, found, len(hits) > limit, counted)

    def count(self) -> int:
        searcher = self._searcher()
        return int(searcher.search(self._alive(), limit=1, count=True).count) if searcher else 0

    def references(self) -> Iterator[tuple[str, int]]:
        searcher = self._searcher()
        if searcher is None:
            return
        query, limit = self._alive(), max(1, self.count())
        page = searcher.search(
            query, limit=limit, order_by_field="reference", order=tantivy.Order.Asc, count=False
        ).hits
        versions = searcher.fast_field_values("version", [address for _, address in page])
        yield from ((key, int(version)) for (key, _), version in zip(page, versions, strict=True))

    def rebuild(self, documents: Iterable[Document]) -> int:
        count = 0
        with faults_told(), self._generations.alone():
            generation = self._generations.create(VERSION)
            with writer_of(tantivy.Index(self._schema, path=str(generation))) as writer:
                for document in documents:
                    writer.add_document(self._stored(entry(document)))
                    count += 1
                writer.commit()
                writer.wait_merging_threads()
            self._generations.swap(generation)
        return count

    def analyser(self) -> str | None:
        return self._generations.analyser()

    # generations

    def _current(self) -> tantivy.Index | None:
        while (name := self._generations.current()) is not None:
            try:
                if self._open is None or self._open[0] != name:
                    self._open = name, tantivy.Index(self._schema, path=str(self._generations.folder / name))
                return self._open[1]
            except ValueError as fault:
                # A rebuild may have removed the folder between the two steps; then another is named now.
                if self._generations.current() == name:
                    raise Unavailable(
                        f"The index of the {self.name} cannot be opened: {fault}",
                        code="index_away", next="Rebuild it: seogo index rebuild",
                    ) from fault  # fmt: skip
        return None

    @faults_read()
    def _searcher(self) -> Any:
        index = self._current()
        if index is None:
            return None
        index.reload()
        return index.searcher()

    def _first(self) -> tantivy.Index:
        """An empty index, unless another process has just made one."""
        with self._generations.alone():
            if self._generations.current() is None:
                self._generations.swap(self._generations.create(VERSION))
        return cast(tantivy.Index, self._current())

    # writing

    def _version(self, searcher: Any, reference: str) -> int:
        query = Query.term_query(self._schema, "reference", reference)
        hits = searcher.search(query, limit=1, count=False).hits
        return int(searcher.fast_field_values("version", [hits[0][1]])[0]) if hits else 0

    def _stored(self, made: Entry) -> tantivy.Document:
        document = tantivy.Document()
        document.add_text("reference", made.reference)
        for name, tokens in made.tokens.items():
            document.add_text(name, tokens)
        for name, values in made.exact.items():
            for value in values:
                document.add_text(name, value)
        for name, key in made.orders.items():
            document.add_text(f"by_{name}", key)
        for name in ("version", "first_year", "last_year"):
            document.add_unsigned(name, getattr(made, name))
        document.add_unsigned("alive", 1)
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
        self, searcher: Any, query: Query, wanted: int, cursor: Cursor | None
    ) -> list[tuple[float, str, float, Any]]:
        """Equal scores are fetched together, then put in the order of their references."""
        depth = wanted + (cursor.passed if cursor else 0) + 30
        while True:
            scored = searcher.search(query, limit=depth, count=False).hits
            whole = len(scored) < depth or depth > 2 * DEEPEST
            if not whole:
                scored = [hit for hit in scored if hit[0] > scored[-1][0]]
            hits = in_order(searcher, scored, wanted, cursor)
            if whole or len(hits) >= wanted:
                return hits
            depth *= 3

    def _by_field(
        self, searcher: Any, query: Query, wanted: int, cursor: Cursor | None, name: str
    ) -> list[tuple[Any, str, float, Any]]:
        """The field holds the reference too, so its order is whole and a page starts after a value.

        The search begins a little before the place where the last page ended, because records may have
        come and gone since.
        """
        after = "" if cursor is None else cursor.reference if name == "reference" else str(cursor.key)
        offset = max(0, cursor.passed - _SLACK) if cursor else 0
        hits: list[tuple[Any, str, float, Any]] = []
        while len(hits) < wanted:
            size = wanted + _SLACK
            page = searcher.search(
                query, limit=size, offset=offset, order_by_field=name, order=tantivy.Order.Asc, count=False
            ).hits
            for key, stored in ((key, searcher.doc(address)) for key, address in page if key > after):
                hits.append((0.0 if name == "reference" else key, stored["reference"][0], 0.0, stored))
            if len(page) < size:
                break
            offset += len(page)
        return hits[:wanted]

    def _facet(self, searcher: Any, plan: Plan, filters: Filters, facet: str) -> tuple[tuple[str, int], ...]:
        others = Filters(**{**vars(filters), facet: ()})
        asked = {"values": {"terms": {"field": facet, "size": _MOST_VALUES}}}
        buckets = searcher.aggregate(self._query(plan, others), asked)["values"]["buckets"]
        return tuple(sorted(((b["key"], b["doc_count"]) for b in buckets), key=lambda row: (-row[1], row[0])))
