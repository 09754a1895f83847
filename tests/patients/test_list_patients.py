"""GET /patients without a query."""

from tests import make
from tests.api import Api, bad_fields, problem


async def test_pages_hold_every_patient_once_newest_first(api: Api) -> None:
    ids = [(await make.patient(api))["patient_id"] for _ in range(5)]

    seen: list[int] = []
    cursor = None
    while True:
        parameters = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await api.doctor.get("/patients", params=parameters)
        assert answer.status_code == 200, answer.text
        seen += [patient["patient_id"] for patient in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break

    assert seen == ids[::-1]


async def test_a_cursor_belongs_to_its_filters(api: Api) -> None:
    for _ in range(3):
        await make.patient(api)
    cursor = (await api.admin.get("/patients?limit=1")).json()["next_cursor"]

    assert (await api.admin.get("/patients", params={"cursor": cursor, "limit": 2})).status_code == 200
    for query in ({"cursor": cursor, "status": "active"}, {"cursor": "x" + cursor}, {"cursor": "AAAA"}):
        assert bad_fields(await api.admin.get("/patients", params=query)) == {"cursor"}


async def test_every_bad_parameter_is_named(api: Api) -> None:
    answer = await api.admin.get("/patients?limit=0&born=yesterday&status=dead&shoe_size=42")

    assert bad_fields(answer) == {"limit", "born", "status", "shoe_size"}


async def test_filters_by_status_and_birth_date(api: Api) -> None:
    born = await make.patient(api, birth_date="1990-05-17")
    await make.patient(api)

    answer = await api.admin.get("/patients?born=1990-05-17&status=active&status=archived")

    assert [patient["patient_id"] for patient in answer.json()["items"]] == [born["patient_id"]]
    assert (await api.admin.get("/patients?status=merged")).json() == {"items": [], "next_cursor": None}


async def test_a_list_is_one_entry_of_the_audit_log(api: Api) -> None:
    patient = await make.patient(api)

    await api.doctor.get("/patients")

    entry = (await api.audited(action="read"))[0]
    assert entry["after"] == {"ids": [patient["patient_id"]]}
    assert entry["patient_ids"] == [patient["patient_id"]]
    assert entry["actor_id"] == api.user_ids["doctor"]


async def test_a_patients_login_may_not_list_patients(api: Api) -> None:
    problem(await api.patient.get("/patients"), 403, "forbidden")
    problem(await api.anonymous.get("/patients"), 401, "unauthenticated")


async def test_a_doctors_patients_follow_his_appointments_and_come_in_pages_newest_first(api: Api) -> None:
    doctor_id, other = await make.doctor(api), await make.doctor(api)
    ids = [(await make.patient(api))["patient_id"] for _ in range(4)]
    booked = [
        await make.appointment(api, patient_id=patient_id, doctor_id=doctor_id, starts_at=make.workday(9 + number))
        for number, patient_id in enumerate(reversed(ids))
    ]

    async def listed(of: int) -> list[int]:
        found: list[int] = []
        answer = (await api.receptionist.get("/patients", params={"doctor_id": of, "limit": 2})).json()
        found += [patient["patient_id"] for patient in answer["items"]]
        while answer["next_cursor"] is not None:
            parameters = {"doctor_id": of, "limit": 2, "cursor": answer["next_cursor"]}
            answer = (await api.receptionist.get("/patients", params=parameters)).json()
            found += [patient["patient_id"] for patient in answer["items"]]
        return found

    assert await listed(doctor_id) == ids[::-1]
    moved, cancelled = booked[0]["appointment_id"], booked[1]["appointment_id"]
    assert (await api.receptionist.patch(f"/appointments/{moved}", json={"doctor_id": other})).status_code == 200
    body = {"reason": "ill", "by": "patient"}
    assert (await api.receptionist.post(f"/appointments/{cancelled}/cancel", json=body)).status_code == 200
    assert await listed(doctor_id) == [ids[1], ids[0]]
    assert await listed(other) == [ids[3]]

    merge = await api.admin.post(f"/patients/{ids[2]}/merge", json={"source_patient_id": ids[0]})
    assert merge.status_code == 200, merge.text
    assert await listed(doctor_id) == [ids[2], ids[1]]
