"""Who carries messages, behind one small interface."""

from dcms.settings import Settings
from dcms.sms.providers.console import ConsoleProvider
from dcms.sms.providers.provider import Provider
from dcms.sms.providers.twilio import TwilioProvider


def provider_of(settings: Settings) -> Provider:
    """The provider that the settings name."""
    return TwilioProvider(settings) if settings.sms_provider == "twilio" else ConsoleProvider()
