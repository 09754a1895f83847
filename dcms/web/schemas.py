"""JSON Schema of the service's types, as OpenAPI 3.1 wants it.

msgspec's own generator does not know that our times carry offsets, that integers have 64 bits and that a page
of patients is better called PatientPage.
"""

from collections.abc import Sequence
from typing import Any, get_args, get_origin

import msgspec
from msgspec import inspect

DECIMAL_PATTERN = r"^-?\d+(\.\d+)?$"
REF = "#/components/schemas/"


class Schemas:
    """Turns types into schemas, and collects the named ones on the way."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}
        self._names: dict[Any, str] = {}

    def of(self, wanted: Any) -> dict[str, Any]:
        """The schema of a type; structs and enums as references."""
        return self._schema(inspect.type_info(wanted))

    def _schema(self, known: inspect.Type) -> dict[str, Any]:
        match known:
            case inspect.Metadata(type=inner, extra_json_schema=said):
                schema = self._schema(inner)
                return {"allOf": [schema], **said} if said and "$ref" in schema else schema | (said or {})
            case inspect.StructType():
                return self._named(known.cls, known, self._struct)
            case inspect.EnumType():
                return self._named(known.cls, known, self._enum)
            case inspect.UnionType(types=types):
                return {"anyOf": [self._schema(each) for each in types]}
            case inspect.LiteralType(values=values):
                return {"type": _type_of(values), "enum": sorted(values) if None in values else list(values)}
            case inspect.DictType(value_type=value_type):
                free = isinstance(value_type, inspect.AnyType)
                return {"type": "object"} | ({} if free else {"additionalProperties": self._schema(value_type)})
            case (
                inspect.ListType(item_type=item)
                | inspect.SetType(item_type=item)
                | inspect.FrozenSetType(item_type=item)
                | inspect.VarTupleType(item_type=item)
            ):
                return {"type": "array", "items": self._schema(item)} | _limits(known, "Items")
            case inspect.TupleType(item_types=items):
                parts = [self._schema(each) for each in items]
                return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
        return _plain(known)

    def _named(self, cls: Any, known: Any, make: Any) -> dict[str, Any]:
        if cls not in self._names:
            name = _name_of(cls)
            if name in self.components:
                # another domain has one of this name
                name = (get_origin(cls) or cls).__module__.split(".")[-2].title().replace("_", "") + name
            self._names[cls] = name
            # before its fields, which may refer to it
            self.components[name] = {}
            self.components[name].update(make(known))
        return {"$ref": REF + self._names[cls]}

    def _struct(self, known: inspect.StructType) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object"} | _description(known.cls)
        schema["properties"] = {field.encode_name: self._field(field) for field in known.fields}
        if known.forbid_unknown_fields:
            # of a request: an empty text is null where null may be
            for choice in schema["properties"].values():
                _let_be_empty(choice.get("anyOf", ()))
        if required := [field.encode_name for field in known.fields if field.required]:
            schema["required"] = required
        if known.forbid_unknown_fields:
            schema["additionalProperties"] = False
        example = getattr(known.cls, "EXAMPLE", None)
        return schema | ({"examples": [example]} if example is not None else {})

    def _field(self, field: inspect.Field) -> dict[str, Any]:
        schema = self._schema(field.type)
        if field.default in (msgspec.NODEFAULT, msgspec.UNSET, None):
            return schema
        default = {"default": msgspec.to_builtins(field.default)}
        return {"allOf": [schema], **default} if "$ref" in schema else schema | default

    def _enum(self, known: inspect.EnumType) -> dict[str, Any]:
        values = [member.value for member in known.cls]
        return {"type": _type_of(values), "enum": values} | _description(known.cls)


def _plain(known: inspect.Type) -> dict[str, Any]:
    match known:
        case inspect.NoneType():
            return {"type": "null"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType():
            return {"type": "integer", "format": "int64"} | _bounds(known)
        case inspect.FloatType():
            return {"type": "number"} | _bounds(known)
        case inspect.StrType(pattern=pattern):
            return {"type": "string"} | _limits(known, "Length") | ({"pattern": pattern} if pattern else {})
        case inspect.DecimalType():
            return {"type": "string", "format": "decimal", "pattern": DECIMAL_PATTERN}
        case inspect.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case inspect.DateType():
            return {"type": "string", "format": "date"}
        case inspect.AnyType() | inspect.RawType():
            return {}
    raise ValueError(f"no schema for {known}")


def _bounds(known: Any) -> dict[str, float]:
    bounds = {"minimum": known.ge, "maximum": known.le, "exclusiveMinimum": known.gt, "exclusiveMaximum": known.lt}
    return {key: value for key, value in bounds.items() if value is not None}


def _limits(known: Any, unit: str) -> dict[str, int]:
    limits = {f"min{unit}": known.min_length, f"max{unit}": known.max_length}
    return {key: value for key, value in limits.items() if value is not None}


def _let_be_empty(choices: Sequence[dict[str, Any]]) -> None:
    if {"type": "null"} in choices:
        for choice in choices:
            if choice.get("minLength") == 1:
                del choice["minLength"]


def _name_of(cls: Any) -> str:
    origin = get_origin(cls)
    if origin is None:
        return str(cls.__name__)
    return "".join(_name_of(argument) for argument in get_args(cls)) + str(origin.__name__)


def _type_of(values: Any) -> Any:
    types = {bool: "boolean", int: "integer", str: "string", type(None): "null"}
    names = list(dict.fromkeys(types[type(value)] for value in values))
    return names[0] if len(names) == 1 else names


def _description(cls: Any) -> dict[str, str]:
    doc = (get_origin(cls) or cls).__doc__
    return {"description": " ".join(doc.split())} if doc else {}
