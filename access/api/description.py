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
            "/healthz": {"get": {"summary": "Whether the parts are there", "responses": {
                "200": {"description": "All are there"}, "503": {"description": "Some are not"}}}},
        },
        "components": {"schemas": _schemas()},
    }  # fmt: skip


def _search() -> dict[str, Any]:
    return {
        "summary": "Search what the public may see",
        "parameters": [
            _parameter("q", TEXT),
            _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            _parameter("cursor", TEXT),
        ],
        "responses": {"200": _answer("Results"), "422": _answer("Error"), "503": _answer("Error")},
    }


def _volume() -> dict[str, Any]:
    reference = {**_parameter("reference", TEXT), "in": "path", "required": True}
    return {
        "summary": "A volume and its items; of what is closed, only that it exists",
        "parameters": [reference],
        "responses": {"200": _answer("Volume"), "404": _answer("Error")},
    }


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _answer(schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": schema, "content": content}


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
        "Error": _object({"error": _object(error)}),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}
