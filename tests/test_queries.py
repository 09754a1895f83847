"""Every file in sql/ prepares, gives the columns of its struct in order, and is used."""

import ast
import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import msgspec
import pytest

import dcms
from dcms.database.lists import Filter, Ordering, page_statement, words
from dcms.database.queries import Queries, Query, parse, queries
from dcms.database.sharing import shared_text
from dcms.paths import SQL_DIR
from tests.databases import drop_database, fresh_database, running_cluster

FILES = {query.name: query for folder in sorted(SQL_DIR.iterdir()) if folder.is_dir() for query in queries(folder.name)}


class Use(msgspec.Struct, frozen=True):
    """A place in the code that runs a statement."""

    query: Query
    row: Any
    is_list: bool
    is_shared: bool = False


def uses() -> Iterator[Use]:
    """Every place in dcms that names a statement, with the struct it fills."""
    for module_info in pkgutil.walk_packages(dcms.__path__, "dcms."):
        module = importlib.import_module(module_info.name)
        if module.__file__ is None or module_info.name == "dcms.__main__":
            continue
        with open(module.__file__) as source:
            tree = ast.parse(source.read())
        in_calls: set[ast.expr] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for index, argument in enumerate(node.args):
                    query = _query(module, argument)
                    if query is None:
                        continue
                    in_calls.add(argument)
                    row = node.args[index + 1] if len(node.args) > index + 1 else None
                    is_shared = isinstance(node.func, ast.Attribute) and node.func.attr == "get"
                    yield Use(query, _value(module, row), index == 1, is_shared)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node not in in_calls:
                query = _query(module, node)
                if query is not None:
                    yield Use(query, None, False)


def _query(module: Any, node: ast.expr) -> Query | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        holder = getattr(module, node.value.id, None)
        if isinstance(holder, Queries):
            query = getattr(holder, node.attr)
            assert isinstance(query, Query)
            return query
    return None


def _value(module: Any, node: ast.expr | None) -> Any:
    return getattr(module, node.id, None) or __builtins__.get(node.id) if isinstance(node, ast.Name) else None  # type: ignore[attr-defined]


def _columns(prepared: Any) -> list[tuple[str, str]]:
    return [(each.name, each.type.name) for each in prepared.get_attributes()]


USES = list(uses())


def test_every_file_is_used() -> None:
    assert sorted(FILES) == sorted({use.query.name for use in USES})


@pytest.fixture(scope="module")
async def connection(template: str) -> AsyncIterator[asyncpg.Connection]:
    """One connection for all: preparing a statement changes nothing."""
    url = fresh_database(running_cluster(), template)
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()
    drop_database(running_cluster(), url)


@pytest.mark.parametrize("name", FILES)
async def test_the_statement_prepares_and_fills_its_struct(name: str, connection: asyncpg.Connection) -> None:
    rows = {use.row for use in USES if use.query.name == name and use.row is not None}
    prepared = await connection.prepare(FILES[name].text)
    columns = [attribute.name for attribute in prepared.get_attributes()]

    for row in rows:
        if isinstance(row, type) and issubclass(row, msgspec.Struct):
            assert columns[: len(row.__struct_fields__)] == list(row.__struct_fields__)
            is_list = any(use.is_list for use in USES if use.query.name == name)
            assert is_list or len(columns) == len(row.__struct_fields__)
        else:
            assert len(columns) == 1


@pytest.mark.parametrize("name", sorted({use.query.name for use in USES if use.is_shared}))
async def test_the_statement_for_many_gives_the_same_columns_and_the_place(
    name: str, connection: asyncpg.Connection
) -> None:
    one = await connection.prepare(FILES[name].text)
    many = await connection.prepare(shared_text(FILES[name]))

    assert _columns(many) == [*_columns(one), ("place", "int8")]
    assert {each.name for each in one.get_parameters()} == {"int8"}
    assert len(many.get_parameters()) == len(one.get_parameters())


@pytest.mark.parametrize("name", FILES)
def test_the_file_begins_with_a_sentence(name: str) -> None:
    first = (SQL_DIR / name).read_text().splitlines()[0]

    assert first.startswith("-- ")
    assert first.endswith((".", "?")) or (SQL_DIR / name).read_text().splitlines()[1].startswith("-- ")


def test_parameters_are_numbered_outside_of_strings_and_comments() -> None:
    query = parse(
        "x/y.sql",
        """-- :comment
        select ':string', "a:name", $$ :dollar $$, $t$ :t $t$, E'\\':e', :a::text, /* :c */ :b, :a, '12:30'::time;
        """,
    )

    assert query.parameters == ("a", "b")
    assert query.text.endswith("$1::text, /* :c */ $2, $1, '12:30'::time")


def test_a_missing_or_surplus_argument_names_the_file() -> None:
    query = parse("x/y.sql", "select :a")

    with pytest.raises(TypeError, match=r"x/y.sql: missing argument 'a'"):
        query.bind({})
    with pytest.raises(TypeError, match=r"x/y.sql: surplus arguments \['b'\]"):
        query.bind({"a": 1, "b": 2})


def test_a_list_is_wrapped_in_its_filters_order_and_page() -> None:
    class Row(msgspec.Struct):
        a: int
        b: str

    text = page_statement(
        parse("x/y.sql", "select a, b, c from t where d = :d"),
        Row,
        (
            Filter("c", "any", [1]).kind,
            Filter("b", "null", False).kind,
            words("status", ["new", "it's old", "new"]).kind,
            Filter("tags", "overlap", []).kind,
        ),
        Ordering(("b", "a"), descending=True),
        True,
        51,
    )

    assert text.split() == [
        "SELECT",
        '"a","b"',
        "FROM",
        "(",
        "select",
        "a,",
        "b,",
        "c",
        "from",
        "t",
        "where",
        "d",
        "=",
        "$1",
        ")",
        "AS",
        '"listed"',
        "WHERE",
        '"c"=any($2)',
        "AND",
        '"b"',
        "IS",
        "NOT",
        "NULL",
        "AND",
        '"status"',
        "IN",
        "('it''s",
        "old','new')",
        "AND",
        '"tags"&&$3',
        "AND",
        '("b","a")<($4,$5)',
        "ORDER",
        "BY",
        '"b"',
        'DESC,"a"',
        "DESC",
        "LIMIT",
        "51",
    ]
