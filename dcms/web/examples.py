"""Examples for bodies and answers, made from their schemas: what a field's name suggests, else what its type allows."""

import re
from typing import Any

from dcms.web.schemas import REF

MAX_DEPTH = 8
INSTANT = "2026-11-23T09:00:00+01:00"

# what a reader expects under a name; left out where the schema says otherwise
BY_NAME: dict[str, Any] = {
    "access_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiI3In0.c2lnbmF0dXJl",
    "action": "update",
    "address": "Hauptstraße 1, 10115 Berlin",
    "archived_at": None,
    "birth_date": "1990-05-17",
    "cancel_reason": None,
    "cancelled_at": None,
    "cancelled_by": None,
    "closes": "17:00",
    "code": "D0120",
    "currency": "EUR",
    "current_password": "correct horse battery staple",
    "default_region": "DE",
    "deleted_at": None,
    "description": "Check of all teeth",
    "detail": "Not found",
    "device_name": "Front desk",
    "discount": "0.00",
    "dry_run": False,
    "display_name": "Anna Müller",
    "e164": "+491712345678",
    "email": "anna@example.org",
    "ends_at": "2026-11-23T09:30:00+01:00",
    "error_code": None,
    "expires_in": 600,
    "fdi": "36",
    "field": "last_name",
    "first_name": "Anna",
    "href": "/api/v1/patients",
    "impersonator_id": None,
    "ip": "203.0.113.7",
    "label": "mobile",
    "last_name": "Müller",
    "legal_name": "Zahnarztpraxis Dr. Müller GmbH",
    "locale": "de",
    "merged_into": None,
    "message": "is required",
    "middle_name": None,
    "name": "Examination",
    "national": "0171 2345678",
    "international": "+49 171 2345678",
    "new_password": "correct horse battery staple",
    "next_cursor": None,
    "note": "Prefers mornings",
    "number": "0171 2345678",
    "opens": "08:00",
    "palmer": "LL6",
    "password": "correct horse battery staple",
    "phone": "+49301234567",
    "primary_phone": "+491712345678",
    "reason": None,
    "refresh_token": "k1.7.1.c2lnbmF0dXJl",
    "region": "DE",
    "register_number": "P000123",
    "request_id": "5f0c9a1e7d3b4c2a8e6f1b0d",
    "revoked_at": None,
    "route": "GET /api/v1/patients/{patient_id}",
    "service_type": "diagnostic",
    "temporary_password": "quiet-lamp-river-stone",
    "text": "See you tomorrow at 9:00.",
    "timezone": "Europe/Berlin",
    "title": "Dr.",
    "type": "mobile",
    "universal": "19",
    "user_agent": "Mozilla/5.0",
    "username": "anna.mueller",
    "website": "https://clinic.example",
}
BY_FORMAT = {"date-time": INSTANT, "date": "2026-11-23", "decimal": "120.00"}


class Examples:
    """Makes examples of the schemas in a document."""

    def __init__(self, components: dict[str, dict[str, Any]]) -> None:
        self._components = components

    def of(self, schema: dict[str, Any], name: str = "", depth: int = 0) -> Any:
        """A value that the schema allows."""
        if "$ref" in schema:
            return self.of(self._components[schema["$ref"].removeprefix(REF)], name, depth)
        if "allOf" in schema:
            return self.of(schema["allOf"][0], name, depth)
        for said in ("examples", "enum"):
            if schema.get(said):
                return schema[said][0]
        if "anyOf" in schema:
            return self._of_any(schema["anyOf"], name, depth)
        match schema.get("type"):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "string":
                return self._string(schema, name)
            case "integer":
                return _within(schema, BY_NAME[name] if isinstance(BY_NAME.get(name), int) else 1)
            case "number":
                return _within(schema, 0.5)
            case "boolean":
                return schema.get("default", BY_NAME.get(name, True))
        return None

    def _of_any(self, options: list[dict[str, Any]], name: str, depth: int) -> Any:
        is_nullable = {"type": "null"} in options
        if is_nullable and (depth > MAX_DEPTH or (name in BY_NAME and BY_NAME[name] is None)):
            return None
        return self.of(next(each for each in options if each != {"type": "null"}), name, depth)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        if "properties" in schema:
            return {name: self.of(each, name, depth + 1) for name, each in schema["properties"].items()}
        if "additionalProperties" in schema:
            return {"booked": self.of(schema["additionalProperties"], "", depth + 1)}
        return {}

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(each, name, depth + 1) for each in schema["prefixItems"]]
        if depth > MAX_DEPTH and not schema.get("minItems"):
            return []
        return [self.of(schema["items"], name.removesuffix("s"), depth + 1)] * max(1, schema.get("minItems", 1))

    def _string(self, schema: dict[str, Any], name: str) -> str:
        if schema.get("format") in BY_FORMAT:
            named = BY_NAME.get(name)
            return named if isinstance(named, str) else BY_FORMAT[schema["format"]]
        pattern = schema.get("pattern")
        for text in (BY_NAME.get(name), "text", "120.00", INSTANT[:10], "09:00"):
            if isinstance(text, str) and len(text) <= schema.get("maxLength", len(text)):
                filled = text.ljust(schema.get("minLength", 0), ".")
                if pattern is None or re.search(pattern, filled):
                    return filled
        raise ValueError(f"no example fits {name}: give its type Meta(examples=[…])")


def _within(schema: dict[str, Any], value: Any) -> Any:
    return min(max(value, schema.get("minimum", value)), schema.get("maximum", value))
