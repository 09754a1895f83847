"""GET /patients/{patient_id}/duplicates, and the possible duplicates of a new patient."""

from tests import make
from tests.api import Api, bad_fields, problem

PHONES = [{"number": "0171 2345678"}]


async def test_the_likeliest_come_first_with_their_reasons(api: Api) -> None:
    family = await make.patient(api, first_name="Bruno", phone_numbers=PHONES)
    same_name = await make.patient(api, first_name="ANNA", last_name="Mueller", birth_date="1990-05-17")
    same_email = await make.patient(api, first_name="A.", email="Anna@Example.org")
    swapped = await make.patient(
        api,
        first_name="Müller",
        last_name="Anna",
        birth_date="1990-05-17",
        phone_numbers=PHONES,
        email="anna@example.org",
    )
    await make.patient(api, birth_date="1990-05-18")
    await make.patient(api, first_name="Hanna", birth_date="1990-05-17")
    merged = await make.patient(api, birth_date="1990-05-17")
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2",
        swapped["patient_id"],
        merged["patient_id"],
    )

    added = await api.receptionist.post(
        "/patients",
        json={
            "first_name": "Anna",
            "last_name": "Müller",
            "birth_date": "1990-05-17",
            "email": "anna@example.org",
            "phone_numbers": PHONES,
        },
    )

    expected = [
        {"patient": swapped, "score": 0.94, "reasons": ["phone", "email", "birth_date_and_name"]},
        {"patient": same_name, "score": 0.8, "reasons": ["birth_date_and_name"]},
        {"patient": same_email, "score": 0.5, "reasons": ["email"]},
        {"patient": family, "score": 0.4, "reasons": ["phone"]},
    ]
    assert added.status_code == 201
    assert added.json()["possible_duplicates"] == expected
    answer = await api.assistant.get(f"/patients/{added.json()['patient_id']}/duplicates")
    assert answer.json() == {"items": expected, "next_cursor": None}


async def test_a_name_is_the_same_however_its_letters_are_written(api: Api) -> None:
    names = ("Straßner Þórdís", "Strassner Thordis", "Strasner Tordis", "Straszner Thordis")
    ids = [
        (await make.patient(api, last_name=last, first_name=first, birth_date="1990-05-17"))["patient_id"]
        for last, first in map(str.split, names)
    ]

    answer = await api.admin.get(f"/patients/{ids[0]}/duplicates")

    assert [each["patient"]["patient_id"] for each in answer.json()["items"]] == ids[1:3]


async def test_pages_hold_everybody_once(api: Api) -> None:
    ids = [(await make.patient(api, phone_numbers=PHONES))["patient_id"] for _ in range(6)]
    seen: list[int] = []
    cursor = ""
    while cursor is not None:
        answer = await api.admin.get(f"/patients/{ids[0]}/duplicates?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        seen += [each["patient"]["patient_id"] for each in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]

    assert seen == ids[1:]
    problem(await api.admin.get(f"/patients/{ids[0]}/duplicates?cursor=AAAA"), 400, "invalid_request")


async def test_the_audit_log_names_all_who_were_shown(api: Api) -> None:
    first = (await make.patient(api, phone_numbers=PHONES))["patient_id"]
    second = (await make.patient(api, phone_numbers=PHONES))["patient_id"]

    await api.admin.get(f"/patients/{first}/duplicates")

    entries = await api.audited(action="read")
    assert [entry["after"] for entry in entries] == [{"ids": [first, second]}, {"ids": [first]}]


async def test_permission_and_what_is_wrong(api: Api) -> None:
    patient = await make.patient(api)
    path = f"/patients/{patient['patient_id']}/duplicates"

    assert (await api.admin.get(path)).json() == {"items": [], "next_cursor": None}
    problem(await api.admin.get("/patients/12345/duplicates"), 404, "not_found")
    assert bad_fields(await api.admin.get(f"{path}?limit=201&x=1")) == {"limit", "x"}
    own = await api.own_patient(patient["patient_id"])
    problem(await own.get(path), 403, "forbidden")
