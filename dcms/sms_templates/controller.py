"""The endpoints of templates."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.sms_templates.repository import TemplateRepository
from dcms.sms_templates.structs import NewTemplate, Template, TemplateChanges
from dcms.web.answers import created
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class TemplateController(Controller):
    """Texts to be used again."""

    path = "/sms/templates"
    tags = ("sms",)

    @get("/", permission=Permission.MESSAGES_READ, may_be_stale=True)
    async def list_templates(
        self,
        request: ApiRequest,
        sms_templates: NamedDependency[TemplateRepository],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Template]:
        """List the templates, by name."""
        return await sms_templates.find(request.page(limit, cursor))

    @post("/", permission=Permission.MESSAGES_WRITE)
    async def add_template(
        self, sms_templates: NamedDependency[TemplateRepository], data: JSONBody[NewTemplate]
    ) -> Response[Template]:
        """Add a template. The active one named `reminder` is what reminders say."""
        template = await sms_templates.add(data)
        return created(template, f"/sms/templates/{template.template_id}")

    @get("/{template_id:int}", permission=Permission.MESSAGES_READ)
    async def get_template(self, sms_templates: NamedDependency[TemplateRepository], template_id: PathId) -> Template:
        """Show one template."""
        return await sms_templates.get(template_id)

    @patch("/{template_id:int}", permission=Permission.MESSAGES_WRITE)
    async def update_template(
        self,
        sms_templates: NamedDependency[TemplateRepository],
        template_id: PathId,
        data: JSONBody[TemplateChanges],
    ) -> Template:
        """Change a template: what is absent stays. Messages made from it keep their text."""
        return await sms_templates.update(template_id, data)

    @delete("/{template_id:int}", permission=Permission.MESSAGES_WRITE)
    async def delete_template(self, sms_templates: NamedDependency[TemplateRepository], template_id: PathId) -> None:
        """Delete a template; its name is free again, and messages made from it keep their text."""
        await sms_templates.delete(template_id)
