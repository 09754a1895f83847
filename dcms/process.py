"""What lives as long as the process: pool, tokens, watch, audit trail, hasher."""

from dcms.access.authenticator import Authenticator
from dcms.access.passwords import PasswordHasher
from dcms.access.tokens import Tokens
from dcms.access.trail import AuditTrail
from dcms.access.watch import ClinicFacts, Watch
from dcms.database.pool import Database
from dcms.settings import Settings


class Services:
    """What lives as long as the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.facts = ClinicFacts()
        self.database = Database(settings.database_url, self.facts, settings.pool_size)
        self.tokens = Tokens(settings.jwt_keys)
        self.watch = Watch(settings.database_url, self.database, self.facts, settings.access_token_ttl_s)
        self.trail = AuditTrail(self.database)
        self.hasher = PasswordHasher()
        self.authenticator = Authenticator(self.tokens, self.watch)

    def use_database(self, url: str) -> None:
        """Work on another database from the next start on; tests give each their own."""
        self.database.url = url
        self.watch.url = url

    async def start(self) -> None:
        """Open the database and begin the background tasks."""
        await self.database.open()
        await self.watch.start()
        await self.trail.start()

    async def stop(self) -> None:
        """End the background tasks and close the database."""
        await self.trail.stop()
        await self.watch.stop()
        await self.database.close()
