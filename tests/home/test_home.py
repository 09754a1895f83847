"""GET /home, as JSON and as a page with a login of its own."""

import re
import unicodedata
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from tests import make
from tests.api import PASSWORD, Api, problem

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9"}


def root(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client at the root of the service."""
    client.base_url = httpx.URL("http://127.0.0.1")
    return client


async def give_password(api: Api, username: str) -> None:
    password_hash = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(PASSWORD)
    await api.owner.execute("update dcms_user set password_hash = $1 where username = $2", password_hash, username)


async def log_in(api: Api, username: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    who = "patient" if username == "patient" else "staff"
    form = {"username": username, "password": password, "who": who}
    return await root(api.anonymous).post("/home/login", data=form, headers=headers)


@pytest.mark.parametrize("role", ["admin", "manager", "doctor", "assistant", "receptionist", "patient"])
async def test_each_role_has_its_view(api: Api, role: str) -> None:
    answer = await root(getattr(api, role)).get("/home")

    home: dict[str, Any] = answer.json()
    assert answer.status_code == 200, answer.text
    assert home["view"] == role
    assert home["message"]
    assert {"title": "API", "href": "/schema"} in home["links"]
    assert home["widgets"]
    assert {widget["kind"] for widget in home["widgets"]} <= {"visits", "numbers", "chart"}


async def test_a_patients_page_holds_his_own_account(api: Api) -> None:
    patient = await make.patient(api)
    client = root(await api.own_patient(patient["patient_id"]))

    home = (await client.get("/home")).json()

    assert {"title": "My record", "href": f"/api/v1/patients/{patient['patient_id']}"} in home["links"]
    account = next(widget for widget in home["widgets"] if widget["kind"] == "numbers")
    assert account["numbers"][0] == {"title": "Balance", "value": "0.00 EUR", "is_urgent": False}


async def test_without_a_session_programs_get_401_and_people_the_login(api: Api) -> None:
    client = root(api.anonymous)

    problem(await client.get("/home"), 401, "unauthenticated")
    redirect = await client.get("/home", headers=HTML)
    form = await client.get("/home/login", headers=HTML)

    assert (redirect.status_code, redirect.headers["location"]) == (303, "/home/login")
    assert form.status_code == 200
    assert "default-src 'none'" in form.headers["content-security-policy"]


async def test_the_form_gives_a_cookie_that_opens_the_page_and_nothing_else(api: Api) -> None:
    await give_password(api, "receptionist")

    answer = await log_in(api, "receptionist", **{"Sec-Fetch-Site": "same-origin"})
    client = root(api.anonymous)
    page = await client.get("/home", headers=HTML)
    elsewhere = await client.get("/api/v1/patients")

    assert (answer.status_code, answer.headers["location"]) == (303, "/home")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/home"))
    assert "Secure" not in cookie
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Next patients" in page.text
    problem(elsewhere, 401, "unauthenticated")


async def test_off_this_machine_the_cookie_is_secure(api: Api) -> None:
    await give_password(api, "receptionist")

    answer = await log_in(api, "receptionist", Host="clinic.example")

    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_logging_out_ends_the_session(api: Api) -> None:
    await give_password(api, "doctor")
    await log_in(api, "doctor")
    client = root(api.anonymous)
    cookies = dict(client.cookies)

    answer = await client.post("/home/logout", headers=HTML)
    again = await client.get("/home", headers={**HTML, "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})

    assert (answer.status_code, answer.headers["location"]) == (303, "/home")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (again.status_code, again.headers["location"]) == (303, "/home/login")


async def test_a_wrong_password_is_said_on_the_form(api: Api) -> None:
    await give_password(api, "doctor")

    answer = await log_in(api, "doctor", "not the password")

    assert answer.status_code == 401
    assert "The username or the password is wrong." in answer.text


async def test_the_form_keeps_the_name_and_nothing_else_of_a_wrong_try(api: Api) -> None:
    form = {"username": '"><b>anna', "password": "not-the-password", "who": "patient"}
    answer = await root(api.anonymous).post("/home/login", data=form)

    assert 'value="&#34;&gt;&lt;b&gt;anna"' in answer.text
    assert 'value="patient" checked' in answer.text
    assert "not-the-password" not in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "http://["}]
)
async def test_another_site_can_log_nobody_in_or_out(api: Api, headers: dict[str, str]) -> None:
    await give_password(api, "doctor")

    problem(await log_in(api, "doctor", **headers), 403, "forbidden")


@pytest.mark.parametrize("cookie", ["", "x", "k1.1.1.AAAA", "k1.1.1", "k9.1.1.x", "a.b.c.d"])
async def test_a_made_up_cookie_opens_nothing(api: Api, cookie: str) -> None:
    client = root(api.anonymous)

    answer = await client.get("/home", headers={**HTML, "Cookie": f"dcms_page={cookie}"})

    assert answer.status_code == 303


@pytest.mark.parametrize("others", ["a(b=1", "a,b=1", "0@q=1", "x=a b", "flag", '"', "="])
async def test_cookies_of_others_are_no_fault(api: Api, others: str) -> None:
    await give_password(api, "doctor")
    cookie = (await log_in(api, "doctor")).headers["set-cookie"].partition(";")[0]
    client = root(api.client(None))

    for cookies, status in ((others, 303), (f"{others}; {cookie}", 200), (f"{cookie}; {others}", 200)):
        assert (await client.get("/home", headers={**HTML, "Cookie": cookies})).status_code == status


async def test_a_form_of_something_else_is_400(api: Api) -> None:
    answer = await root(api.anonymous).post("/home/login", data={f"field{number}": "x" for number in range(11)})

    problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("host", ["[", "a]b", "[::1", "localhost.evil.example"])
async def test_a_host_that_is_none_is_not_this_machine(api: Api, host: str) -> None:
    await give_password(api, "doctor")
    scope_host = {"Host": host}

    answer = await log_in(api, "doctor", **scope_host)

    assert answer.status_code in (303, 400)
    assert answer.status_code == 400 or answer.headers["set-cookie"].endswith("; Secure")


async def test_a_password_is_the_same_however_its_accents_are_typed(api: Api) -> None:
    composed = "Zw\u00f6lf-Boxk\u00e4mpfer-jagen"
    password_hash = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(composed)
    await api.owner.execute("update dcms_user set password_hash = $1 where username = 'doctor'", password_hash)

    assert (await log_in(api, "doctor", unicodedata.normalize("NFD", composed))).status_code == 303


async def test_who_must_change_his_password_may_log_out(api: Api) -> None:
    await give_password(api, "doctor")
    await log_in(api, "doctor")
    await api.owner.execute("update dcms_user set must_change_password = true where username = 'doctor'")

    assert (await root(api.anonymous).post("/home/logout", headers=HTML)).status_code == 303
    assert (await root(api.anonymous).get("/home", headers=HTML)).headers["location"] == "/home/login"


async def test_names_are_escaped_and_nothing_comes_from_elsewhere(api: Api) -> None:
    await give_password(api, "admin")
    await api.owner.execute("update clinic set name = '<script>alert(1)</script> & sons'")
    await log_in(api, "admin")

    page = (await root(api.anonymous).get("/home", headers=HTML)).text

    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert re.findall(r'(?:src|href|action)="([^"]+)"', page)
    assert not [url for url in re.findall(r'(?:src|href|action)="([^"]+)"', page) if "//" in url]
