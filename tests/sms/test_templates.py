"""Rendering, against a plain model; and /sms/templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcms.sms.templates import Rendered, names_in, render, template_faults
from tests import make
from tests.api import Api, bad_fields, problem

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}(\.[a-z_][a-z0-9_]{0,8})?", fullmatch=True)
PLAIN = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=20)
MALFORMED = [
    "{{}}",
    "{{a",
    "}}b",
    "{{1}}",
    "{{a.}}",
    "{{.a}}",
    "{{{a}}}",
    "{{a}}}",
    "{{a|upper}}",
    "{{a()}}",
    "{{#if}}",
]
MALFORMED += ["{{#if}}", "{{a[0]}}", "{{ä}}", "{{{{a}}}}", "{{a b}}", "{{a\n}}", "{{ }}", "{{" + "a" * 101 + "}}"]


@given(st.lists(st.tuples(PLAIN, NAMES), max_size=8), PLAIN, st.dictionaries(NAMES, st.text(max_size=20)))
def test_each_name_is_replaced_once_and_nothing_else_changes(
    parts: list[tuple[str, str]], end: str, values: dict[str, str]
) -> None:
    template = "".join(plain + "{{" + name + "}}" for plain, name in parts) + end
    expected = "".join(plain + values.get(name, "{{" + name + "}}") for plain, name in parts) + end
    missing = list(dict.fromkeys(name for _, name in parts if name not in values))

    assert template_faults(template) == []
    assert names_in(template) == {name for _, name in parts}
    assert render(template, values) == Rendered(expected, missing)


@given(st.text(st.sampled_from("{}a. |1"), max_size=14))
def test_a_template_is_well_formed_or_refused(template: str) -> None:
    if template_faults(template):
        assert "{{" in template or "}}" in template
    else:
        rendered = render(template, dict.fromkeys(names_in(template), "-"))
        assert rendered.missing == []
        assert "{{" not in rendered.text
        assert "}}" not in rendered.text


@pytest.mark.parametrize("template", MALFORMED)
def test_malformed_braces_are_named(template: str) -> None:
    assert template_faults(template)


def test_a_value_with_braces_is_put_in_as_it_is() -> None:
    assert render("{{ a }} {b} {{b}}", {"a": "{{b}}", "b": "{{a}}"}).text == "{{b}} {b} {{a}}"


async def test_adding_a_template_answers_201_with_its_location(api: Api) -> None:
    answer = await api.receptionist.post("/sms/templates", json={"name": " Recall ", "text": "Dear {{who}}"})

    template = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/sms/templates/{template['template_id']}"
    assert template == {
        "template_id": template["template_id"],
        "name": "Recall",
        "text": "Dear {{who}}",
        "locale": None,
        "is_active": True,
        "created_at": template["created_at"],
        "version": 1,
    }
    assert (await api.doctor.get(f"/sms/templates/{template['template_id']}")).json() == template
    assert [row["entity_id"] for row in await api.audited(entity="sms_template")] == [template["template_id"]]


async def test_names_are_unique_in_any_case_until_deleted(api: Api) -> None:
    template_id = await make.template(api, "Recall")
    other = await make.template(api, "Other")

    answer = await api.receptionist.post("/sms/templates", json={"name": "RECALL", "text": "x"})
    renamed = await api.receptionist.patch(f"/sms/templates/{other}", json={"name": "recall"})

    for refused in (answer, renamed):
        assert problem(refused, 409, "duplicate")["errors"][0]["field"] == "name"
    assert (await api.receptionist.delete(f"/sms/templates/{template_id}")).status_code == 204
    problem(await api.receptionist.get(f"/sms/templates/{template_id}"), 404, "not_found")
    problem(await api.receptionist.delete(f"/sms/templates/{template_id}"), 404, "not_found")
    await make.template(api, "recall")


async def test_bad_templates_are_refused(api: Api) -> None:
    template_id = await make.template(api)
    body = {"name": "", "text": "Dear {{patient.first_name", "locale": "!", "is_active": "yes", "size": 1}

    assert bad_fields(await api.receptionist.post("/sms/templates", json=body)) == set(body)
    assert bad_fields(await api.receptionist.patch(f"/sms/templates/{template_id}", json=body)) == set(body)
    assert bad_fields(await api.receptionist.post("/sms/templates", json={})) == {"name", "text"}
    assert (await api.receptionist.get(f"/sms/templates/{template_id}")).json()["version"] == 1


async def test_changing_a_template_counts_its_version(api: Api) -> None:
    path = f"/sms/templates/{await make.template(api, locale='de')}"
    etag = (await api.doctor.get(path)).headers["etag"]

    changed = await api.receptionist.patch(path, json={"locale": None, "is_active": False}, headers={"If-Match": etag})
    stale = await api.receptionist.patch(path, json={"text": "x"}, headers={"If-Match": etag})

    assert changed.json()["version"] == 2
    assert (changed.json()["locale"], changed.json()["is_active"]) == (None, False)
    problem(stale, 412, "version_mismatch")
    problem(await api.receptionist.delete(path, headers={"If-Match": etag}), 412, "version_mismatch")
    problem(await api.receptionist.patch("/sms/templates/999", json={"text": "x"}), 404, "not_found")


async def test_templates_are_listed_by_name(api: Api) -> None:
    for name in ("b", "C", "a"):
        await make.template(api, name)

    first = (await api.assistant.get("/sms/templates?limit=2")).json()
    second = (await api.assistant.get(f"/sms/templates?limit=2&cursor={first['next_cursor']}")).json()

    assert [each["name"] for each in first["items"] + second["items"]] == ["a", "b", "C"]
    assert second["next_cursor"] is None


async def test_who_may_not_write_messages_may_not_write_templates(api: Api) -> None:
    template_id = await make.template(api)

    problem(await api.doctor.post("/sms/templates", json={"name": "x", "text": "x"}), 403, "forbidden")
    problem(await api.assistant.patch(f"/sms/templates/{template_id}", json={}), 403, "forbidden")
    problem(await api.doctor.delete(f"/sms/templates/{template_id}"), 403, "forbidden")
    problem(await api.patient.get("/sms/templates"), 403, "forbidden")
