"""What a mapping file may say, and what a file must have for it."""

import pytest

from dcms.imports.mapping import MappingError
from dcms.imports.run import NotAllowed
from tests.api import Api
from tests.imports.files import ANNA, APPOINTMENTS, VISIT, Importing

LEAST = 'source = "old"\n[fields]\nsource_id = "No"\nfirst_name = "Given name"\nlast_name = "Surname"\n'


async def test_the_least_that_a_mapping_needs(importing: Importing) -> None:
    counts, _ = await importing("patient", [ANNA], LEAST)

    assert counts.added == 1


@pytest.mark.parametrize(
    "mapping,message",
    [
        ("source = ", "Invalid value"),
        ("[fields]", "missing required field `source`"),
        (LEAST.replace("old", " "), "matching regex"),
        ("colour = 1\n" + LEAST, "unknown field `colour`"),
        (LEAST + "shoe_size = 'Shoes'\n", "shoe_size is no field of patients: source_id, first_name"),
        (LEAST.replace("last_name", "note"), "last_name is not mapped"),
        (LEAST + "[constants]\nlast_name = 'x'\n", "last_name is both a column and a constant"),
        (LEAST.replace('source_id = "No"', "") + "[constants]\nsource_id = '1'\n", "source_id can't be the same"),
        (LEAST + "note = { columns = ['Remark'], split = '/' }\n", "note is one value"),
        (LEAST + "note = 5\n", "got `int`"),
        (LEAST + "note = []\n", "length >= 1"),
        (LEAST + "[values.shoe_size]\na = 'b'\n", "shoe_size is no field"),
        ("encoding = 'klingon'\n" + LEAST, "encoding klingon is unknown"),
        ("encoding = 'base64'\n" + LEAST, "encoding base64 is none of text"),
        ("delimiter = ';;'\n" + LEAST, "length <= 1"),
        ("delimiter = '\"'\n" + LEAST, "the delimiter can't be a quote"),
        ("zone = 'Europe/Berlln'\n" + LEAST, "zone Europe/Berlln is unknown"),
        (LEAST + "note = 'Shoes'\n", "the file has no column Shoes; it has: No, Given name"),
    ],
)
async def test_a_mapping_that_wont_do_is_refused_before_anything_is_written(
    importing: Importing, mapping: str, message: str
) -> None:
    with pytest.raises(MappingError) as refused:
        await importing("patient", [ANNA], mapping)

    assert message in str(refused.value)
    assert not (importing.folder / "report.csv").exists()


@pytest.mark.parametrize(
    "mapping,message",
    [
        (APPOINTMENTS.replace("patient_source_id", "chair_x"), "either patient_source_id or patient_register_number"),
        (APPOINTMENTS + "[constants]\npatient_register_number = 'P1'\n", "either patient_source_id or"),
        (APPOINTMENTS + "[phone_numbers]\nmobile = 'No'\n", "phone_numbers belong to patients"),
        (APPOINTMENTS.replace("doctor =", "note2 ="), "doctor is not mapped"),
    ],
)
async def test_a_mapping_of_appointments_that_wont_do(importing: Importing, mapping: str, message: str) -> None:
    with pytest.raises(MappingError) as refused:
        await importing("appointment", [VISIT], mapping)

    assert message in str(refused.value)


async def test_a_mapped_column_that_is_there_twice_is_refused(importing: Importing) -> None:
    with pytest.raises(MappingError, match="the column No more than once"):
        await importing("patient", b"No,No,Given name,Surname\n1,2,Anna,Meier\n", LEAST)


@pytest.mark.parametrize("file", [b"", b"\n", b"\xff\xfe\x00"])
async def test_a_file_without_a_header_is_refused(importing: Importing, file: bytes) -> None:
    with pytest.raises(MappingError, match="the file has no column"):
        await importing("patient", file, LEAST)


async def test_a_file_that_breaks_off_in_a_character_is_refused_there(importing: Importing) -> None:
    file = "No,Given name,Surname\n1,Anna,Meier\n".encode("utf-16")[:-1]
    with pytest.raises(MappingError, match="is not utf-16"):
        await importing("patient", file, 'encoding = "utf-16"\n' + LEAST)


async def test_words_are_known_in_any_case(importing: Importing) -> None:
    await importing("patient", [{**ANNA, "Sex": " M "}, {**ANNA, "No": "2"}, {**ANNA, "No": "3", "Sex": "other"}])

    assert [patient["gender"] for patient in await importing.patients()] == ["male", "unknown", "other"]


@pytest.mark.parametrize("username", ["nobody", "disabled", "assistant", "patient"])
async def test_only_who_may_may_import(api: Api, importing: Importing, username: str) -> None:
    await api.owner.execute(
        "insert into dcms_user (username, display_name, roles, is_active) values ('disabled', 'D', '{admin}', false)"
    )
    with pytest.raises(NotAllowed):
        await importing("patient", [ANNA], username=username)

    assert await importing.patients() == []


async def test_appointments_need_the_right_to_lift_hours(importing: Importing) -> None:
    with pytest.raises(NotAllowed, match="schedule"):
        await importing("appointment", [VISIT], username="receptionist")


async def test_an_unknown_column_of_the_file_is_left_out(importing: Importing) -> None:
    counts, _ = await importing("patient", b"Shoes,Surname,No,Given name\n43,Meier,1,Anna\n", LEAST)

    assert counts.added == 1


async def test_the_report_never_overwrites_the_file(importing: Importing) -> None:
    (importing.folder / "file.csv").touch()
    (importing.folder / "report.csv").hardlink_to(importing.folder / "file.csv")
    with pytest.raises(MappingError, match="would overwrite the file"):
        await importing("patient", [ANNA])

    assert b"Anna" in (importing.folder / "file.csv").read_bytes()
