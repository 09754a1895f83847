"""The endpoints that merge patients."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.merges.repository import MergeRepository
from dcms.merges.structs import Merge, Merged, Unmerge, Unmerged
from dcms.web.fields import PathId


class MergeController(Controller):
    """Two records of one person made one."""

    path = "/patients/{patient_id:int}"
    tags = ("patients",)

    @post("/merge", permission=Permission.PATIENTS_MERGE, status_code=200, changes_access=True)
    async def merge_patients(
        self, merges: NamedDependency[MergeRepository], patient_id: PathId, data: JSONBody[Merge]
    ) -> Merged:
        """Merge another patient into this one: everything of the source is this patient's then.

        The source becomes `merged` with `merged_into`; it can still be shown, and every later write on it is 409
        `merged`. Those merged into it before point to this patient from now on. Shared numbers become one, the
        target's primary one stays; the alerts of both are kept unless `fields` chooses. Register numbers and the
        target's login stay; the source's login is unlinked, and sees neither record until staff link it. Active
        appointments of the two that overlap stand against it: 409 `overlapping_appointments`, with the first 200 of
        `target` and `source`, in a dry run too. The same again changes nothing.
        """
        if data.dry_run:
            return await merges.rehearse(patient_id, data.source_patient_id, data.fields)
        return await merges.merge(patient_id, data.source_patient_id, data.fields)

    @post("/unmerge", permission=Permission.PATIENTS_MERGE, status_code=200, changes_access=True)
    async def unmerge_patients(
        self, merges: NamedDependency[MergeRepository], patient_id: PathId, data: JSONBody[Unmerge]
    ) -> Unmerged:
        """Undo a merge: what it moved goes back to the source, which is a patient of his own again.

        So do the fields that still hold what the merge wrote, and the source's login if it is still free. What was
        added since stays with this patient and is listed in `kept`, and so are payments and invoices that were
        allocated to such since, and invoices that name treatment items of his; what else was added to a treatment or
        an invoice goes with it. The same again changes nothing.
        """
        return await merges.unmerge(patient_id, data.source_patient_id)
