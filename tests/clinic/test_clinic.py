"""GET and PATCH /clinic."""

from tests.api import Api, bad_fields, problem


async def test_the_clinic_is_shown_to_everybody_who_is_logged_in(api: Api) -> None:
    answers = [await client.get("/clinic") for client in (api.admin, api.assistant, api.patient)]

    clinic = answers[0].json()
    assert clinic == {
        "name": "Dental clinic",
        "legal_name": None,
        "phone": None,
        "email": None,
        "address": None,
        "website": None,
        "updated_at": clinic["updated_at"],
        "version": 1,
    }
    assert [answer.json() for answer in answers] == [clinic] * 3
    problem(await api.anonymous.get("/clinic"), 401, "unauthenticated")


async def test_absent_stays_and_null_clears(api: Api) -> None:
    await api.manager.patch("/clinic", json={"phone": "030 123456", "website": "https://example.org/praxis"})

    answer = await api.manager.patch(
        "/clinic",
        json={
            "name": " Zahnärzte am Park ",
            "phone": None,
            "email": "post@example.org",
            "address": "Am Park 1\nBerlin",
        },
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "name": "Zahnärzte am Park",
        "legal_name": None,
        "phone": None,
        "email": "post@example.org",
        "address": "Am Park 1\nBerlin",
        "website": "https://example.org/praxis",
        "updated_at": answer.json()["updated_at"],
        "version": 3,
    }
    assert answer.headers["etag"] == (await api.doctor.get("/clinic")).headers["etag"]


async def test_a_change_to_the_same_is_none(api: Api) -> None:
    before = (await api.admin.get("/clinic")).json()

    for body in ({}, {"name": before["name"], "phone": None}):
        assert (await api.admin.patch("/clinic", json=body)).json() == before
    assert await api.audited(entity="clinic") == []


async def test_a_change_is_audited(api: Api) -> None:
    await api.manager.patch("/clinic", json={"name": "Am Park"})

    entry = (await api.audited(entity="clinic"))[0]
    assert (entry["action"], entry["actor_id"]) == ("update", api.user_ids["manager"])
    assert (entry["before"], entry["after"]) == ({"name": "Dental clinic"}, {"name": "Am Park"})


async def test_every_bad_field_is_named(api: Api) -> None:
    body = {"name": None, "email": "post", "website": "javascript:alert(1)", "phone": 7, "version": 9, "fax": "1"}

    answer = await api.admin.patch("/clinic", json=body)

    assert bad_fields(answer) == body.keys()
    assert (await api.admin.get("/clinic")).json()["version"] == 1


async def test_only_admins_and_managers_change_it(api: Api) -> None:
    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.patch("/clinic", json={"name": "Mine"}), 403, "forbidden")
    problem(await api.anonymous.patch("/clinic", json={"name": "Mine"}), 401, "unauthenticated")
    assert {row["entity"] for row in await api.audited(action="denied")} == {"clinic"}


async def test_another_version_is_412_and_changes_nothing(api: Api) -> None:
    etag = (await api.admin.get("/clinic")).headers["etag"]

    first = await api.admin.patch("/clinic", json={"name": "One"}, headers={"If-Match": etag})
    second = await api.admin.patch("/clinic", json={"name": "Two"}, headers={"If-Match": etag})

    assert first.status_code == 200
    problem(second, 412, "version_mismatch")
    assert (await api.admin.get("/clinic")).json() == first.json()
