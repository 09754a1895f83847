"""GET /employees."""

from tests import make
from tests.api import Api, bad_fields, problem


async def names(api: Api, query: str = "") -> list[str]:
    answer = await api.assistant.get(f"/employees?{query}")
    assert answer.status_code == 200, answer.text
    return [f"{each['first_name']} {each['last_name']}" for each in answer.json()["items"]]


async def staff(api: Api, *people: str) -> list[int]:
    ids = []
    for person in people:
        first, last = person.split()
        ids.append((await make.employee(api, first_name=first, last_name=last))["employee_id"])
    return ids


async def test_the_list_is_by_last_and_first_name(api: Api) -> None:
    await staff(api, "Zoe Öhm", "adam ohm", "Bea Ohlsen", "Anna zorn")
    first = await make.employee(api, first_name="Eva", last_name="Abel")

    answer = await api.doctor.get("/employees?limit=1")

    assert answer.json()["items"] == [first]
    assert await names(api) == ["Eva Abel", "Bea Ohlsen", "adam ohm", "Zoe Öhm", "Anna zorn"]


async def test_pages_hold_every_employee_once(api: Api) -> None:
    ids = await staff(api, "A Same", "A Same", "A Same", "B Same", "B Other")

    seen: list[int] = []
    cursor = ""
    while True:
        page = (await api.admin.get(f"/employees?limit=2{cursor}")).json()
        seen += [employee["employee_id"] for employee in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == [ids[4], *ids[:4]]


async def test_filters_by_position_bookability_and_archive(api: Api) -> None:
    position = await make.position(api)
    await make.employee(api, first_name="A", is_bookable=True)
    await make.employee(api, first_name="B", position_ids=[position["position_id"]])
    archived = await make.employee(api, first_name="C", is_bookable=True)
    await api.admin.post(f"/employees/{archived['employee_id']}/archive")

    assert await names(api) == ["A Zahn", "B Zahn"]
    assert await names(api, "include_archived=true") == ["A Zahn", "B Zahn", "C Zahn"]
    assert await names(api, "is_bookable=true&include_archived=true") == ["A Zahn", "C Zahn"]
    assert await names(api, "is_bookable=false") == ["B Zahn"]
    assert await names(api, f"position_id={position['position_id']}") == ["B Zahn"]
    assert await names(api, "position_id=999") == []


async def test_a_query_finds_the_best_first(api: Api) -> None:
    await staff(api, "Jon Österberg", "Osterb Meyer", "Jan Berg", "Ost Erberg")
    await make.employee(api, first_name="Kim", last_name="Low", title="Dr.", email="K.OSTERB@example.org")

    assert await names(api, "query=osterb") == ["Osterb Meyer", "Jon Österberg", "Kim Low"]
    assert await names(api, "query=BERG jön") == ["Jon Österberg"]
    assert await names(api, "query=Berg Jan") == ["Jan Berg"]
    assert await names(api, "query=dr. low") == ["Kim Low"]
    assert await names(api, "query=%25") == []
    page = (await api.admin.get("/employees?query=osterb&limit=1")).json()
    rest = (await api.admin.get(f"/employees?query=osterb&limit=2&cursor={page['next_cursor']}")).json()
    assert [each["first_name"] for each in page["items"] + rest["items"]] == ["Osterb", "Jon", "Kim"]
    assert rest["next_cursor"] is None


async def test_every_bad_parameter_is_named(api: Api) -> None:
    answer = await api.admin.get("/employees?position_id=0&is_bookable=2&include_archived=&limit=0&name=x")

    assert bad_fields(answer) == {"position_id", "is_bookable", "include_archived", "limit", "name"}


async def test_patients_logins_see_no_staff(api: Api) -> None:
    problem(await api.patient.get("/employees"), 403, "forbidden")
    problem(await api.anonymous.get("/employees"), 401, "unauthenticated")
