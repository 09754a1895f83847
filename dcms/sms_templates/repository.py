"""Templates in the database."""

import msgspec

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.sms_templates.structs import NewTemplate, Template, TemplateChanges
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict

SQL = queries("sms_templates")

BY_NAME = Ordering(("sort_name", "template_id"))
NAME_TAKEN = Conflict("duplicate", "Another template has this name.", field="name")


class TemplateRepository:
    """Reads and writes templates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, template_id: int) -> Template:
        """One template."""
        return await self._database.get(SQL.get, Template, template_id=template_id)

    async def find(self, request: PageRequest) -> Page[Template]:
        """All templates, by name."""
        return await page(self._database, SQL.find, Template, [], BY_NAME, request)

    async def add(self, new: NewTemplate) -> Template:
        """Add a template."""
        with on_constraint("sms_template_name_unique", NAME_TAKEN):
            return await self._database.one(SQL.add, Template, **msgspec.structs.asdict(new))

    async def update(self, template_id: int, changes: TemplateChanges) -> Template:
        """Change a template."""
        with on_constraint("sms_template_name_unique", NAME_TAKEN):
            return await self._database.one(
                SQL.update, Template, template_id=template_id, changes=msgspec.to_builtins(changes)
            )

    async def delete(self, template_id: int) -> None:
        """Delete a template."""
        await self._database.one(SQL.delete, int, template_id=template_id)
