"""The items of treatments and their teeth in the database."""

import msgspec

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.treatment_items.rows import item_rows, tooth_rows
from dcms.treatment_items.structs import Item, ItemChanges, NewItem, NewTeeth, Tooth, ToothChanges
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict, Invalid

SQL = queries("treatment_items")
TREATMENTS = queries("treatments")

BY_ID = Ordering(("treatment_item_id",))
BY_TOOTH = Ordering(("tooth_id",))
DISCOUNT_OVER_LINE = Invalid.of("discount", "must not be over the line's price")
TOOTH_IS_THERE = Conflict("duplicate", "The item has this tooth already.", field="tooth_id")


class TreatmentItemRepository:
    """Reads and writes items and their teeth. Whoever changes one locks its treatment first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, treatment_id: int, request: PageRequest) -> Page[Item]:
        """The items of a treatment, oldest first."""
        found = await page(self._database, SQL.find, Item, [], BY_ID, request, treatment_id=treatment_id)
        if not found.items:
            await self._database.one(SQL.treatment, int, treatment_id=treatment_id)
        return found

    async def add(self, treatment_id: int, new: NewItem) -> Item:
        """Add an item to a treatment."""
        rows = item_rows([new], [""])
        async with self._database.transaction():
            await self._database.one(TREATMENTS.touch, int, treatment_id=treatment_id)
            treatment_item_id = await self._database.one(
                SQL.add, int, treatment_id=treatment_id, items=rows.items, teeth=rows.teeth
            )
            return await self._database.get(SQL.get, Item, treatment_item_id=treatment_item_id)

    async def update(self, treatment_item_id: int, changes: ItemChanges) -> Item:
        """Change an item."""
        async with self._database.transaction():
            with on_constraint("treatment_item_discount_within_line", DISCOUNT_OVER_LINE):
                await self._database.one(
                    SQL.update, int, treatment_item_id=treatment_item_id, changes=msgspec.to_builtins(changes)
                )
            return await self._database.get(SQL.get, Item, treatment_item_id=treatment_item_id)

    async def delete(self, treatment_item_id: int) -> None:
        """Take an item away."""
        async with self._database.transaction():
            await self._database.one(SQL.touch, int, treatment_item_id=treatment_item_id)
            await self._database.one(SQL.delete, int, treatment_item_id=treatment_item_id)

    async def find_teeth(self, treatment_item_id: int, request: PageRequest) -> Page[Tooth]:
        """The teeth of an item, by their ids."""
        found = await page(
            self._database, SQL.find_teeth, Tooth, [], BY_TOOTH, request, treatment_item_id=treatment_item_id
        )
        if not found.items:
            await self._database.get(SQL.get, Item, treatment_item_id=treatment_item_id)
        return found

    async def add_teeth(self, treatment_item_id: int, new: NewTeeth) -> Page[Tooth]:
        """Add teeth to an item, all or none; gives all of the item's."""
        async with self._database.transaction():
            await self._database.one(SQL.touch, int, treatment_item_id=treatment_item_id)
            with on_constraint("treatment_item_tooth_unique", TOOTH_IS_THERE):
                await self._database.execute(SQL.add_teeth, treatment_item_id=treatment_item_id, teeth=tooth_rows(new))
            item = await self._database.get(SQL.get, Item, treatment_item_id=treatment_item_id)
        return Page(item.teeth)

    async def update_tooth(self, treatment_item_tooth_id: int, changes: ToothChanges) -> Tooth:
        """Change an item's tooth."""
        with on_constraint("treatment_item_tooth_unique", TOOTH_IS_THERE):
            return await self._database.one(
                SQL.update_tooth,
                Tooth,
                treatment_item_tooth_id=treatment_item_tooth_id,
                changes=msgspec.to_builtins(changes),
            )

    async def delete_tooth(self, treatment_item_id: int, tooth_id: int) -> None:
        """Take a tooth off an item."""
        await self._database.one(SQL.delete_tooth, int, treatment_item_id=treatment_item_id, tooth_id=tooth_id)
