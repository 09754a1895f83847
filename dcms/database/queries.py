"""Loads `sql/<domain>/<verb>.sql` and numbers its `:name` parameters.

The files run as they are in psql (`psql -v patient_id=1 -f sql/patients/get.sql`).
"""

import re
from pathlib import Path
from typing import Any

import msgspec

from dcms.context import ambient
from dcms.paths import SQL_DIR

# A statement that names one of these is given it: who acts (for the audit log), the versions of If-Match,
# the caller's user, and the one patient a patient's login may see (null for staff).
AMBIENT = frozenset({"context", "if_match", "caller_id", "own_patient_id"})

_TOKEN = re.compile(
    r"""
      (?P<skip>
          --[^\n]*                                  # comment to the end of the line
        | /\*.*?\*/                                 # comment
        | [eE]'(?:[^'\\]|\\.|'')*'                  # string with escapes
        | '(?:[^']|'')*'                            # string
        | "(?:[^"]|"")*"                            # quoted name
        | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$           # dollar-quoted string
        | ::                                        # cast
      )
    | :(?P<name>[a-z_][a-z0-9_]*)
    """,
    re.VERBOSE | re.DOTALL,
)


class Query(msgspec.Struct, frozen=True):
    """One statement of a file, ready for the server."""

    name: str
    text: str
    parameters: tuple[str, ...]

    def bind(self, arguments: dict[str, Any]) -> list[Any]:
        """The values in the order of the statement. Raises TypeError for a missing or surplus one."""
        values = []
        used = 0
        for parameter in self.parameters:
            if parameter in arguments:
                values.append(arguments[parameter])
                used += 1
            elif parameter in AMBIENT:
                values.append(ambient(parameter))
            else:
                raise TypeError(f"{self.name}: missing argument {parameter!r}")
        if used != len(arguments):
            surplus = sorted(arguments.keys() - set(self.parameters))
            raise TypeError(f"{self.name}: surplus arguments {surplus}")
        return values


def parse(name: str, source: str) -> Query:
    """Number the parameters of a statement in the order of their first use."""
    parameters: list[str] = []

    def number(match: re.Match[str]) -> str:
        parameter = match["name"]
        if parameter is None:
            return match[0]
        if parameter not in parameters:
            parameters.append(parameter)
        return f"${parameters.index(parameter) + 1}"

    text = _TOKEN.sub(number, source).strip().removesuffix(";")
    return Query(name, text, tuple(parameters))


class Queries:
    """The statements of one folder, as attributes named like the files."""

    def __init__(self, folder: Path) -> None:
        self._queries = {
            path.stem: parse(f"{folder.name}/{path.name}", path.read_text()) for path in sorted(folder.glob("*.sql"))
        }

    def __getattr__(self, verb: str) -> Query:
        try:
            return self._queries[verb]
        except KeyError:
            raise AttributeError(f"no statement {verb}.sql") from None

    def __iter__(self) -> Any:
        return iter(self._queries.values())


def queries(domain: str) -> Queries:
    """The statements of `sql/<domain>/`."""
    return Queries(SQL_DIR / domain)
