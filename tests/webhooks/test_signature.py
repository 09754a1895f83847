"""Twilio's signature: its published vectors, and what was tampered with."""

import random

from dcms.webhooks.signature import is_body_signed, is_signed, signature_of
from tests.api import Api, problem
from tests.webhooks import twilio
from tests.webhooks.twilio import CALL, INBOUND, PUBLIC, STATUS, TOKEN

# https://www.twilio.com/docs/usage/security
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMETERS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_published_vector_holds() -> None:
    assert signature_of(TOKEN, URL, PARAMETERS.items()) == SIGNATURE
    assert is_signed(TOKEN, URL, SIGNATURE, PARAMETERS.items())


def test_the_vectors_of_the_provider_s_own_library_hold() -> None:
    body = b'{"property": "value", "boolean": true}'
    url = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

    assert is_signed(TOKEN, url, "a9nBmqA0ju/hNViExpshrM61xv4=")
    assert is_body_signed(url, body)
    assert not is_body_signed(url, body + b" ")
    assert not is_body_signed(URL, body)
    assert is_signed(TOKEN, URL.replace(".com", ".com:443"), SIGNATURE, PARAMETERS.items())


def test_the_standard_port_may_be_written_or_left_out_and_no_other() -> None:
    with_port = signature_of(TOKEN, "https://a.example:443/x")
    without = signature_of(TOKEN, "https://a.example/x")
    other = signature_of(TOKEN, "https://a.example:8443/x")

    for url in ("https://a.example/x", "https://a.example:443/x"):
        assert is_signed(TOKEN, url, with_port)
        assert is_signed(TOKEN, url, without)
        assert not is_signed(TOKEN, url, other)
    assert not is_signed(TOKEN, "https://a.example:8443/x", without)
    assert is_signed(TOKEN, "http://a.example?x=1", signature_of(TOKEN, "http://a.example:80?x=1"))
    assert not is_signed(TOKEN, "http://a.example/x", signature_of(TOKEN, "http://a.example:443/x"))


def test_repeated_parameters_count_each_value_once_in_order() -> None:
    pairs = [("b", "2"), ("a", "z"), ("a", "y"), ("a", "z")]

    assert signature_of(TOKEN, URL, pairs) == signature_of(TOKEN, URL + "ayazb2")


def test_ten_thousand_mutated_requests_are_refused() -> None:
    chance = random.Random(7)
    refused = 0
    for _ in range(10_000):
        url, token, signature, parameters = URL, TOKEN, SIGNATURE, dict(PARAMETERS)
        match chance.randrange(6):
            case 0:
                url = mutated(url, chance)
            case 1:
                signature = mutated(signature, chance)
            case 2:
                token = mutated(token, chance)
            case 3:
                name = chance.choice(list(parameters))
                parameters[name] = mutated(parameters[name], chance)
            case 4:
                del parameters[chance.choice(list(parameters))]
            case 5:
                parameters[f"X{chance.random()}"] = "1"
        refused += not is_signed(token, url, signature, parameters.items())

    assert refused == 10_000


def mutated(text: str, chance: random.Random) -> str:
    """The text with one character changed, added or taken away."""
    at = chance.randrange(len(text))
    other = chance.choice([letter for letter in "abcXYZ019+/=:?&é" if letter != text[at]])
    return text[:at] + chance.choice([other, "", text[at] + other]) + text[at + 1 :]


async def test_what_is_not_signed_is_403_and_nothing_is_kept(api: Api) -> None:
    form = twilio.form(MessageSid="SM1", From="+491712345678", Body="hi", CallSid="CA1", MessageStatus="sent")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in (INBOUND, STATUS, CALL):
        good = signature_of(TOKEN, PUBLIC + path, [])
        for signature in ("", "x", "é", good, "A" * 9000):
            signed = {**headers, "X-Twilio-Signature": signature.encode("latin-1")}
            answer = await api.anonymous.post(path, content=form, headers=signed)  # type: ignore[arg-type]
            problem(answer, 403, "invalid_signature")
        problem(await api.anonymous.post(path, content=form, headers=headers), 403, "invalid_signature")
        problem(await api.anonymous.post(path), 403, "invalid_signature")
        problem(await api.anonymous.post(path, json={"MessageSid": "SM1"}), 403, "invalid_signature")
        problem(await api.admin.post(path + "?unknown=1", content=b"\xff\0"), 403, "invalid_signature")

    assert await api.owner.fetchval("select count(*) from webhook_event") == 0
    assert await api.owner.fetchval("select count(*) from sms") == 0


async def test_size_comes_before_the_signature(api: Api) -> None:
    problem(await api.anonymous.post(INBOUND, content=b"x" * 300_000), 413, "too_large")


async def test_a_json_body_needs_its_digest_in_the_query(api: Api) -> None:
    fields = {"MessageSid": "SM1", "From": "+491712345678", "Body": "hi", "NumMedia": 0, "X": None}

    assert (await twilio.post_json(api, INBOUND, fields)).status_code == 200
    problem(await twilio.post_json(api, INBOUND, fields, digest="0" * 64), 403, "invalid_signature")
    unsigned_body = {"Content-Type": "application/json", "X-Twilio-Signature": signature_of(TOKEN, PUBLIC + INBOUND)}
    problem(await api.anonymous.post(INBOUND, content=b"{}", headers=unsigned_body), 403, "invalid_signature")
    problem(await twilio.post_json(api, INBOUND, [1]), 400, "invalid_request")
    problem(await twilio.post_json(api, INBOUND, {"MessageSid": {"a": 1}}), 400, "invalid_request")

    assert await api.owner.fetchval("select count(*) from sms") == 1


async def test_another_type_is_415_once_it_is_signed(api: Api) -> None:
    headers = {"X-Twilio-Signature": signature_of(TOKEN, PUBLIC + INBOUND), "Content-Type": "text/plain"}

    problem(await api.anonymous.post(INBOUND, content=b"", headers=headers), 415, "unsupported_media_type")


async def test_the_url_is_the_configured_one_with_the_query_as_it_came(api: Api) -> None:
    query = "b=2&a=1%20+&b=1&empty="

    answer = await twilio.post(api, INBOUND, query, MessageSid="SM1", From="+491712345678", Body="hi")

    assert answer.status_code == 200
    reordered = await api.anonymous.post(
        f"{INBOUND}?a=1%20+&b=2&b=1&empty=",
        data={"MessageSid": "SM1"},
        headers={"X-Twilio-Signature": signature_of(TOKEN, f"{PUBLIC}{INBOUND}?{query}", [("MessageSid", "SM1")])},
    )
    problem(reordered, 403, "invalid_signature")
