"""GET /sms, GET /phone_numbers/{phone_number_id}/sms and GET /patients/{patient_id}/sms."""

from typing import Any

from dcms.database.queries import queries
from tests import make
from tests.api import Api, bad_fields, problem


async def received(api: Api, number: str, text: str, **fields: Any) -> int:
    """A message that came in, as a webhook would store it."""
    sms_id: int = await api.owner.fetchval(
        """
        insert into sms (e164, patient_id, direction, text, status, segments, encoding, received_at)
        values ($1, $2, 'in', $3, 'received', 1, 'GSM-7', now())
        returning sms_id
        """,
        number,
        fields.get("patient_id"),
        text,
    )
    return sms_id


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [message["sms_id"] for message in answer.json()["items"]]


async def test_pages_are_newest_first_and_stable(api: Api) -> None:
    _, hold = await make.holder(api)
    sent = [(await make.sms(api, hold))["sms_id"] for _ in range(5)]

    for path in ("/sms", f"/phone_numbers/{hold}/sms", "/patients/1/sms"):
        seen: list[int] = []
        query = "?limit=2"
        while query:
            answer = await api.doctor.get(path + query)
            seen += ids(answer)
            cursor = answer.json()["next_cursor"]
            query = f"?limit=2&cursor={cursor}" if cursor else ""
        assert seen == sent[::-1]


async def test_filters(api: Api) -> None:
    anna, hold = await make.holder(api)
    bert, other_hold = await make.holder(api, "+4930123456")
    first = await make.sms(api, hold)
    second = await make.sms(api, other_hold, text="x", send=False)
    incoming = await received(api, "+491712345678", "hi", patient_id=anna)

    async def listed(query: str) -> list[int]:
        return ids(await api.assistant.get(f"/sms?{query}"))

    assert await listed("phone=0171-2345678") == [incoming, first["sms_id"]]
    assert await listed(f"patient_id={bert}") == [second["sms_id"]]
    assert await listed("direction=in") == [incoming]
    assert await listed("status=logged&status=received") == [incoming, second["sms_id"]]
    assert await listed("reviewed=false") == [incoming]
    assert await listed("reviewed=true") == []
    assert await listed("batch_id=1") == []
    at = second["created_at"].replace("+", "%2B")
    assert await listed(f"from={at}") == [incoming, second["sms_id"]]
    assert await listed(f"to={at}") == [first["sms_id"]]
    assert await listed(f"to={at}&status=logged") == []


async def test_a_search_finds_words_and_beginnings_without_accents(api: Api) -> None:
    anna, hold = await make.holder(api)
    texts = ["Your crowning moment", "The crown is ready, Zoë", "O'Neil paid 100% \\ e-mail", "nothing"]
    moment, crown, oneil, _ = [(await make.sms(api, hold, text=text))["sms_id"] for text in texts]
    bridge = await received(api, "+491712345678", "the crown hurts", patient_id=anna)

    async def found(query: str, **filters: Any) -> list[int]:
        return ids(await api.doctor.get("/sms", params={"query": query, **filters}))

    assert await found("crown") == [bridge, crown, moment]
    assert await found("CROWN zoe") == [crown]
    assert await found("ready crow") == [crown]
    assert await found("o'neil") == [oneil]
    assert await found("e-mail") == [oneil]
    assert await found("hurts ready") == []
    for query in ("%", "\\", "'", "&|!():*", "a:* | b", "<->"):
        await found(query)
    assert await found("!!!") == []
    assert await found("crown", direction="in") == [bridge]
    assert await found("crown", reviewed="false") == [bridge]
    assert await found("crown", status=["queued"], patient_id=anna, phone="+491712345678") == [crown, moment]
    assert await found("crown", batch_id=1) == []
    assert await found("crown", **{"from": "2100-01-01T00:00:00Z"}) == []
    assert await found("crown", to="2000-01-01T00:00:00Z") == []


async def test_pages_of_a_search_hold_every_hit_once(api: Api) -> None:
    _, hold = await make.holder(api)
    sent = [(await make.sms(api, hold, text=f"crown {'s' * n}"))["sms_id"] for n in range(5)]

    seen: list[int] = []
    query: dict[str, Any] | None = {"query": "crown", "limit": 2}
    while query:
        answer = await api.doctor.get("/sms", params=query)
        seen += ids(answer)
        cursor = answer.json()["next_cursor"]
        query = {"query": "crown", "limit": 2, "cursor": cursor} if cursor else None

    assert seen == sent[::-1]


async def test_a_search_ends_at_1000_hits_whole_words_before_beginnings(api: Api) -> None:
    async def write(text: str, messages: int) -> list[int]:
        rows = await api.owner.fetch(
            """
            insert into sms (direction, text, status, segments, encoding)
            select 'in', $1, 'received', 1, 'GSM-7' from generate_series(1, $2::integer)
            returning sms_id
            """,
            text,
            messages,
        )
        return [row["sms_id"] for row in rows][::-1]

    async def found() -> list[int]:
        hits: list[int] = []
        query: dict[str, Any] | None = {"query": "crown", "limit": 200}
        while query:
            answer = await api.doctor.get("/sms", params=query)
            hits += ids(answer)
            cursor = answer.json()["next_cursor"]
            query = {"query": "crown", "limit": 200, "cursor": cursor} if cursor else None
        return hits

    whole = await write("crown", 997)
    begun = await write("crowns", 5)
    few = await found()
    more = await write("the crown", 4)
    many = await found()

    assert few == whole + begun[:3]
    assert many == more + whole[:996]


async def test_a_search_sorts_without_taking_messages_apart(api: Api) -> None:
    query = queries("sms").search
    values = query.bind({**dict.fromkeys(query.parameters), "words": "crown"})
    plan = await api.owner.fetch("explain (verbose) " + query.text, *values)
    worked_out = [line for [line] in plan if line.lstrip().startswith(("Output:", "Sort Key:"))]

    assert worked_out
    assert [line for line in worked_out if "message_words" in line] == []


async def test_a_number_has_all_its_messages_and_a_patient_those_of_his_numbers(api: Api) -> None:
    anna, hold = await make.holder(api)
    bert, shared = await make.holder(api)
    carl, _ = await make.holder(api, "+4930123456")
    to_anna = (await make.sms(api, hold))["sms_id"]
    to_bert = (await make.sms(api, shared))["sms_id"]
    incoming = await received(api, "+491712345678", "who am I")

    for path in (f"/phone_numbers/{hold}/sms", f"/phone_numbers/{shared}/sms", f"/patients/{bert}/sms"):
        answer = await api.doctor.get(path)
        assert ids(answer) == [incoming, to_bert, to_anna]
        newest = answer.json()["items"][0]
        assert (newest["patient_id"], newest["candidates"], newest["phone_number_id"]) == (None, [anna, bert], None)
    assert ids(await api.doctor.get(f"/patients/{carl}/sms")) == []


async def test_messages_outlive_the_hold_on_their_number(api: Api) -> None:
    patient_id, hold = await make.holder(api)
    message = await make.sms(api, hold)

    await api.owner.execute("delete from patient_phone")

    kept = (await api.doctor.get(f"/patients/{patient_id}/sms")).json()["items"]
    assert [(each["sms_id"], each["phone_number_id"]) for each in kept] == [(message["sms_id"], None)]


async def test_bad_parameters_unknown_patients_and_permissions(api: Api) -> None:
    assert bad_fields(await api.doctor.get("/sms?phone=12&limit=0")) == {"limit", "phone"}
    assert bad_fields(await api.doctor.get("/sms?phone=12")) == {"phone"}
    assert bad_fields(await api.doctor.get("/sms?query=x&phone=12")) == {"phone"}
    query = "direction=up&status=gone&reviewed=maybe&from=2026-01-01&patient_id=0&x=1"
    assert bad_fields(await api.doctor.get(f"/sms?{query}")) == {
        *("direction", "status", "reviewed", "from", "patient_id", "x")
    }
    problem(await api.doctor.get("/patients/999/sms"), 404, "not_found")
    for path in ("/sms", "/patients/1/sms", "/phone_numbers/1/sms", "/sms/1"):
        problem(await api.patient.get(path), 403, "forbidden")
        problem(await api.anonymous.get(path), 401, "unauthenticated")


async def test_reading_a_patients_messages_is_audited(api: Api) -> None:
    patient_id, _ = await make.holder(api)

    await api.doctor.get(f"/patients/{patient_id}/sms")

    assert [row["patient_id"] for row in await api.audited(action="read")] == [patient_id]
