"""The endpoints that the provider calls. What they may do is decided by its signature alone."""

from collections.abc import Callable, Mapping

from litestar import Controller, Response, post
from litestar.di import NamedDependency

from dcms.access.permissions import Permission
from dcms.web.answers import Answer
from dcms.web.requests import ApiRequest
from dcms.webhooks import events
from dcms.webhooks.intake import Intake
from dcms.webhooks.repository import Delivery
from dcms.webhooks.requests import read_signed

Reading = Callable[[Mapping[str, str], Mapping[str, str]], events.Event]

TWIML = ("text/xml",)
NO_INSTRUCTIONS = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


class WebhookController(Controller):
    """Twilio's webhooks: forms, or JSON with `bodySHA256` in the query, signed in `X-Twilio-Signature`."""

    tags = ("webhooks",)

    @post("/sms/webhook/inbound", status_code=200, raw_body=True, produces=TWIML, permission=Permission.PUBLIC)
    async def receive_sms(self, request: ApiRequest, intake: NamedDependency[Intake]) -> Response[str]:
        """Take in a message. The same one again has no effect; STOP, START and their like count as first received."""
        await _take(request, intake, events.inbound_sms)
        return Answer(NO_INSTRUCTIONS, status_code=200, media_type="text/xml")

    @post("/sms/webhook/status", status_code=204, raw_body=True, permission=Permission.PUBLIC)
    async def receive_sms_status(self, request: ApiRequest, intake: NamedDependency[Intake]) -> None:
        """Take in a receipt, in any order and any number of times; what is final stays."""
        await _take(request, intake, events.sms_status)

    @post(
        "/calls/webhook/inbound", status_code=200, raw_body=True, produces=("text/xml",), permission=Permission.PUBLIC
    )
    async def receive_call(self, request: ApiRequest, intake: NamedDependency[Intake]) -> Response[str]:
        """Take in a step of a call, in any order and any number of times."""
        await _take(request, intake, events.call)
        return Answer(NO_INSTRUCTIONS, status_code=200, media_type="text/xml")


async def _take(request: ApiRequest, intake: Intake, read: Reading) -> None:
    settings = request.app.state.services.settings
    signed = read_signed(request.scope, settings.twilio_auth_token, settings.public_base_url)
    event = read(signed.fields, signed.parameters)
    await intake.take(Delivery(event, signed, request.exchange.context.request_id))
