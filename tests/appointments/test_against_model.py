"""Whatever is booked, moved, cancelled, overbooked and reopened in whatever order ends as a plain model says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from tests.api import Api
from tests.examples import examples
from tests.make import jsonable, workday

BUFFER = timedelta(minutes=10)
OPENS, CLOSES = workday(8), workday(18)
ENDED = ("finished", "cancelled", "no_show")
FREED = ("cancelled", "no_show")
STEPS = {
    "confirm": ("confirmed", ("booked",)),
    "check_in": ("came", ("booked", "confirmed")),
    "finish": ("finished", ("came",)),
    "cancel": ("cancelled", ("booked", "confirmed", "came")),
    "no_show": ("no_show", ("booked", "confirmed")),
    "reopen": ("booked", ENDED),
}

Answer = tuple[int, str | None]
OK: Answer = (200, None)
OVERLAP: Answer = (409, "appointment_overlap")


@dataclass
class Booked:
    """An appointment as the model has it."""

    appointment_id: int
    patient: int
    doctor: int
    chair: int | None
    starts: datetime
    length: timedelta
    status: str = "booked"
    is_over: bool = False

    @property
    def ends(self) -> datetime:
        """The end."""
        return self.starts + self.length

    def meets(self, other: "Booked") -> set[str]:
        """At what two active ones overlap."""
        if self is other or other.status in FREED:
            return set()
        plain = self.starts < other.ends and other.starts < self.ends
        buffered = self.starts < other.ends + BUFFER and other.starts < self.ends + BUFFER
        met = {
            "patient": plain and self.patient == other.patient,
            "doctor": buffered and self.doctor == other.doctor,
            "chair": plain and self.chair is not None and self.chair == other.chair,
        }
        return {resource for resource, does in met.items() if does}


class Model:
    """What the service should do."""

    def __init__(self) -> None:
        self.booked: list[Booked] = []
        # doctor, from, to
        self.off: list[tuple[int, datetime, datetime]] = []

    def works(self, appointment: Booked) -> bool:
        """Whether the doctor works all the time of an appointment."""
        return (
            appointment.starts >= OPENS
            and appointment.ends <= CLOSES
            and not any(
                doctor == appointment.doctor and appointment.starts < until and since < appointment.ends
                for doctor, since, until in self.off
            )
        )

    def met(self, appointment: Booked) -> set[str]:
        """At what an appointment overlaps any other."""
        return set().union(*(appointment.meets(other) for other in self.booked))

    def book(self, new: Booked, over: bool) -> Answer:
        """Book, and say what the answer is."""
        if not self.works(new):
            return 422, "outside_working_hours"
        met = self.met(new)
        if met - ({"doctor", "chair"} if over else set()):
            return OVERLAP
        new.is_over = bool(met)
        self.booked.append(new)
        return 201, None

    def move(self, old: Booked, new: Booked, over: bool) -> Answer:
        """Move, and say what the answer is."""
        has_moved = old.starts != new.starts or old.length != new.length
        if old.status in ENDED and old != new:
            return 409, "invalid_transition"
        if (has_moved or old.doctor != new.doctor) and not self.works(new):
            return 422, "outside_working_hours"
        changed = {name for name in ("doctor", "chair") if has_moved or getattr(old, name) != getattr(new, name)}
        met = self.met_without(old, new)
        refused = (met & changed if not over else set()) | (met & {"patient"} if has_moved else set())
        if refused:
            return OVERLAP
        if changed:
            new.is_over = bool(met & (changed if over else set())) or bool(old.is_over and met & {"doctor", "chair"})
        self.booked[self.booked.index(old)] = new
        return OK

    def met_without(self, old: Booked, new: Booked) -> set[str]:
        """At what an appointment overlaps any other than the one it was."""
        return set().union(*(new.meets(other) for other in self.booked if other is not old))

    def act(self, appointment: Booked, action: str) -> Answer:
        """Take a step, and say what the answer is."""
        target, sources = STEPS[action]
        if appointment.status == target:
            return OK
        if appointment.status not in sources:
            return 409, "invalid_transition"
        if action == "reopen" and appointment.status in FREED:
            if self.met(appointment):
                return OVERLAP
            appointment.is_over = False
        appointment.status = target
        return OK


# close together, so that they meet; the last ones do not fit the hours
WHEN = st.sampled_from([*range(7), 37, 39]).map(lambda number: workday(8) + timedelta(minutes=number * 15))
WHICH = st.integers(0, 9)
CHAIR = st.sampled_from([None, 0, 1])
COMMANDS = st.one_of(
    st.tuples(
        st.just("book"),
        st.fixed_dictionaries(
            {
                "patient": st.integers(0, 5),
                "doctor": st.integers(0, 1),
                "chair": CHAIR,
                "starts": WHEN,
                "length": st.sampled_from([15, 30, 60]).map(lambda minutes: timedelta(minutes=minutes)),
            }
        ),
        st.booleans(),
    ),
    st.tuples(
        st.just("move"),
        st.tuples(
            WHICH,
            st.fixed_dictionaries({}, optional={"starts": WHEN, "doctor": st.integers(0, 1), "chair": CHAIR}),
        ),
        st.booleans(),
    ),
    st.tuples(st.just("move"), st.tuples(WHICH, st.fixed_dictionaries({"chair": CHAIR})), st.booleans()),
    st.tuples(st.just("act"), WHICH, st.sampled_from(sorted(STEPS))),
    st.tuples(st.just("take_off"), st.integers(0, 1), WHEN),
    st.tuples(st.just("come_back"), st.just(0), st.just(0)),
)
# claims that are not what their appointment's row says, and ordinary claims that overlap
WRONG_CLAIMS = """
    with claim as (select appointment_id, resource_kind, resource_id, during, layer from appointment_claim),
    due as (
        select
            appointment_id,
            kind,
            id,
            tstzrange(starts_at, ends_at + make_interval(mins => (kind = 'doctor')::integer * buffer_minutes)),
            case when is_overbooked and kind <> 'patient' then appointment_id else 0 end
        from appointment
        cross join lateral (values ('patient', patient_id), ('doctor', doctor_id), ('chair', chair_id)) as of (kind, id)
        where status not in ('cancelled', 'no_show')
            and id is not null
    )
    select count(*)
    from (
        (table claim except table due)
        union all
        (table due except table claim)
        union all
        select one.*
        from claim as one
        join claim as other using (resource_kind, resource_id)
        where one.appointment_id < other.appointment_id
            and one.during && other.during
            and one.layer = 0
            and other.layer = 0
    ) as wrong
"""


class Runner:
    """Runs commands on the service and on the model."""

    def __init__(self, api: Api, patients: list[int], doctors: list[int], chairs: list[int]) -> None:
        self.api = api
        self.model = Model()
        self.patients, self.doctors, self.chairs = patients, doctors, chairs

    async def run(self, command: tuple[str, Any, Any]) -> None:
        """Run one command, and compare."""
        verb, what, how = command
        match verb:
            case "book":
                await self.book(what, over=how)
            case "take_off":
                await self.take_off(what, how)
            case "come_back":
                await self.api.owner.execute("delete from time_off")
                self.model.off.clear()
            case "move" if self.model.booked:
                which, changes = what
                await self.move(self.model.booked[which % len(self.model.booked)], changes, over=how)
            case "act" if self.model.booked:
                await self.act(self.model.booked[what % len(self.model.booked)], how)
        await self.compare()

    async def book(self, what: dict[str, Any], over: bool) -> None:
        new = Booked(0, **what)
        answer = await self.api.doctor.post("/appointments", json=self.body(what, over))
        self.check(answer, self.model.book(new, over))
        if answer.status_code == 201:
            new.appointment_id = answer.json()["appointment_id"]

    async def move(self, old: Booked, changes: dict[str, Any], over: bool) -> None:
        new = Booked(**{**vars(old), **changes})
        path = f"/appointments/{old.appointment_id}"
        answer = await self.api.doctor.patch(path, json=self.body(changes, over))
        self.check(answer, self.model.move(old, new, over))

    async def act(self, appointment: Booked, action: str) -> None:
        path = f"/appointments/{appointment.appointment_id}/{action}"
        body = {"reason": "a slip"} if action == "reopen" else None
        self.check(await self.api.doctor.post(path, json=body), self.model.act(appointment, action))

    async def take_off(self, doctor: int, since: datetime) -> None:
        until = since + timedelta(hours=1)
        await self.api.owner.execute(
            "insert into time_off (employee_id, starts_at, ends_at) values ($1, $2, $3)",
            self.doctors[doctor],
            since,
            until,
        )
        self.model.off.append((doctor, since, until))

    def body(self, what: dict[str, Any], over: bool) -> dict[str, Any]:
        """What the service is asked."""
        body: dict[str, Any] = {"allow_overlap": True, "override_reason": "pain"} if over else {}
        for name, value in what.items():
            match name:
                case "patient":
                    body["patient_id"] = self.patients[value]
                case "doctor":
                    body["doctor_id"] = self.doctors[value]
                case "chair":
                    body["chair_id"] = None if value is None else self.chairs[value]
                case "starts":
                    body["starts_at"] = value
                case "length":
                    body["duration_min"] = value // timedelta(minutes=1)
        return jsonable(body)

    def check(self, answer: httpx.Response, expected: Answer) -> None:
        """The answer is the model's."""
        assert (answer.status_code, answer.json().get("code")) == expected, answer.text

    async def compare(self) -> None:
        """What is stored is the model's, and the claims are right."""
        answer = await self.api.assistant.get("/appointments", params={"limit": 200})
        stored = {
            item["appointment_id"]: (
                item["patient_id"],
                item["doctor_id"],
                item["chair_id"],
                datetime.fromisoformat(item["starts_at"]),
                datetime.fromisoformat(item["ends_at"]),
                item["status"],
                item["is_overbooked"],
                item["is_uncovered"],
            )
            for item in answer.json()["items"]
        }
        assert stored == {
            each.appointment_id: (
                self.patients[each.patient],
                self.doctors[each.doctor],
                None if each.chair is None else self.chairs[each.chair],
                each.starts,
                each.ends,
                each.status,
                each.is_over,
                each.status not in FREED and not self.model.works(each),
            )
            for each in self.model.booked
        }
        assert await self.api.owner.fetchval(WRONG_CLAIMS) == 0


@given(commands=st.lists(COMMANDS, min_size=10, max_size=30))
@examples(25)
async def test_the_service_does_what_the_model_does(api: Api, commands: list[tuple[str, Any, Any]]) -> None:
    await api.owner.execute("truncate appointment, appointment_event, appointment_claim, time_off cascade")
    if not await api.owner.fetchval("select count(*) from employee"):
        await make.settings(api, buffer_minutes=BUFFER // timedelta(minutes=1))
        for _ in range(2):
            await make.doctor(api)
            await make.chair_id(api)
        for _ in range(6):
            await make.patient(api)
    runner = Runner(
        api,
        *[
            [row[0] for row in await api.owner.fetch(f"select {table}_id from {table} order by 1")]
            for table in ("patient", "employee", "chair")
        ],
    )

    for command in commands:
        await runner.run(command)
