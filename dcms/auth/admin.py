"""The first admin of an installation, made from the command line."""

import msgspec

from dcms.access.passwords import PasswordHasher
from dcms.access.permissions import Role
from dcms.access.throttle import Throttle
from dcms.access.watch import ClinicFacts
from dcms.context import Context, current_context
from dcms.database.pool import Database
from dcms.users.passwords import PasswordRepository
from dcms.users.repository import UserRepository
from dcms.users.structs import NewUser
from dcms.web.bodies import read_body


async def create_admin(database_url: str, username: str, password: str, display_name: str | None = None) -> None:
    """Add an admin who can log in at once. Raises Invalid naming what won't do, Conflict when the name is taken."""
    fields = {
        "username": username,
        "display_name": display_name or username,
        "roles": [Role.ADMIN],
        "password": password,
        "must_change_password": False,
    }
    new: NewUser = read_body(msgspec.json.encode(fields), NewUser)
    database = Database(database_url, ClinicFacts(), pool_size=1)
    hasher = PasswordHasher()
    token = current_context.set(Context(request_id="cli"))
    try:
        await database.open()
        passwords = PasswordRepository(database, hasher, Throttle(database, b""))
        await UserRepository(database, passwords).add(new, by_admin=True)
    finally:
        current_context.reset(token)
        hasher.close()
        await database.close()
