"""The OpenAPI description of what programs may ask."""

from typing import Any

TEXT = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
DISCLOSURE = {"type": "string", "enum": ["open", "partial", "closed"]}


def describe(name: str) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{name} API", "version": "1", "license": {"name": "see /about/licences"}},
        "paths": {
            "/api/search": {"get": _search()},
            "/api/volumes/{reference}": {"get": _volume()},
            "/api/transfers": {"post": _intake()},
            "/api/transfers/{number}": {"get": _transfer()},
            "/healthz": {"get": {"summary": "Whether the parts are there", "responses": {
                "200": {"description": "All are there"}, "503": {"description": "Some are not"}}}},
        },
        "components": {
            "schemas": {**_schemas(), **_schemas_of_intake()},
            "securitySchemes": {"agency": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip


def _search() -> dict[str, Any]:
    return {
        "summary": "Search what the public may see",
        "parameters": [
            _parameter("q", TEXT),
            _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            _parameter("cursor", TEXT),
        ],
        "responses": {"200": _answer("Results"), **_problems("422", "429", "503")},
    }


def _volume() -> dict[str, Any]:
    reference = {**_parameter("reference", TEXT), "in": "path", "required": True}
    return {
        "summary": "A volume and its items; of what is closed, only that it exists",
        "parameters": [reference],
        "responses": {"200": _answer("Volume"), **_problems("404", "429", "503")},
    }


def _intake() -> dict[str, Any]:
    key = {**_parameter("Idempotency-Key", TEXT), "in": "header", "required": True}
    body = {"application/json": {"schema": _object({"folder": TEXT})}}
    return {
        "summary": "An agency's program says that a folder was laid down; the same key is the same intake",
        "security": [{"agency": []}],
        "parameters": [key],
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": _answer("Intake"), "202": _answer("Intake"),
            **_problems("400", "401", "403", "404", "409", "429"),
        },
    }  # fmt: skip


def _transfer() -> dict[str, Any]:
    number = {**_parameter("number", TEXT), "in": "path", "required": True}
    return {
        "summary": "What came of a transfer, for the agency that sent it",
        "security": [{"agency": []}],
        "parameters": [number],
        "responses": {"200": _answer("Transfer"), **_problems("401", "404", "429")},
    }


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _answer(schema: str, media_type: str = "application/json") -> dict[str, Any]:
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": schema, "content": content}


def _problems(*statuses: str) -> dict[str, Any]:
    """Errors, as RFC 9457 has them."""
    return {status: _answer("Problem", "application/problem+json") for status in statuses}


def _schemas() -> dict[str, Any]:
    hit = {
        "reference": TEXT, "sender_id": MAYBE, "volume": TEXT, "title": MAYBE, "disclosure": DISCLOSURE,
        "page": {"type": ["integer", "null"]}, "score": {"type": "number"},
    }  # fmt: skip
    file = {
        "path": TEXT,
        "original_name": TEXT,
        "bytes": {"type": "integer"},
        "sha256": TEXT,
        "format": MAYBE,
    }
    item = {
        "reference": TEXT, "sender_id": MAYBE, "title": MAYBE, "disclosure": DISCLOSURE, "opens_on": MAYBE,
        "files": _list(_object(file)),
    }  # fmt: skip
    error = {"code": TEXT, "message": TEXT, "next": TEXT}
    volume = {
        "reference": TEXT,
        "sender_id": MAYBE,
        "title": MAYBE,
        "state": TEXT,
        "items": _list(_object(item)),
    }
    results = {"total": {"type": "integer"}, "next": MAYBE, "hits": _list(_object(hit))}
    return {
        "Results": _object(results),
        "Volume": _object(volume),
        "Problem": _object(
            {
                "type": TEXT,
                "title": TEXT,
                "status": {"type": "integer"},
                "detail": TEXT,
                "error": _object(error),
            }
        ),
    }


def _schemas_of_intake() -> dict[str, Any]:
    count, told = {"type": "integer"}, {"type": ["object", "null"]}
    intake = {
        "key": TEXT, "folder": TEXT, "transfer": MAYBE, "received_before": told, "state": TEXT, "error": told,
    }  # fmt: skip
    transfer = {
        "transfer": TEXT, "state": TEXT, "round": count, "items": count, "files": count, "bytes": count,
        "volumes": _object({"listed": count, "accepted": count, "returned": count}),
        "references": _list(TEXT), "findings": _list({"type": "object"}),
    }  # fmt: skip
    return {"Intake": _object(intake), "Transfer": _object(transfer)}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}
