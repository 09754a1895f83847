"""GET /patients/{patient_id}/odontogram as a picture."""

from typing import Any, get_args
from xml.etree import ElementTree

import httpx

from dcms.odontogram.marks import MARKS
from dcms.teeth.structs import Condition
from tests import make
from tests.api import Api
from tests.treatments import rows

SVG = {"Accept": "image/svg+xml"}
NAMESPACE = "{http://www.w3.org/2000/svg}"


def picture(answer: httpx.Response) -> ElementTree.Element:
    """The picture of an answer, which must be well-formed and need nothing from elsewhere."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["vary"] == "Accept"
    svg = ElementTree.fromstring(answer.content)  # noqa: S314
    assert svg.tag == NAMESPACE + "svg"
    for element in svg.iter():
        assert element.tag.removeprefix(NAMESPACE) in {
            "svg", "title", "desc", "defs", "pattern", "rect", "path", "text", "tspan", "g", "ellipse"
        }  # fmt: skip
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in ("href", "style", "class")
            assert "url(" not in value or value.startswith("url(#")
            assert value.removeprefix("url(#").removesuffix(")") in ids(svg) or "url(" not in value
    return svg


def ids(svg: ElementTree.Element) -> set[str]:
    return {element.attrib["id"] for element in svg.iter() if "id" in element.attrib}


def titles(svg: ElementTree.Element) -> dict[str, str]:
    """What is said of each tooth, by its code."""
    said = [title.text or "" for title in svg.iterfind(f".//{NAMESPACE}g/{NAMESPACE}title")]
    return {words.split(" ")[0]: words for words in said}


def texts(svg: ElementTree.Element) -> list[str]:
    return ["".join(element.itertext()).strip() for element in svg.iter(NAMESPACE + "text")]


def column(svg: ElementTree.Element, code: str) -> float:
    """How far from the left a tooth stands."""
    for group in svg.iter(NAMESPACE + "g"):
        title = group.find(NAMESPACE + "title")
        if title is not None and (title.text or "").startswith(f"{code} "):
            return float(group.attrib["transform"].split("(")[1].split(" ")[0])
    raise AssertionError(f"no tooth {code}")


async def draw(api: Api, patient_id: int, query: str = "") -> ElementTree.Element:
    return picture(await api.receptionist.get(f"/patients/{patient_id}/odontogram{query}", headers=SVG))


async def test_both_arches_are_seen_from_the_front_the_patients_right_on_the_left(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    svg = await draw(api, patient_id)

    for row in (
        [18, 17, 16, 15, 14, 13, 12, 11, 21, 22, 23, 24, 25, 26, 27, 28],
        [48, 47, 46, 45, 44, 43, 42, 41, 31, 32, 33, 34, 35, 36, 37, 38],
    ):
        columns = [column(svg, str(code)) for code in row]
        assert columns == sorted(columns)
    assert len(titles(svg)) == 32
    assert svg.findtext(NAMESPACE + "desc") == "No findings."
    assert any("no record yet" in text for text in texts(svg))


async def test_every_condition_is_drawn_said_and_explained_without_colour(api: Api) -> None:
    given = await rows.practice(api)
    conditions = get_args(Condition)
    upper = [18, 17, 16, 15, 14, 13, 12, 11, 21, 22, 23, 24, 25, 26, 27, 28]
    teeth = [{"tooth_id": code, "condition": condition} for code, condition in zip(upper, conditions, strict=True)]
    await rows.treatment(api, given, {"status": "done", "teeth": teeth})

    svg = await draw(api, given.patient_id)

    assert set(MARKS) == set(conditions)
    said, shown = titles(svg), texts(svg)
    for code, condition in zip(upper, conditions, strict=True):
        assert MARKS[condition].label.lower() in said[str(code)]
        # on the tooth and in the legend
        assert shown.count(MARKS[condition].sign) == 2
        assert MARKS[condition].label in shown
        assert MARKS[condition].label.lower() in (svg.findtext(NAMESPACE + "desc") or "")
    assert len({mark.sign for mark in MARKS.values()}) == len(conditions)


async def test_planned_work_is_an_outline_and_primary_teeth_have_their_own_rows(api: Api) -> None:
    given = await rows.practice(api, birth_date="2020-01-01")
    await rows.treatment(api, given, {"teeth": [{"tooth_id": 36, "surfaces": "MO"}, {"tooth_id": 85}]})

    svg = await draw(api, given.patient_id, "?system=palmer")

    said = titles(svg)
    assert len(said) == 52
    assert said["LL6"] == "LL6 Lower left first molar: planned: Filling MO"
    assert said["LRE"].endswith("planned: Filling")
    assert texts(svg).count("F") == 3
    assert any("palmer notation" in text for text in texts(svg))


async def test_text_is_escaped_and_what_xml_cannot_hold_is_replaced(api: Api) -> None:
    given = await rows.practice(api)
    name = "<script>alert('1')</script> & \"x\" \x01\x0b\ufffe"
    service = await make.service_id(api, name=name, resulting_condition="crown")
    await rows.treatment(api, given, {"service_id": service, "teeth": [{"tooth_id": 36}]})

    svg = await draw(api, given.patient_id)

    assert "planned: <script>alert('1')</script> & \"x\" \ufffd\ufffd\ufffd" in titles(svg)["36"]


async def test_extra_teeth_have_a_place_of_their_own(api: Api) -> None:
    given = await rows.practice(api)
    body: dict[str, Any] = {"name": "Extra", "dentition": "permanent", "side": "left", "position": 20}
    teeth = []
    for number in range(20):
        arch = "upper" if number % 2 else "lower"
        added = await api.admin.post("/teeth/definitions", json={**body, "arch": arch})
        teeth.append({"tooth_id": added.json()["tooth_id"], "condition": "impacted"})
    await rows.treatment(api, given, {"status": "done", "teeth": teeth})

    svg = await draw(api, given.patient_id)

    assert len(titles(svg)) == 52
    width, height = (float(value) for value in svg.attrib["viewBox"].split()[2:])
    for tooth in teeth:
        assert 0 < column(svg, str(tooth["tooth_id"])) < width
    assert height > 1000


async def test_accept_decides_between_json_and_a_picture(api: Api) -> None:
    path = f"/patients/{(await make.patient(api))['patient_id']}/odontogram"
    for accept, media_type in (
        ("image/svg+xml", "image/svg+xml"),
        ("image/*", "image/svg+xml"),
        ("IMAGE/SVG+XML; q=0.9, application/json;q=0.8", "image/svg+xml"),
        ("image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8", "image/svg+xml"),
        ("*/*, application/json;q=0", "image/svg+xml"),
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/json", "application/json"),
        ("application/json, image/svg+xml", "application/json"),
        ("image/svg+xml;q=0.5, application/json;q=0.8", "application/json"),
        ("image/svg+xml;q=0, */*;q=0.1", "application/json"),
        ("image/svg+xml;q=high", "application/json"),
        ("text/html", "application/json"),
    ):
        answer = await api.doctor.get(path, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type, accept
        assert answer.headers["vary"] == "Accept"
        assert answer.headers["cache-control"] == "no-store"


async def test_a_picture_is_a_reading_of_the_record(api: Api) -> None:
    own = (await make.patient(api))["patient_id"]
    client = await api.own_patient(own)

    assert (await client.get(f"/patients/{own}/odontogram", headers=SVG)).status_code == 200
    denied = await client.get(f"/patients/{own + 1}/odontogram", headers=SVG)

    assert (denied.status_code, denied.headers["content-type"]) == (403, "application/problem+json")
    assert [entry["patient_id"] for entry in await api.audited(action="read")] == [own]
