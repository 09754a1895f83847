"""The answer to a search: a Bundle of one page, with the link of the next."""

from collections.abc import Sequence
from urllib.parse import urlencode

from dcms.fhir.elements import Resource, compact


def searchset(
    url: str,
    base: str,
    query: Sequence[tuple[str, str]],
    resources: Sequence[Resource],
    next_cursor: str | None,
) -> Resource:
    """A page of `url`. Its total is only said when all there is was read."""
    asked = [(name, value) for name, value in query if name != "_cursor"]
    links = [{"relation": "self", "url": _link(url, query)}]
    if next_cursor is not None:
        links.append({"relation": "next", "url": _link(url, [*asked, ("_cursor", next_cursor)])})
    is_whole = next_cursor is None and len(asked) == len(query)
    return compact(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(resources) if is_whole else None,
            "link": links,
            "entry": [
                {
                    "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
                    "resource": resource,
                    "search": {"mode": "match"},
                }
                for resource in resources
            ],
        }
    )


def _link(url: str, query: Sequence[tuple[str, str]]) -> str:
    return f"{url}?{urlencode(query)}" if query else url
