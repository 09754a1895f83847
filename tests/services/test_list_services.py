"""GET /services and GET /services/types."""

from tests import make
from tests.api import Api, bad_fields, problem


async def codes(api: Api, query: str) -> list[str]:
    answer = await api.patient.get(f"/services?{query}")
    assert answer.status_code == 200, answer.text
    return [service["code"] for service in answer.json()["items"]]


async def test_the_active_ones_are_listed_by_display_number(api: Api) -> None:
    last = await make.service(api, "C", display_number=30)
    first = await make.service(api, "B", display_number=10)
    disabled = await make.service(api, "A", display_number=20)
    await api.admin.post(f"/services/{disabled['service_id']}/disable")

    answer = await api.receptionist.get("/services")

    assert answer.json() == {"items": [first, last], "next_cursor": None}
    assert await codes(api, "include_inactive=true") == ["B", "A", "C"]


async def test_pages_hold_every_service_once(api: Api) -> None:
    for n in range(5):
        await make.service(api, f"S{n}", display_number=9 - n)

    seen: list[str] = []
    cursor = ""
    while True:
        page = (await api.admin.get(f"/services?limit=2{cursor}")).json()
        seen += [service["code"] for service in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == ["S4", "S3", "S2", "S1", "S0"]


async def test_filters_by_type(api: Api) -> None:
    await make.service(api, "A", service_type="Chirurgie")
    await make.service(api, "B", service_type="preventive")

    assert await codes(api, "service_type=preventive") == ["B"]
    assert await codes(api, "service_type=nothing") == []


async def test_a_query_finds_the_best_first(api: Api) -> None:
    await make.service(api, "X1", name="Große Füllung", description="also crown")
    await make.service(api, "X2", name="Crown of steel")
    await make.service(api, "X3", name="Crown")
    await make.service(api, "crown", name="Temporary")
    await make.service(api, "X4", name="Implant", service_type="crowns")

    assert await codes(api, "query=CROWN") == ["crown", "X3", "X2", "X1", "X4"]
    assert await codes(api, "query=fullung  grosse") == ["X1"]
    assert await codes(api, "query=steel implant") == []
    assert await codes(api, "query=100%25") == []
    page = (await api.admin.get("/services?query=crown&limit=3")).json()
    rest = (await api.admin.get(f"/services?query=crown&limit=3&cursor={page['next_cursor']}")).json()
    assert [service["code"] for service in page["items"] + rest["items"]] == ["crown", "X3", "X2", "X1", "X4"]


async def test_types_hold_their_active_services(api: Api) -> None:
    filling = await make.service(api, "B", service_type="restorative", display_number=9)
    inlay = await make.service(api, "A", service_type="restorative", display_number=3, price="1.1")
    scaling = await make.service(api, "C", service_type="preventive")
    gone = await make.service(api, "D", service_type="surgery")
    await api.admin.post(f"/services/{gone['service_id']}/disable")

    answer = await api.patient.get("/services/types")
    first = (await api.admin.get("/services/types?limit=1")).json()
    rest = (await api.admin.get(f"/services/types?limit=1&cursor={first['next_cursor']}")).json()

    types = [
        {"service_type": "preventive", "services": [scaling]},
        {"service_type": "restorative", "services": [inlay, filling]},
    ]
    assert answer.json() == {"items": types, "next_cursor": None}
    assert [first["items"], rest["items"], rest["next_cursor"]] == [types[:1], types[1:], None]
    assert (await api.admin.get("/clinic/meta")).json()["service_types"] == ["preventive", "restorative"]


async def test_every_bad_parameter_is_named(api: Api) -> None:
    answer = await api.admin.get("/services?limit=201&include_inactive=maybe&query=" + "x" * 101 + "&type=a&cursor=x")

    assert bad_fields(answer) == {"limit", "include_inactive", "query", "type"}
    assert bad_fields(await api.admin.get("/services/types?cursor=x")) == {"cursor"}
    problem(await api.anonymous.get("/services"), 401, "unauthenticated")
    problem(await api.anonymous.get("/services/types"), 401, "unauthenticated")
