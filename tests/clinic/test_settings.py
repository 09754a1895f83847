"""GET and PATCH /clinic/settings."""

import asyncio
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem

PATH = "/clinic/settings"
DEFAULTS = {
    "timezone": "UTC",
    "locale": "en",
    "currency": "EUR",
    "default_region": "DE",
    "default_slot_minutes": 30,
    "slot_step_minutes": 15,
    "buffer_minutes": 0,
    "booking_min_notice_minutes": 0,
    "booking_horizon_days": 365,
    "tooth_system": "FDI",
    "reminder_offsets_minutes": [1440],
    "business_hours": [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in range(1, 6)],
    "closures": [],
}


def hours(weekday: int, opens: str, closes: str) -> dict[str, Any]:
    return {"weekday": weekday, "opens": opens, "closes": closes}


async def test_the_defaults_are_shown_to_staff(api: Api) -> None:
    for client in (api.admin, api.manager, api.doctor, api.assistant, api.receptionist):
        answer = await client.get(PATH)

        assert answer.status_code == 200
        assert answer.json() == DEFAULTS | {"updated_at": answer.json()["updated_at"], "version": 1}
    problem(await api.patient.get(PATH), 403, "forbidden")
    problem(await api.anonymous.get(PATH), 401, "unauthenticated")


async def test_everything_can_be_changed_at_once_which_is_one_change(api: Api) -> None:
    body = {
        "timezone": "Europe/Vienna",
        "locale": "de-AT",
        "currency": "CHF",
        "default_region": "AT",
        "default_slot_minutes": 20,
        "slot_step_minutes": 10,
        "buffer_minutes": 5,
        "booking_min_notice_minutes": 60,
        "booking_horizon_days": 90,
        "tooth_system": "universal",
        "reminder_offsets_minutes": [2880, 120],
        "business_hours": [hours(1, "08:00", "12:00"), hours(1, "12:00", "24:00"), hours(7, "00:00", "00:01")],
        "closures": [
            {"starts_on": "2026-12-24", "ends_on": "2026-12-26", "reason": "Christmas"},
            {"starts_on": "2026-12-31", "ends_on": "2026-12-31", "reason": None},
        ],
    }

    answer = await api.manager.patch(PATH, json=body)

    assert answer.status_code == 200
    assert answer.json() == body | {"updated_at": answer.json()["updated_at"], "version": 2}
    shown = await api.doctor.get(PATH)
    assert (shown.json(), shown.headers["etag"]) == (answer.json(), answer.headers["etag"])


async def test_lists_are_replaced_whole_and_shown_in_order(api: Api) -> None:
    await api.admin.patch(PATH, json={"closures": [{"starts_on": "2026-12-24", "ends_on": "2026-12-26"}]})

    answer = await api.admin.patch(
        PATH,
        json={
            "business_hours": [hours(3, "13:00", "17:00"), hours(1, "09:00", "19:00"), hours(3, "08:00", "12:00")],
            "closures": [
                {"starts_on": "2027-01-01", "ends_on": "2027-01-01"},
                {"starts_on": "2026-12-20", "ends_on": "2026-12-31", "reason": "Holidays"},
            ],
        },
    )

    settings = answer.json()
    assert settings["business_hours"] == [
        hours(1, "09:00", "19:00"),
        hours(3, "08:00", "12:00"),
        hours(3, "13:00", "17:00"),
    ]
    assert [closure["starts_on"] for closure in settings["closures"]] == ["2026-12-20", "2027-01-01"]
    assert settings["version"] == 3
    empty = await api.admin.patch(PATH, json={"business_hours": [], "closures": [], "reminder_offsets_minutes": []})
    assert empty.json() == settings | {
        "business_hours": [],
        "closures": [],
        "reminder_offsets_minutes": [],
        "updated_at": empty.json()["updated_at"],
        "version": 4,
    }


async def test_a_change_to_the_same_is_none(api: Api) -> None:
    closures = [{"starts_on": "2026-12-24", "ends_on": "2026-12-24"}]
    before = (await api.admin.patch(PATH, json={"closures": closures})).json()
    audited = len(await api.audited())

    for body in ({}, DEFAULTS | {"closures": closures, "business_hours": DEFAULTS["business_hours"][::-1]}):  # type: ignore[index]
        assert (await api.admin.patch(PATH, json=body)).json() == before
    assert len(await api.audited()) == audited


async def test_changes_are_audited_row_by_row(api: Api) -> None:
    body = {
        "buffer_minutes": 5,
        "business_hours": [hours(day, "08:00", "18:00") for day in range(1, 5)],
        "closures": [{"starts_on": "2026-12-24", "ends_on": "2026-12-24", "reason": "Eve"}],
    }

    await api.manager.patch(PATH, json=body)

    entries = await api.audited(actor_id=api.user_ids["manager"])
    assert sorted((row["entity"], row["action"]) for row in entries) == [
        ("business_hours", "delete"),
        ("clinic_settings", "update"),
        ("closure", "create"),
    ]


@pytest.mark.parametrize(
    "field,values",
    [
        (
            "timezone",
            ["Europe/Atlantis", "europe/berlin", "posixrules", "localtime", "Factory", "CEST", "+01", "", None],
        ),
        ("currency", ["XXX", "eur", "EURO", "", None, 5]),
        ("default_region", ["XX", "de", "001", "", None]),
        ("locale", ["english", "de_AT", "d", "de-", "", None]),
        ("default_slot_minutes", [4, 721, 15.5, "30", True, None]),
        ("slot_step_minutes", [0, -15, 721, None]),
        ("buffer_minutes", [-1, 721, None]),
        ("booking_min_notice_minutes", [-1, 525_601, 2**70, None]),
        ("booking_horizon_days", [0, 3651, None]),
        ("tooth_system", ["fdi", "ISO", None]),
        ("reminder_offsets_minutes", [[60, 60], list(range(1, 12)), 60, None]),
        ("business_hours", [{}, None, [hours(1, "00:00", "24:00")] * 101]),
        ("closures", ["2026-12-24", None]),
        ("version", [1]),
        ("updated_at", ["2026-11-22T09:00:00Z"]),
    ],
)
async def test_a_bad_value_is_named_and_changes_nothing(api: Api, field: str, values: list[Any]) -> None:
    for value in values:
        assert bad_fields(await api.admin.patch(PATH, json={field: value})) == {field}, value
    assert (await api.admin.get(PATH)).json()["version"] == 1


async def test_every_bad_field_is_named_with_its_place(api: Api) -> None:
    answer = await api.admin.patch(
        PATH,
        json={
            "timezone": "Nowhere",
            "currency": "EUR ",
            "buffer_minutes": -5,
            "reminder_offsets_minutes": [0],
            "business_hours": [hours(0, "8:00", "24:01"), hours(1, "12:00", "12:00"), {"weekday": 1, "opens": "24:00"}],
            "closures": [{"starts_on": "2026-12-24", "ends_on": "2026-12-23"}, {"ends_on": "2026-02-30", "why": ""}],
        },
    )

    assert bad_fields(answer) == {
        "timezone",
        "buffer_minutes",
        "reminder_offsets_minutes[0]",
        "business_hours[0].weekday",
        "business_hours[0].opens",
        "business_hours[0].closes",
        "business_hours[1].closes",
        "business_hours[2].opens",
        "business_hours[2].closes",
        "closures[0].ends_on",
        "closures[1].starts_on",
        "closures[1].ends_on",
        "closures[1].why",
    }


async def test_overlapping_hours_and_closures_are_named(api: Api) -> None:
    answer = await api.admin.patch(
        PATH,
        json={
            "business_hours": [
                hours(1, "08:00", "12:00"),
                hours(2, "08:00", "12:00"),
                hours(1, "11:59", "24:00"),
                hours(2, "07:00", "13:00"),
            ],
            "closures": [
                {"starts_on": "2026-12-24", "ends_on": "2026-12-26"},
                {"starts_on": "2026-12-26", "ends_on": "2026-12-27"},
            ],
        },
    )

    assert bad_fields(answer) == {"business_hours[2]", "business_hours[3]", "closures[1]"}
    assert (await api.admin.get(PATH)).json()["version"] == 1


async def test_answers_are_in_the_new_zone_at_once(api: Api) -> None:
    patient = await make.patient(api)

    answer = await api.admin.patch(PATH, json={"timezone": "Asia/Kathmandu"})
    shown = (await api.admin.get(f"/patients/{patient['patient_id']}")).json()

    assert answer.json()["updated_at"].endswith("+05:45")
    assert shown["created_at"].endswith("+05:45")


async def test_the_new_region_reads_numbers_at_once(api: Api) -> None:
    await api.admin.patch(PATH, json={"default_region": "AT"})

    patient = await make.patient(api, phone_numbers=[{"number": "0664 1234567"}])

    assert patient["primary_phone"] == "+436641234567"


async def test_only_admins_and_managers_change_them(api: Api) -> None:
    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.patch(PATH, json={"buffer_minutes": 5}), 403, "forbidden")
    problem(await api.anonymous.patch(PATH, json={"buffer_minutes": 5}), 401, "unauthenticated")


async def test_another_version_is_412_and_changes_nothing(api: Api) -> None:
    etag = (await api.admin.get(PATH)).headers["etag"]

    first = await api.admin.patch(PATH, json={"business_hours": []}, headers={"If-Match": etag})
    second = await api.admin.patch(
        PATH, json={"closures": [], "business_hours": [hours(1, "08:00", "09:00")]}, headers={"If-Match": etag}
    )

    assert first.status_code == 200
    problem(second, 412, "version_mismatch")
    assert (await api.admin.get(PATH)).json() == first.json()


async def test_many_changes_at_once_are_one_after_the_other(api: Api) -> None:
    bodies = [
        {
            "buffer_minutes": n,
            "business_hours": [hours(1, f"0{n}:00", "12:00")],
            "closures": [{"starts_on": f"2027-01-0{n}", "ends_on": "2027-01-09"}],
        }
        for n in range(1, 9)
    ]

    answers = await asyncio.gather(*(api.admin.patch(PATH, json=body) for body in bodies))

    assert [answer.status_code for answer in answers] == [200] * 8
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 10))
    last = max((answer.json() for answer in answers), key=lambda settings: settings["version"])
    assert (await api.admin.get(PATH)).json() == last
    assert last["business_hours"] == [hours(1, f"0{last['buffer_minutes']}:00", "12:00")]


async def test_what_another_process_set_is_known_within_a_second(api: Api) -> None:
    await api.owner.execute("update clinic_settings set timezone = 'Asia/Kathmandu'")

    await asyncio.sleep(0.9)

    assert (await api.admin.get("/clinic")).json()["updated_at"].endswith("+05:45")
