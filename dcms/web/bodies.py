"""Reads bodies and query strings into structs, strictly, and names every bad field.

msgspec stops at the first error, so each field is converted on its own. Strings are trimmed and NFC; an
empty one is null where null may be. What a type can't say is a check of its own: `Meta(extra={"check": function})`,
a function from the value to its faults, whose fields are relative to the value ("" is the value itself). Which fields
of a struct may stand together says its static method `faults(given)`: it gets the fields as they were sent, an empty
string as null.
"""

import re
import types
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from dcms.web.problems import FieldError, Invalid

YEARS = range(1800, 2200)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
WHOLE_NUMBER = re.compile(r"-?\d+", re.ASCII)
MAX_ITEMS = 20_000
# what is no string in JSON
NOT_TEXT = frozenset({type(None), msgspec.UnsetType, int, float, bool, dict})

Reader = Callable[[Any, str, list[FieldError]], Any]
Check = Callable[[Any], Iterable[FieldError]]


class FieldFault(ValueError):
    """Raised in a struct's `__post_init__`: a rule that spans fields, and the field to name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def read_body(raw: bytes, wanted: Any) -> Any:
    """Decode a JSON body. Raises Invalid with every bad field."""
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        raise Invalid.of("", "is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid.of("", f"is not valid JSON: {error}") from None
    errors: list[FieldError] = []
    result = reader_of(wanted, strict=True)(value, "", errors)
    if errors:
        raise Invalid.of_fields(errors)
    return result


@cache
def reader_of(wanted: Any, strict: bool) -> Reader:
    """The function that reads a value of a type: not strict turns text into numbers, for query strings."""
    members = [member for member in _members(wanted) if member not in (type(None), msgspec.UnsetType)]
    is_nullable = type(None) in _members(wanted)
    for member in members:
        if isinstance(member, type) and issubclass(member, msgspec.Struct):
            return _nullable(_read_struct(member), is_nullable)
        if get_origin(_bare(member)) is list and _holds_struct(get_args(_bare(member))[0]):
            return _nullable(_read_list(member), is_nullable)
    if not strict and is_nullable:
        # in a query string `null` is a word like any other
        wanted = Union[tuple(members)]  # noqa: UP007
    return _read_plain(wanted, is_nullable, strict)


def _read_struct(wanted: type[msgspec.Struct]) -> Reader:
    hints = get_type_hints(wanted, include_extras=True)
    fields = msgspec.structs.fields(wanted)
    readers = {field.encode_name: (field.name, reader_of(hints[field.name], strict=True)) for field in fields}
    required = [field.encode_name for field in fields if field.required]
    faults = getattr(wanted, "faults", lambda given: ())

    def read(value: Any, path: str, errors: list[FieldError]) -> Any:
        if not isinstance(value, dict):
            errors.append(FieldError(path, "must be an object"))
            return None
        before = len(errors)
        errors += [FieldError(join(path, name), "is required") for name in required if name not in value]
        values = {}
        for name, given in value.items():
            if name not in readers:
                errors.append(FieldError(join(path, name[:100]), "is unknown"))
                continue
            field, read_field = readers[name]
            values[field] = read_field(given, join(path, name), errors)
        told = {name: None if isinstance(given, str) and not given.strip() else given for name, given in value.items()}
        errors += [FieldError(join(path, name), message) for name, message in faults(told)]
        if len(errors) > before:
            return None
        try:
            return wanted(**values)
        except FieldFault as fault:
            errors.append(FieldError(join(path, fault.field), fault.message))
            return None

    return read


def _read_list(wanted: Any) -> Reader:
    read_item = reader_of(get_args(_bare(wanted))[0], strict=True)
    limits = limits_of(wanted)
    least = max((meta.min_length or 0 for meta in limits), default=0)
    most = min((meta.max_length or MAX_ITEMS for meta in limits), default=MAX_ITEMS)
    checks: list[Check] = list(_extras(wanted, "check"))

    def read(value: Any, path: str, errors: list[FieldError]) -> Any:
        if not isinstance(value, list):
            errors.append(FieldError(path, "must be an array"))
            return None
        if not least <= len(value) <= most:
            errors.append(FieldError(path, f"must hold {least} to {most} items"))
            return None
        before = len(errors)
        items = [read_item(item, f"{path}[{index}]", errors) for index, item in enumerate(value)]
        if len(errors) == before:
            errors += _faults(checks, items, path)
        return items

    return read


def _read_plain(wanted: Any, is_nullable: bool, strict: bool) -> Reader:
    is_verbatim = any(_extras(wanted, "verbatim"))
    checks: list[Check] = list(_extras(wanted, "check"))
    members = frozenset(_scalar(member) for member in _members(wanted))
    may_be_empty = is_nullable and (not strict or any(_is_text(member) for member in _members(wanted)))
    example = next(_examples(wanted), "")
    # to find its decoder msgspec hashes a type, and Litestar's annotations are slow at that
    plain = with_limits(_bare(wanted), limits_of(wanted))

    def read(value: Any, path: str, errors: list[FieldError]) -> Any:
        try:
            value = unicodedata.normalize("NFC", value) if is_verbatim and isinstance(value, str) else clean(value)
            if value == "" and may_be_empty:
                return None
            result = msgspec.convert(value if strict else _typed(value, members), plain)
            _check_range(result)
            _check_spelling(value, result)
        except (msgspec.ValidationError, ValueError, RecursionError) as error:
            message, _, place = str(error).partition(" - at `$")
            if " matching regex " in message:
                message = f"must look like {example}"
            errors.append(FieldError(path + place.rstrip("`"), message[:1].lower() + message[1:]))
            return None
        if result is not None:
            errors += _faults(checks, result, path)
        return result

    return read


def limits_of(wanted: Any) -> tuple[msgspec.Meta, ...]:
    """What a type's annotations say to msgspec, of all that they say."""
    return tuple(meta for meta in getattr(wanted, "__metadata__", ()) if isinstance(meta, msgspec.Meta))


def with_limits(wanted: Any, limits: tuple[msgspec.Meta, ...]) -> Any:
    """A type with these annotations and no others."""
    return Annotated[(wanted, *limits)] if limits else wanted


def _extras(wanted: Any, name: str) -> Iterator[Any]:
    for member in _members(wanted):
        for meta in limits_of(member):
            if name in (meta.extra or {}):
                yield (meta.extra or {})[name]


def _examples(wanted: Any) -> Iterator[Any]:
    """The examples of a type with a pattern, which tests want to be there."""
    for member in _members(wanted):
        for meta in limits_of(member):
            if meta.pattern is not None:
                yield from meta.examples or ()
        if get_origin(_bare(member)) is list:
            yield from _examples(get_args(_bare(member))[0])


def _faults(checks: list[Check], value: Any, path: str) -> list[FieldError]:
    return [FieldError(join(path, fault.field), fault.message) for check in checks for fault in check(value)]


def _nullable(read: Reader, is_nullable: bool) -> Reader:
    if not is_nullable:
        return read
    return lambda value, path, errors: None if value is None else read(value, path, errors)


def clean(value: Any) -> Any:
    """Trim and normalize the strings of a value; ValueError for what PostgreSQL can't store."""
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("must not contain NUL")
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def join(path: str, name: str) -> str:
    """The path of a member, or of an item (`[0]`)."""
    return f"{path}.{name}" if path and name and name[0] != "[" else path + name


def _check_range(value: Any) -> None:
    if isinstance(value, date | datetime) and value.year not in YEARS:
        raise ValueError(f"must lie between the years {YEARS.start} and {YEARS.stop - 1}")


def _check_spelling(given: Any, result: Any) -> None:
    """Refuse what msgspec reads beyond the contract: seconds since 1970 as a time, `+0100`, `1e1` as a whole number."""
    if isinstance(given, list) and isinstance(result, list):
        for item, item_result in zip(given, result, strict=False):
            _check_spelling(item, item_result)
    elif isinstance(given, str):
        if isinstance(result, datetime) and not RFC_3339.fullmatch(given):
            raise ValueError("must be a time with an offset as in RFC 3339")
        if type(result) is int and not WHOLE_NUMBER.fullmatch(given):
            raise ValueError("must be a whole number")


def _members(wanted: Any) -> tuple[Any, ...]:
    bare = _bare(wanted) if get_origin(wanted) is Annotated and get_origin(_bare(wanted)) in _UNIONS else wanted
    if get_origin(bare) in _UNIONS:
        return tuple(part for member in get_args(bare) for part in _members(member))
    return (bare,)


def _bare(wanted: Any) -> Any:
    return get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted


def _is_text(member: Any) -> bool:
    """Whether values of a type are strings in JSON."""
    return get_origin(_bare(member)) is not list and _scalar(member) not in NOT_TEXT


def _scalar(member: Any) -> Any:
    """The plain type of a value, or of a list's items."""
    bare = _bare(member)
    return _scalar(get_args(bare)[0]) if get_origin(bare) is list else get_origin(bare) or bare


def _typed(value: Any, members: frozenset[Any]) -> Any:
    """Text of a query string as the number or truth value it stands for; other text stays text, such as 1e3."""
    if isinstance(value, list):
        return [_typed(item, members) for item in value]
    if int in members and _INTEGER.fullmatch(value):
        return int(value)
    if bool in members and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    return value


def _holds_struct(wanted: Any) -> bool:
    return any(isinstance(member, type) and issubclass(member, msgspec.Struct) for member in _members(wanted))


_UNIONS = (Union, types.UnionType)
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
