"""A clinic with one record of each kind for a patient with a login, and one for another patient."""

import httpx
import msgspec

from tests import make
from tests.api import Api
from tests.contract.routes import Endpoint

NOBODY = 999_999

# names in paths of records that belong to a patient
OF_PATIENTS = {
    "patient_id",
    "phone_number_id",
    "appointment_id",
    "treatment_id",
    "treatment_item_id",
    "treatment_item_tooth_id",
    "invoice_id",
    "payment_id",
    "sms_id",
    "call_id",
}


class World(msgspec.Struct):
    """The ids of what there is, by their names in paths."""

    # what belongs to the patient with the login
    own: dict[str, int]
    # what belongs to somebody else
    other: dict[str, int]
    # what belongs to the clinic
    shared: dict[str, int]
    # the patient's login, an admin who has to change his password first, one who acts as another user
    clients: dict[str, httpx.AsyncClient]
    # the sessions of the latter two
    session_ids: dict[str, int]

    def of_patient(self, owner: str) -> dict[str, int]:
        """The records of "own", "other" or "nobody" that belong to a patient."""
        return {"own": self.own, "other": self.other, "nobody": dict.fromkeys(self.own, NOBODY)}[owner]

    def ids(self, endpoint: Endpoint, owner: str = "own") -> dict[str, int]:
        """What to put into the endpoint's path: records of "own", "other" or "nobody"."""
        shared = dict.fromkeys(self.shared, NOBODY) if owner == "nobody" else self.shared
        ids = shared | self.of_patient(owner)
        if endpoint.path.startswith("/api/v1/employee_phone_numbers"):
            ids = ids | {"phone_number_id": shared["employee_phone_id"]}
        return ids

    def url(self, endpoint: Endpoint, owner: str = "own") -> str:
        """The endpoint's path with ids put in."""
        return endpoint.url(self.ids(endpoint, owner))


async def build(api: Api) -> World:
    """Make one of each."""
    shared = await _shared(api)
    own = await _of_patient(api, shared, "+491712345678", 9)
    other = await _of_patient(api, shared, "+491712345679", 11)
    clients = {"patient": await api.own_patient(own["patient_id"])}
    session_ids = {}
    for name in ("newcomer", "acting"):
        user_id, session_ids[name] = await _second_admin(api, name)
        impersonator_id = api.user_ids["admin"] if name == "acting" else None
        token = api.token(
            user_id,
            session_ids[name],
            ["admin"],
            impersonator_id=impersonator_id,
            must_change_password=name == "newcomer",
        )
        clients[name] = api.client(token)
    return World(own, other, shared, clients, session_ids)


async def _second_admin(api: Api, name: str) -> tuple[int, int]:
    """The user and the session of an admin who has to change his password first, or who acts as another user."""
    row = await api.owner.fetchrow(
        """
        with added as (
            insert into dcms_user (username, display_name, roles, must_change_password)
            values ($1, $1, '{admin}', $1 = 'newcomer')
            returning user_id
        )
        insert into session (user_id, expires_at, impersonator_id)
        select user_id, now() + interval '1 hour', case $1 when 'acting' then $2::bigint end
        from added
        returning user_id, session_id
        """,
        name,
        api.user_ids["admin"],
    )
    assert row is not None
    return row["user_id"], row["session_id"]


async def _of_patient(api: Api, shared: dict[str, int], number: str, hour: int) -> dict[str, int]:
    patient_id, phone_number_id = await make.holder(api, number, note="for staff")
    appointment = await make.appointment(
        api, patient_id=patient_id, doctor_id=shared["doctor_id"], starts_at=make.workday(hour), note="for staff"
    )
    answer = await api.doctor.post(
        "/treatments",
        json={
            "patient_id": patient_id,
            "doctor_id": shared["doctor_id"],
            "note": "for staff",
            "items": [{"service_id": shared["service_id"], "teeth": [{"tooth_id": 36}]}],
        },
    )
    assert answer.status_code == 201, answer.text
    treatment = answer.json()
    item = treatment["items"][0]
    invoice = await make.invoice(api, patient_id, "100.00")
    payment = await make.payment(api, patient_id, "50.00", note="for staff")
    message = await make.sms(api, phone_number_id)
    answer = await api.receptionist.post("/calls", json={"number": number, "direction": "in"})
    assert answer.status_code == 201, answer.text
    return {
        "patient_id": patient_id,
        "phone_number_id": phone_number_id,
        "appointment_id": appointment["appointment_id"],
        "treatment_id": treatment["treatment_id"],
        "treatment_item_id": item["treatment_item_id"],
        "treatment_item_tooth_id": item["teeth"][0]["treatment_item_tooth_id"],
        "invoice_id": invoice["invoice_id"],
        "payment_id": payment["payment_id"],
        "sms_id": message["sms_id"],
        "call_id": answer.json()["call_id"],
    }


async def _shared(api: Api) -> dict[str, int]:
    doctor_id = await make.doctor(api)
    position_id = (await make.position(api))["position_id"]
    spare = await api.owner.fetchrow(
        """
        with added as (
            insert into dcms_user (username, display_name, roles) values ('spare', 'Spare', '{assistant}')
            returning user_id
        ),
        opened as (
            insert into session (user_id, expires_at) select user_id, now() + interval '1 hour' from added
            returning session_id
        )
        select user_id, session_id from added, opened
        """
    )
    assert spare is not None
    assigned = await api.admin.post(f"/employees/{doctor_id}/positions/{position_id}")
    assert assigned.status_code == 201, assigned.text
    await api.owner.execute(
        "insert into phone_number (e164, national, type) values ('+49301234567', '0', 'fixed_line')"
    )
    insert_phone = (
        "insert into employee_phone (employee_id, e164, is_primary) values ($1, '+49301234567', true) "
        "returning phone_number_id"
    )
    insert_time_off = (
        "insert into time_off (employee_id, starts_at, ends_at) values ($1, '2035-01-01Z', '2035-01-02Z') "
        "returning time_off_id"
    )
    return {
        "doctor_id": doctor_id,
        "employee_id": doctor_id,
        "position_id": position_id,
        "employee_phone_id": await api.owner.fetchval(insert_phone, doctor_id),
        "time_off_id": await api.owner.fetchval(insert_time_off, doctor_id),
        "calendar_feed_id": (await make.calendar_feed(api, doctor_id))["calendar_feed_id"],
        "service_id": await make.service_id(api),
        "chair_id": (await make.chair(api))["chair_id"],
        "template_id": await make.template(api),
        "batch_id": await api.owner.fetchval("insert into sms_batch (total) values (0) returning batch_id"),
        "user_id": spare["user_id"],
        "session_id": spare["session_id"],
        "tooth_id": 36,
    }


async def fingerprint(api: Api) -> dict[str, str]:
    """What each table holds, as a digest; without what every request may leave behind."""
    tables = await api.owner.fetch(
        """
        select relname
        from pg_class
        where relnamespace = 'public'::regnamespace
            and relkind = 'r'
            and relname not like 'audit_log%'
            and relname not like '%yoyo%'
        order by relname
        """
    )
    digest = "select md5(coalesce(string_agg(listed::text, chr(10) order by listed::text), '')) from"
    return {name: await api.owner.fetchval(f'{digest} "{name}" as listed') for (name,) in tables}
