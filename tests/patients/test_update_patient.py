"""PATCH /patients/{patient_id} and GET of the same."""

from tests import make
from tests.api import Api, bad_fields, problem


async def test_absent_stays_and_null_clears(api: Api) -> None:
    patient = await make.patient(api, email="anna@example.org", note="likes tea", alerts=["latex"])

    answer = await api.doctor.patch(f"/patients/{patient['patient_id']}", json={"email": None, "last_name": "Meier"})

    changed = answer.json()
    assert answer.status_code == 200
    assert (changed["email"], changed["last_name"], changed["note"]) == (None, "Meier", "likes tea")
    assert changed["version"] == 2
    assert changed == (await api.doctor.get(f"/patients/{patient['patient_id']}")).json()


async def test_an_empty_change_changes_nothing(api: Api) -> None:
    patient = await make.patient(api)

    answer = await api.admin.patch(f"/patients/{patient['patient_id']}", json={})

    assert answer.json()["version"] == 1
    assert await api.audited(action="update", entity="patient") == []


async def test_if_match_lets_only_the_version_named_through(api: Api) -> None:
    path = f"/patients/{(await make.patient(api))['patient_id']}"
    etag = (await api.admin.get(path)).headers["etag"]

    first = await api.admin.patch(path, json={"note": "1"}, headers={"If-Match": etag})
    second = await api.admin.patch(path, json={"note": "2"}, headers={"If-Match": etag})
    weak = await api.admin.patch(path, json={"note": "3"}, headers={"If-Match": "W/" + first.headers["etag"]})
    any_version = await api.admin.patch(path, json={"note": "4"}, headers={"If-Match": "*"})

    assert first.status_code == 200
    problem(second, 412, "version_mismatch")
    problem(weak, 412, "version_mismatch")
    assert any_version.json()["note"] == "4"


async def test_if_none_match_answers_304_until_something_changes(api: Api) -> None:
    path = f"/patients/{(await make.patient(api))['patient_id']}"
    etag = (await api.admin.get(path)).headers["etag"]

    unchanged = await api.admin.get(path, headers={"If-None-Match": f'"x", W/{etag}'})
    await api.admin.patch(path, json={"note": "1"})
    changed = await api.admin.get(path, headers={"If-None-Match": etag})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == etag
    assert changed.status_code == 200
    assert len(await api.audited(action="read")) == 3


async def test_bad_fields_are_named(api: Api) -> None:
    patient = await make.patient(api)

    answer = await api.admin.patch(
        f"/patients/{patient['patient_id']}",
        json={"first_name": None, "patient_id": 7, "email": "x", "phone_numbers": []},
    )

    assert bad_fields(answer) == {"first_name", "patient_id", "email", "phone_numbers"}


async def test_what_names_nothing_is_404(api: Api) -> None:
    for path in ("/patients/1", "/patients/0", "/patients/99999999999999999999", "/patients/abc", "/nowhere"):
        problem(await api.admin.get(path), 404, "not_found")
    problem(await api.admin.patch("/patients/1", json={}), 404, "not_found")


async def test_a_patients_login_reads_his_own_record_only(api: Api) -> None:
    own = await make.patient(api, note="for staff")
    other = await make.patient(api)
    client = await api.own_patient(own["patient_id"])

    answer = await client.get(f"/patients/{own['patient_id']}")

    assert answer.status_code == 200
    assert answer.json()["note"] is None
    for patient_id in (other["patient_id"], 12345):
        problem(await client.get(f"/patients/{patient_id}"), 403, "forbidden")
    problem(await client.patch(f"/patients/{own['patient_id']}", json={}), 403, "forbidden")
