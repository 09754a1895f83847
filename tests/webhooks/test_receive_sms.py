"""POST /sms/webhook/inbound."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcms.webhooks.events import number_of, wants_no_messages
from tests import make
from tests.api import Api, bad_fields
from tests.webhooks import twilio
from tests.webhooks.twilio import INBOUND

NUMBER = "+491712345678"


async def receive(api: Api, text: str, sid: str = "SM1", number: str = NUMBER) -> None:
    answer = await twilio.post(api, INBOUND, MessageSid=sid, From=number, To="+4930111", Body=text)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


async def listed(api: Api) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.doctor.get("/sms?direction=in")).json()["items"]
    return items


async def is_opted_out(api: Api, number: str = NUMBER) -> bool:
    opted_out: bool = await api.owner.fetchval("select sms_opt_out from phone_number where e164 = $1", number)
    return opted_out


async def test_a_message_finds_the_one_holder_of_its_number(api: Api) -> None:
    patient_id, hold = await make.holder(api)

    await receive(api, " Can I come later? ")

    [message] = await listed(api)
    assert message == {
        "sms_id": message["sms_id"],
        "phone_number_id": hold,
        "patient_id": patient_id,
        "candidates": [],
        "e164": NUMBER,
        "direction": "in",
        "text": "Can I come later?",
        "status": "received",
        "segments": 1,
        "encoding": "GSM-7",
        "template_id": None,
        "batch_id": None,
        "appointment_id": None,
        "provider": "twilio",
        "provider_message_id": "SM1",
        "error_code": None,
        "scheduled_for": None,
        "sent_at": None,
        "delivered_at": None,
        "received_at": message["received_at"],
        "reviewed_at": None,
        "reviewed_by": None,
        "created_by": None,
        "created_at": message["created_at"],
        "version": 1,
    }
    event = await api.owner.fetchrow("select * from webhook_event")
    assert event is not None
    assert event["worked_at"] is not None
    assert b"Body=+Can+I+come+later%3F+" in event["body"]


async def test_of_several_holders_none_is_guessed(api: Api) -> None:
    first, _ = await make.holder(api)
    second, _ = await make.holder(api)

    await receive(api, "hi")

    [message] = await listed(api)
    assert (message["patient_id"], message["phone_number_id"]) == (None, None)
    assert message["candidates"] == [first, second]


async def test_an_unknown_number_is_kept_and_a_sender_without_number_too(api: Api) -> None:
    await receive(api, "hi", "SM1", "+14155550123")
    await receive(api, "your code is 1", "SM2", "262966")
    await receive(api, "", "SM3", "+14155550123")

    assert [(each["e164"], each["patient_id"], each["candidates"]) for each in await listed(api)] == [
        ("+14155550123", None, []),
        (None, None, []),
        ("+14155550123", None, []),
    ]


async def test_the_same_event_at_once_and_again_has_one_effect(api: Api) -> None:
    await make.holder(api)

    await twilio.at_once(receive(api, "hi") for _ in range(8))
    await receive(api, "hi")

    assert len(await listed(api)) == 1
    assert await api.owner.fetchval("select deliveries from webhook_event") == 9
    assert len(await api.audited(entity="sms")) == 1


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Unsubscribe!", "END", "quit", "Cancel ?!", "stop…"])
async def test_stop_words_opt_the_number_out_everywhere(api: Api, text: str) -> None:
    _, hold = await make.holder(api)
    _, other_hold = await make.holder(api)

    await receive(api, text)

    for each in (hold, other_hold):
        answer = await api.receptionist.post(f"/phone_numbers/{each}/sms", json={"text": "x"})
        assert answer.json()["code"] == "opted_out"


async def test_start_words_opt_in_again_and_other_texts_change_nothing(api: Api) -> None:
    await make.holder(api)
    for number, text, expected in [
        ("1", "please stop", False),
        ("2", "HELP", False),
        ("3", "STOP", True),
        ("4", "help", True),
        ("5", "don't stop", True),
        ("6", "Unstop!", False),
        ("7", "stop", True),
        ("8", "START", False),
    ]:
        await receive(api, text, f"SM{number}")
        assert await is_opted_out(api) is expected, text


async def test_a_number_nobody_holds_yet_can_opt_out(api: Api) -> None:
    await receive(api, "STOP")
    _, hold = await make.holder(api)

    answer = await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"text": "x"})

    assert answer.json()["code"] == "opted_out"


async def test_the_order_of_first_receipt_counts(api: Api) -> None:
    await receive(api, "STOP", "SM1")
    await receive(api, "START", "SM2")
    await receive(api, "STOP", "SM1")

    assert await is_opted_out(api) is False


async def test_a_stop_that_is_worked_on_late_does_not_undo_a_later_start(api: Api) -> None:
    await api.owner.execute("alter table sms rename to sms_away")
    await receive(api, "STOP", "SM1")
    await api.owner.execute("alter table sms_away rename to sms")
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 1
    await receive(api, "START", "SM2")

    await api.owner.execute("update webhook_event set received_at = received_at - interval '5 seconds'")
    await sweep(api)

    assert await is_opted_out(api) is False
    assert [each["text"] for each in await listed(api)] == ["STOP", "START"]


async def test_what_failed_is_worked_on_as_long_as_it_is_kept(api: Api) -> None:
    await api.owner.execute("alter table sms rename to sms_away")
    await api.owner.execute("alter table call rename to call_away")
    await receive(api, "STOP")
    await twilio.post(api, twilio.CALL, CallSid="CA1", CallStatus="ringing", From=NUMBER, To="+4930111")
    await api.owner.execute("alter table sms_away rename to sms")
    await api.owner.execute("alter table call_away rename to call")
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 2

    await api.owner.execute("update webhook_event set received_at = received_at - interval '89 days'")
    await sweep(api)

    assert await is_opted_out(api) is True
    assert [each["text"] for each in await listed(api)] == ["STOP"]
    assert await api.owner.fetchval("select count(*) from call where provider_call_id = 'CA1'") == 1


async def test_events_three_times_in_random_order_end_as_once_in_order(api: Api) -> None:
    texts = ["hi", "STOP", "what?", "START", "ok", "stop", "bye"]
    events = [(text, f"SM{number}") for number, text in enumerate(texts)]
    for event in events:
        await receive(api, *event)

    again = events * 3
    random.Random(3).shuffle(again)
    await twilio.at_once(receive(api, *event) for event in again)

    assert [each["text"] for each in await listed(api)] == texts[::-1]
    assert await is_opted_out(api) is True


async def test_what_is_no_event_is_400_and_a_long_text_is_cut(api: Api) -> None:
    for sid in ("", "a b", "x" * 65, "SM\0"):
        assert bad_fields(await twilio.post(api, INBOUND, MessageSid=sid, From=NUMBER, Body="x")) == {"MessageSid"}
    await receive(api, "a\0b" + "x" * 20_000)

    assert (await listed(api))[0]["text"] == "ab" + "x" * 9_998


async def sweep(api: Api) -> None:
    """What a worker does every second."""
    from dcms.context import Context, current_context
    from dcms.webhooks.repository import WebhookRepository

    token = current_context.set(Context("sweep"))
    await WebhookRepository(api.services.database).sweep()
    current_context.reset(token)


@given(st.sampled_from(["stop", "START", "Quit"]), st.text(" .,!?…;:-_\n", max_size=5))
def test_final_punctuation_and_case_do_not_matter(word: str, end: str) -> None:
    assert wants_no_messages(word + end) is (word != "START")
    assert wants_no_messages("x" + word + end) is None
    assert wants_no_messages(f"{word} x{end}") is None


def test_hidden_numbers_are_none() -> None:
    for given_number in ("anonymous", "+266696687", "", "Restricted", "sip:a@b", "+", "12345", "+1" * 40):
        assert number_of(given_number) is None
    assert number_of(" +49 171 2345678 ") == {
        "e164": NUMBER,
        "national": "0171 2345678",
        "region": "DE",
        "type": "mobile",
    }
    assert number_of("+999123456") == {
        "e164": "+999123456",
        "national": "+999123456",
        "region": None,
        "type": "unknown",
    }
