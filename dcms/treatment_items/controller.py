"""The endpoints of a treatment's items and of their teeth."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.treatment_items.repository import TreatmentItemRepository
from dcms.treatment_items.structs import Item, ItemChanges, NewItem, NewTeeth, Tooth, ToothChanges
from dcms.web.answers import Answer
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class TreatmentItemController(Controller):
    """What is done in a treatment, and on which teeth."""

    tags = ("treatments",)

    @get("/treatments/{treatment_id:int}/items", permission=Permission.TREATMENTS_READ, may_be_stale=True)
    async def list_treatment_items(
        self,
        request: ApiRequest,
        treatment_items: NamedDependency[TreatmentItemRepository],
        treatment_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Item]:
        """List the items of a treatment with their teeth, oldest first."""
        return await treatment_items.find(treatment_id, request.page(limit, cursor))

    @post("/treatments/{treatment_id:int}/items", permission=Permission.TREATMENTS_WRITE)
    async def add_treatment_item(
        self, treatment_items: NamedDependency[TreatmentItemRepository], treatment_id: PathId, data: JSONBody[NewItem]
    ) -> Response[Item]:
        """Add an item, with its teeth, to a treatment.

        The item keeps the service's name, price and resulting condition as they are now. The treatment's version counts
        it, and If-Match compares that one.
        """
        return Answer(await treatment_items.add(treatment_id, data), status_code=201)

    @patch("/treatment_items/{treatment_item_id:int}", permission=Permission.TREATMENTS_WRITE)
    async def update_treatment_item(
        self,
        treatment_items: NamedDependency[TreatmentItemRepository],
        treatment_item_id: PathId,
        data: JSONBody[ItemChanges],
    ) -> Item:
        """Change an item: what is absent stays, null clears. The treatment's version counts it too."""
        return await treatment_items.update(treatment_item_id, data)

    @delete("/treatment_items/{treatment_item_id:int}", permission=Permission.TREATMENTS_WRITE)
    async def delete_treatment_item(
        self, treatment_items: NamedDependency[TreatmentItemRepository], treatment_item_id: PathId
    ) -> None:
        """Take an item away, with its teeth. It stays in the audit log."""
        await treatment_items.delete(treatment_item_id)

    @get("/treatment_items/{treatment_item_id:int}/teeth", permission=Permission.TREATMENTS_READ, may_be_stale=True)
    async def list_teeth_of_item(
        self,
        request: ApiRequest,
        treatment_items: NamedDependency[TreatmentItemRepository],
        treatment_item_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Tooth]:
        """List the teeth of an item, by their ids."""
        return await treatment_items.find_teeth(treatment_item_id, request.page(limit, cursor))

    @post("/treatment_items/{treatment_item_id:int}/teeth", permission=Permission.TREATMENTS_WRITE)
    async def add_teeth_to_item(
        self,
        treatment_items: NamedDependency[TreatmentItemRepository],
        treatment_item_id: PathId,
        data: JSONBody[NewTeeth],
    ) -> Response[Page[Tooth]]:
        """Add teeth to an item, all or none, and show all of its teeth.

        One that is there already is 409 `duplicate`. The versions of the item, which If-Match compares, and of its
        treatment count it.
        """
        return Answer(await treatment_items.add_teeth(treatment_item_id, data), status_code=201)

    @delete(
        "/treatment_items/{treatment_item_id:int}/teeth/{tooth_id:int}",
        permission=Permission.TREATMENTS_WRITE,
        versioned=True,
    )
    async def delete_tooth_of_item(
        self, treatment_items: NamedDependency[TreatmentItemRepository], treatment_item_id: PathId, tooth_id: PathId
    ) -> None:
        """Take a tooth off an item; If-Match compares the tooth's version."""
        await treatment_items.delete_tooth(treatment_item_id, tooth_id)

    @patch("/treatment_item_teeth/{treatment_item_tooth_id:int}", permission=Permission.TREATMENTS_WRITE)
    async def update_tooth_of_item(
        self,
        treatment_items: NamedDependency[TreatmentItemRepository],
        treatment_item_tooth_id: PathId,
        data: JSONBody[ToothChanges],
    ) -> Tooth:
        """Change what is said of an item's tooth: what is absent stays, null clears."""
        return await treatment_items.update_tooth(treatment_item_tooth_id, data)
