"""What is wrong with a body or a query: made from the schema of the OpenAPI document, each with a name."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.contract.routes import DOCUMENT

DEEP = 100_000
WRONG_TYPES: list[Any] = [{}, {"a": 1}, [], [[]], [None], True, 1.5, -1, 0, "", "\u0085", "x", None]
WRONG_NUMBERS = [2**63, -(2**63) - 1, 10**400, 1e300]
WRONG_TIMES = [
    "2030-01-07T09:00:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2030-02-30T09:00:00Z",
    "2030-01-07T25:00:00Z",
    "2030-01-07",
    "1e9",
]
WRONG_DATES = ["0001-01-01", "9999-12-31", "2030-02-30", "2030-1-7", "2030-01-07T09:00:00Z"]

# bodies that are none, whatever the route
NO_JSON: dict[str, bytes] = {
    "nested lists": b"[" * DEEP + b"]" * DEEP,
    "nested objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "nested unknown field": b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "broken UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "lone surrogate": b'{"note": "\\ud800", "text": "\\ud800", "name": "\\ud800"}',
    "half": b'{"a": ',
    "comma": b'{"a": 1,}',
    "not a number": b'{"a": NaN}',
    "two": b"{} {}",
    "number": b"1",
    "string": b'"x"',
    "true": b"true",
    "spaces": b"   ",
}


def bad_bodies(schema: dict[str, Any], example: Any) -> Iterator[tuple[str, bytes]]:
    """Bodies that the schema refuses, one fault each."""
    for name, value in _faults(schema, schema, example):
        yield name, json.dumps(value).encode()


def _faults(whole: dict[str, Any], schema: dict[str, Any], example: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The example with one fault in it, in the part at a place."""
    for replaced, value in _wrong(schema, example):
        yield f"{place or 'body'}: {replaced}", value
    schema = _plain(schema, example)
    if isinstance(example, dict) and "properties" in schema:
        yield f"{place}: unknown field", example | {"shoe_size": 42}
        for name in schema.get("required", ()):
            yield f"{place}: without {name}", {key: value for key, value in example.items() if key != name}
        for name, part in schema["properties"].items():
            if name in example:
                for fault, value in _faults(whole, part, example[name], f"{place}.{name}"):
                    yield fault, example | {name: value}
    if isinstance(example, list) and example and "items" in schema:
        for fault, value in _faults(whole, schema["items"], example[0], f"{place}[0]"):
            yield fault, [value, *copy.deepcopy(example[1:])]


def _wrong(schema: dict[str, Any], example: Any) -> Iterator[tuple[str, Any]]:
    validator = validator_of(schema)
    plain = _plain(schema, example)
    candidates = [(repr(value), value) for value in WRONG_TYPES]
    if plain.get("type") == "integer":
        candidates += [(f"{value}"[:25], value) for value in WRONG_NUMBERS]
    if plain.get("type") == "string" and "enum" not in plain:
        candidates.append(("too long", "x" * (plain.get("maxLength", 10_000) + 1)))
    for name, value in candidates:
        # text that is empty when trimmed is null, where null may be
        if not validator.is_valid(value) and not (plain.get("type") == "string" and not str(value).strip()):
            yield name, value
    # faults that a schema can't say
    if plain.get("type") == "string" and not plain.get("format"):
        yield "NUL", "a\0b"
    if plain.get("format") == "date-time":
        yield from ((value, value) for value in WRONG_TIMES)
    if plain.get("format") == "date":
        yield from ((value, value) for value in WRONG_DATES)


def bad_values(schema: dict[str, Any]) -> Iterator[str]:
    """Texts that are no value of a query parameter."""
    if schema.get("type") == "array":
        yield from bad_values(schema["items"])
        return
    schema = _resolve(schema)
    if "enum" in schema:
        yield from ("x", "%00", "%ff")
    elif schema.get("type") == "integer":
        yield from ("x", "1.5", str(2**63), "9" * 400, "%00", "1e3", "--1", "0x1")
    elif schema.get("type") == "boolean":
        yield from ("maybe", "%00", "2")
    elif schema.get("format") == "date-time":
        yield from (value.replace(":", "%3A") for value in [*WRONG_TIMES, "x", "%00"])
    elif schema.get("format") == "date":
        yield from [*WRONG_DATES, "x", "%00"]
    elif schema.get("type") == "string":
        yield from ("a%00b", "x" * 20_000)


def validator_of(schema: dict[str, Any]) -> Draft202012Validator:
    """What checks values against a part of the document."""
    return Draft202012Validator(schema | {"components": DOCUMENT["components"]}, format_checker=FormatChecker())


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema or "allOf" in schema:
        if "allOf" in schema:
            schema = schema["allOf"][0]
        else:
            schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _plain(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """The alternative of a schema that the example is of."""
    schema = _resolve(schema)
    for option in schema.get("anyOf", ()):
        if option != {"type": "null"} and (example is None or validator_of(option).is_valid(example)):
            return _plain(option, example)
    return schema
