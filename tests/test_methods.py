"""OPTIONS, HEAD and methods that a path doesn't take."""

from tests import make
from tests.api import Api, problem


async def test_options_names_every_method_of_the_path(api: Api) -> None:
    answer = await api.anonymous.options("/patients/1")

    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"


async def test_another_method_answers_405_and_names_those_there_are(api: Api) -> None:
    answer = await api.admin.put("/patients/1", json={})

    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PATCH"}


async def test_trace_is_no_method_here(api: Api) -> None:
    for path in ("/patients/1", "http://testserver/home"):
        problem(await api.admin.request("TRACE", path), 405, "method_not_allowed")


async def test_head_is_get_without_a_body(api: Api) -> None:
    path = f"/patients/{(await make.patient(api))['patient_id']}"

    head, get = await api.admin.head(path), await api.admin.get(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_null_in_a_query_string_is_a_word(api: Api) -> None:
    problem(await api.admin.get("/patients?born=null"), 400, "invalid_request")
    assert (await api.admin.get("/patients?born=")).status_code == 200
