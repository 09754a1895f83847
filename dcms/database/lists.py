"""Lists with filters: wraps the statement of a file in the filters, order and page that a request asks for.

The file holds the whole select; PyPika writes what stands around it, from the columns named in code.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeVar

import msgspec
from pypika import Order, Table
from pypika.dialects import PostgreSQLQuery
from pypika.terms import Criterion, CustomFunction, Field, Parameter, Term, Tuple

from dcms.database.pool import Database
from dcms.database.queries import Query
from dcms.web.pages import Page, PageRequest

T = TypeVar("T", bound=msgspec.Struct)

# eq: is it · any: is one of · gte, lt: a range's ends · null: is (true) or isn't (false) null ·
# overlap: shares an element with the array · has: the array has it · in: is one of a vocabulary's words
Operator = Literal["eq", "any", "gte", "lte", "gt", "lt", "null", "overlap", "has", "in"]
# a column, an operator, and the words that stand in the text
Kind = tuple[str, str, tuple[str, ...]]


class Filter(msgspec.Struct, frozen=True):
    """One condition on a column of the file's select; left out when its value is None."""

    column: str
    operator: Operator
    value: Any

    @property
    def kind(self) -> Kind:
        """What the statement's text depends on."""
        if self.operator == "in":
            return self.column, "in", tuple(sorted(set(self.value)))
        return self.column, "not null" if self.operator == "null" and not self.value else self.operator, ()


def one_of(column: str, values: Sequence[Any] | None) -> Filter:
    """A filter that may be repeated; of one value it is plainer, and planned better."""
    if values is not None and len(values) == 1:
        return Filter(column, "eq", values[0])
    return Filter(column, "any", values)


def words(column: str, values: Sequence[str] | None) -> Filter:
    """A filter on a column of few words, like a status, by some of them: it is one of these.

    They stand in the statement's text. Of a parameter the server would think that it is as frequent as the others, and
    look for it through all rows if it is rare.
    """
    return Filter(column, "in", values)


def word(column: str, value: str | None) -> Filter:
    """A filter on such a column by one of its words."""
    return words(column, None if value is None else [value])


class Ordering(msgspec.Struct, frozen=True):
    """The total order of a list: columns that are never null, all in one direction; the last is unique.

    They need not be fields of the list's struct.
    """

    columns: tuple[str, ...]
    descending: bool = False


async def page(
    database: Database,
    query: Query,
    row: type[T],
    filters: Sequence[Filter],
    ordering: Ordering,
    request: PageRequest,
    **arguments: Any,
) -> Page[T]:
    """One page of a list, with the cursor of the next."""
    # full tens, and one more to know whether there are others: few statements for all limits
    rows = math.ceil(request.limit / 10) * 10 + 1
    text, values = statement(query, row, filters, ordering, request.after or (), rows, **arguments)
    records = request.page(
        await database.records(query.name, text, values), lambda last: [last[column] for column in ordering.columns]
    )
    width = len(row.__struct_fields__)
    return Page([row(*record[:width]) for record in records.items], records.next_cursor)


def statement(
    query: Query,
    row: type[msgspec.Struct],
    filters: Sequence[Filter],
    ordering: Ordering,
    after: Sequence[Any] = (),
    limit: int | None = None,
    **arguments: Any,
) -> tuple[str, list[Any]]:
    """The statement of a list and its values: all of it, or a part after a row."""
    wanted = [each for each in filters if each.value is not None]
    text = page_statement(query, row, tuple(each.kind for each in wanted), ordering, bool(after), limit)
    values = (each.value for each in wanted if each.operator not in ("null", "in"))
    return text, [*query.bind(arguments), *values, *after]


@lru_cache(4096)
def page_statement(
    query: Query,
    row: type[msgspec.Struct],
    filters: tuple[Kind, ...],
    ordering: Ordering,
    has_after: bool,
    limit: int | None,
) -> str:
    """The whole statement; its parameters are the file's, the filters' and the cursor's.

    The limit stands in it: of an unknown one the server would expect a tenth of the table, and plan anew each time.
    """
    listed = Table("listed")
    number = len(query.parameters)

    def parameter() -> Parameter:
        nonlocal number
        number += 1
        return Parameter(f"${number}")

    selected = dict.fromkeys((*row.__struct_fields__, *ordering.columns))
    statement = PostgreSQLQuery.from_(listed).select(*(listed.field(name) for name in selected))
    for column, operator, vocabulary in filters:
        field = listed.field(column)
        statement = statement.where(
            _is_word(field, vocabulary) if operator == "in" else _condition(field, operator, parameter)
        )
    if has_after:
        key = Tuple(*(listed.field(column) for column in ordering.columns))
        last = Tuple(*(parameter() for _ in ordering.columns))
        statement = statement.where(key < last if ordering.descending else key > last)
    for column in ordering.columns:
        statement = statement.orderby(listed.field(column), order=Order.desc if ordering.descending else Order.asc)
    text = (statement if limit is None else statement.limit(limit)).get_sql()
    # the file stands where the table would
    return text.replace('FROM "listed"', f'FROM (\n{query.text}\n) AS "listed"', 1)


def _is_word(column: Field, vocabulary: tuple[str, ...]) -> Criterion:
    # of no words, nothing is one
    return column.isin(vocabulary) if vocabulary else column.isnull() & column.isnotnull()


def _condition(column: Field, operator: str, parameter: Callable[[], Parameter]) -> Criterion:
    made: Criterion = _CONDITIONS[operator](column, parameter)
    return made


_any = CustomFunction("any", ["values"])
_CONDITIONS: dict[str, Callable[[Field, Callable[[], Parameter]], Any]] = {
    "eq": lambda column, parameter: column == parameter(),
    "any": lambda column, parameter: column == _any(parameter()),
    "has": lambda column, parameter: parameter() == _any(column),
    "overlap": lambda column, parameter: _Overlap(column, parameter()),
    "gte": lambda column, parameter: column >= parameter(),
    "lte": lambda column, parameter: column <= parameter(),
    "gt": lambda column, parameter: column > parameter(),
    "lt": lambda column, parameter: column < parameter(),
    "null": lambda column, parameter: column.isnull(),
    "not null": lambda column, parameter: column.isnotnull(),
}


class _Overlap(Criterion):
    """`array && array`, which PyPika does not know."""

    def __init__(self, left: Term, right: Term) -> None:
        super().__init__()
        self.left = left
        self.right = right

    def get_sql(self, **kwargs: Any) -> str:
        return f"{self.left.get_sql(**kwargs)}&&{self.right.get_sql(**kwargs)}"
