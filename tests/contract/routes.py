"""The endpoints of the contract, and the routes of the application under the same names."""

import csv
import re
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar

from dcms.app import create_app
from dcms.settings import Settings
from dcms.web.answers import API
from dcms.web.openapi import openapi_document
from dcms.web.routes import RouteAccess
from tests.api import JWT_KEYS

FOLDER = Path(__file__).parent

# Endpoints of the contract that are not there yet. Empty when all is built.
NOT_BUILT: frozenset[str] = frozenset()


class Endpoint(msgspec.Struct, frozen=True):
    """A line of endpoints.tsv."""

    method: str
    path: str
    permission: str
    source: str

    @property
    def name(self) -> str:
        """METHOD and path, as the route table has it."""
        return f"{self.method} {self.path}"

    @property
    def ids(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"{(\w+)}", self.path)

    def url(self, ids: dict[str, Any]) -> str:
        """The path below the API's base, with ids put in."""
        return re.sub(r"{(\w+)}", lambda name: str(ids[name[1]]), self.path).removeprefix(API)


def read_endpoints() -> list[Endpoint]:
    """The contract's endpoints."""
    with (FOLDER / "endpoints.tsv").open() as file:
        return [Endpoint(**row) for row in csv.DictReader(file, delimiter="\t")]


def application() -> Litestar:
    """The application, not started: for its route table and its document."""
    app = create_app(Settings(database_url="", owner_database_url="", jwt_keys=JWT_KEYS)).app
    assert isinstance(app, Litestar)
    return app


ENDPOINTS = read_endpoints()
APPLICATION = application()
ROUTES: dict[str, RouteAccess] = {
    access.name.rstrip("/"): access for access in APPLICATION.state.routes.values() if "/schema" not in access.name
}
DOCUMENT: dict[str, Any] = openapi_document(APPLICATION)

# those of the contract that are there, under the API's base path
BUILT = [each for each in ENDPOINTS if each.name in ROUTES and each.path.startswith(API)]


def operation(endpoint: Endpoint) -> dict[str, Any]:
    """The endpoint's operation in the OpenAPI document."""
    found: dict[str, Any] = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    return found
