"""Plans and filters as Elasticsearch wants to be asked, and its answers as results.  No connection here."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from access.search.index import All, Best, Filters, Found, Node, Phrase, Plan, Results, Sort, Term

MOST_VALUES = 1000  # of one facet


def direction(sort: Sort) -> str:
    return "desc" if sort == "newest" else "asc"


def query(plan: Plan) -> dict[str, Any]:
    if not plan.required:
        return {"constant_score": {"filter": {"match_all": {}}, "boost": 1.0}}
    return {
        "bool": {
            "must": [_node(node) for node in plan.required],
            "should": [_node(node) for node in plan.wanted],
        }
    }


def _node(node: Node) -> dict[str, Any]:
    match node:
        case Term(name, token, weight):
            return {"term": {name: {"value": token, "boost": weight}}}
        case Phrase(name, tokens, weight):
            return {"match_phrase": {name: {"query": " ".join(tokens), "boost": weight}}}
        case Best(of):
            return {"dis_max": {"queries": [_node(part) for part in of]}}
        case All(of):
            return {"bool": {"must": [_node(part) for part in of]}}


def restrictions(filters: Filters, *, without: str = "") -> list[dict[str, Any]]:
    clauses: list[dict[str, Any]] = [
        {"terms": {name: list(values)}} for name, values in filters.exact().items() if name != without
    ]
    if filters.first_year is not None:
        clauses.append({"range": {"last_year": {"gte": filters.first_year}}})
    if filters.last_year is not None:
        clauses.append({"range": {"first_year": {"gte": 1, "lte": filters.last_year}}})
    return clauses


def counts(name: str, filters: Filters) -> dict[str, Any]:
    terms = {"terms": {"field": name, "size": MOST_VALUES, "order": [{"_count": "desc"}, {"_key": "asc"}]}}
    return {"filter": {"bool": {"filter": restrictions(filters, without=name)}}, "aggs": {"values": terms}}


def results(answer: Mapping[str, Any], facets: Sequence[str], limit: int) -> Results:
    hits = answer["hits"]["hits"]
    found = tuple(
        Found(hit["_id"], float(hit["_score"] or 0.0), hit["sort"][0], json.loads(hit["_source"]["shown"]))
        for hit in hits[:limit]
    )
    counted = {
        facet: tuple(
            (row["key"], row["doc_count"]) for row in answer["aggregations"][facet]["values"]["buckets"]
        )
        for facet in facets
    }
    complete = not answer.get("timed_out") and not answer["_shards"].get("failed")
    return Results(answer["hits"]["total"]["value"], found, len(hits) > limit, counted, complete)
