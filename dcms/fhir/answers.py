"""FHIR's answers, and the parameters that every search takes."""

from collections.abc import Sequence
from datetime import UTC
from email.utils import format_datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response
from litestar.params import QueryParameter
from msgspec import Meta

from dcms.fhir.bundles import searchset
from dcms.fhir.elements import BASE, FHIR_JSON, Resource
from dcms.web.fields import MAX_ID
from dcms.web.pages import MAX_LIMIT, PageRequest, page_request
from dcms.web.problems import Forbidden, Invalid
from dcms.web.requests import ApiRequest

Count = Annotated[
    int, Meta(ge=1, le=MAX_ID), QueryParameter(name="_count", description="How many at the most; 200 if over that.")
]
NextPage = Annotated[str | None, QueryParameter(name="_cursor", description="Of the link `next`; opaque.")]
Format = Annotated[
    Literal["json", "application/json", "application/fhir+json"] | None,
    QueryParameter(name="_format", description="JSON is all there is."),
]
ById = Annotated[str | None, QueryParameter(name="_id", description="Ids, separated by commas.")]
# what decides nothing of which rows there are
_OF_PAGES = ("_count", "_cursor", "_format")


def base_of(request: ApiRequest) -> str:
    """Where the FHIR view is for clients."""
    url: str = request.app.state.services.settings.public_base_url
    return url.rstrip("/") + BASE


def resource_answer(resource: Resource) -> Response[bytes]:
    """A resource, tagged with its version if it has one."""
    headers: dict[str, Any] = {}
    if "meta" in resource:
        headers["ETag"] = f'W/"{resource["meta"]["versionId"]}"'
        headers["Last-Modified"] = format_datetime(resource["meta"]["lastUpdated"].astimezone(UTC), usegmt=True)
    return Response(msgspec.json.encode(resource), media_type=FHIR_JSON, headers=headers)


def bundle_answer(request: ApiRequest, resources: Sequence[Resource], next_cursor: str | None) -> Response[bytes]:
    """A page of what was found."""
    base = base_of(request)
    url = base + request.scope["path"].removeprefix(BASE).rstrip("/")
    bundle = searchset(url, base, request.exchange.query, resources, next_cursor)
    return Response(msgspec.json.encode(bundle), media_type=FHIR_JSON)


def fhir_page(request: ApiRequest, count: int, cursor: str | None) -> PageRequest:
    """The page that a search asks for. Raises Invalid for a cursor of another search."""
    filters = [(name, value) for name, value in request.exchange.query if name not in _OF_PAGES]
    key = request.app.state.cursor_key
    try:
        return page_request(min(count, MAX_LIMIT), cursor, request.scope["path"], filters, key)
    except Invalid:
        raise Invalid.of("_cursor", "is no page of this search") from None


def check_own(request: ApiRequest, patient_ids: Sequence[int] | None) -> None:
    """Raise Forbidden when a patient's login names another patient."""
    own = request.caller.own_patient_id
    if own is not None and any(patient_id != own for patient_id in patient_ids or ()):
        raise Forbidden


def note_patients(request: ApiRequest, patient_ids: Sequence[int] | None) -> None:
    """Have it written down whose records are read: of a search that names its patients, as the API's paths do."""
    if patient_ids:
        request.exchange.listed_patients = sorted(set(patient_ids))
