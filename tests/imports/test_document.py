"""docs/import.md works as written."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from dcms.paths import PROJECT_DIR
from tests import make
from tests.api import Api
from tests.imports.files import Importing
from tests.processes import environment

DOCUMENT = (PROJECT_DIR / "docs" / "import.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


async def test_the_samples_and_commands_do_what_the_document_says(api: Api, importing: Importing) -> None:
    await make.doctor(api, first_name="Clara", last_name="Bergmann")
    folder = importing.folder
    patients, appointments, refused = blocks("csv")
    for name, text in zip(("patients", "appointments"), blocks("toml"), strict=True):
        (folder / f"{name}.toml").write_text(text)
    (folder / "patients.csv").write_text(patients)
    (folder / "appointments.csv").write_text(appointments)
    codes = []
    for line in "".join(blocks("sh")).splitlines():
        command = [sys.executable, "-m", *line.split()]
        env = environment(api.owner_url)
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=folder, env=env, capture_output=True, check=False, timeout=60
        )
        codes.append(done.returncode)

    assert codes == [1, 1, 1]
    assert read(folder / "refused.csv") == read(folder / "refused-patients.csv") == refused
    assert [line.split(",")[:3] for line in read(folder / "refused-appointments.csv").splitlines()[1:]] == [
        ["4", "3", "appointment_overlap"],
        ["5", "4", "unknown_reference"],
    ]
    anna, otto = await importing.patients()
    assert (anna["first_name"], anna["address"], anna["alerts"], anna["primary_phone"], anna["note"]) == (
        "Anna",
        "Hauptstr. 1, 10115 Berlin",
        ["latex", "penicillin"],
        "+491712345678",
        "comes by bus,\nprefers mornings",
    )
    assert [(each["patient_id"], each["status"]) for each in await importing.appointments()] == [
        (anna["patient_id"], "finished"),
        (otto["patient_id"], "no_show"),
    ]


def read(file: Path) -> str:
    return file.read_text()
