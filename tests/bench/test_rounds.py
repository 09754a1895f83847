"""What is made of the figures."""

import msgspec

from bench.pgbench import script
from bench.rounds import Result, Spread, percentiles, ratio, take_turns
from bench.table import lines_of
from dcms.database.queries import parse


def test_contestants_take_turns_in_both_orders() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return float(len(order))

    figures = take_turns({"a": lambda: measure("a"), "b": lambda: measure("b")}, 3)

    assert order == ["a", "b", "b", "a", "a", "b"]
    assert figures == {"a": Spread([1, 4, 5]), "b": Spread([2, 3, 6])}


def test_a_ratio_is_of_figures_of_the_same_round() -> None:
    figures = {"a": Spread([10, 40, 60]), "b": Spread([5, 10, 10])}

    found = ratio(figures, "a", "b", wanted=4, aim=6)

    assert found.spread.values == [2, 4, 6]
    assert (found.spread.median, found.spread.lowest, found.spread.highest) == (4, 2, 6)
    assert found.is_reached
    assert not msgspec.structs.replace(found, wanted=5).is_reached
    assert not msgspec.structs.replace(found, wanted=3, is_limit=True).is_reached


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles([number / 1000 for number in range(1000)]) == {
        "p50": 500,
        "p90": 900,
        "p99": 990,
        "p99.9": 999,
        "max": 999,
    }


def test_a_result_says_whether_it_is_what_is_wanted() -> None:
    figures = {"dcms": Spread([1000.0]), "fastapi": Spread([125.0])}
    wanted = [ratio(figures, "dcms", "fastapi", wanted=5, aim=8), ratio(figures, "dcms", "fastapi", wanted=9, aim=9)]
    result = Result(case="x", title="an x", unit="answers/s", figures=figures, ratios=wanted, notes=["loud"])

    lines = list(lines_of(result))

    assert lines[0] == "x: an x"
    assert lines[1].split() == ["dcms", "1,000", "[1,000", "to", "1,000]", "answers/s"]
    assert lines[3].strip().startswith("dcms / fastapi")
    assert lines[3].endswith("8.00  [8.00 to 8.00] x   (at least 5, aim 8: reached)")
    assert lines[4].endswith("(at least 9, aim 9: NOT REACHED)")
    assert lines[5] == "  loud"


def test_pgbench_gets_the_statement_with_an_expression_for_each_parameter() -> None:
    query = parse("x/y.sql", "select :b::text, :a + :b from t")

    assert script(query, ["n 1"], {"a": "(:n)", "b": "'x'"}) == "\\set n 1\nselect 'x'::text, (:n) + 'x' from t;\n"
