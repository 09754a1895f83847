"""The service's settings, read from the environment once and checked before anything starts."""

import base64
import binascii
import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from dcms.database.hosts import addresses_of
from dcms.paths import PROJECT_DIR

Seconds = Annotated[int, msgspec.Meta(ge=1, le=31_536_000)]
Network = IPv4Network | IPv6Network

# each may lie in a file instead, which the variable with _FILE names
SECRETS = ("database_url", "owner_database_url", "standby_url", "jwt_keys", "twilio_auth_token", "metrics_token")
MIN_KEY_BYTES = 32
DATABASE_SCHEMES = ("postgresql://", "postgres://")


class SettingsError(Exception):
    """The environment does not make a service; the message says what to set."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. `.env.example` documents each; the variable is `DCMS_` and the field in capitals."""

    database_url: str
    owner_database_url: str
    jwt_keys: dict[str, bytes]
    standby_url: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 8000
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    data_dir: Path = PROJECT_DIR / ".dcms"
    access_token_ttl_s: Seconds = 600
    refresh_token_ttl_s: Seconds = 43_200
    session_max_s: Seconds = 604_800
    public_base_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    sms_provider: Literal["console", "twilio"] = "console"
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = None
    twilio_from: str | None = None
    twilio_api_base_url: str = "https://api.twilio.com"
    metrics_token: str | None = None
    traces_url: str | None = None
    pool_size: Annotated[int, msgspec.Meta(ge=2, le=200)] = 16
    # what the image's build says of itself
    git_hash: str | None = None
    build_time: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"


def variable_of(field: str) -> str:
    """The environment variable of a field."""
    return "DATABASE_URL" if field == "database_url" else f"DCMS_{field.upper()}"


def secret_of(variable: str, environ: Mapping[str, str] | None = None) -> str | None:
    """A secret out of its variable, or out of the file that the variable with _FILE names. Raises SettingsError."""
    env = os.environ if environ is None else environ
    value, file = env.get(variable, "").strip(), env.get(f"{variable}_FILE", "").strip()
    if value and file:
        raise SettingsError(f"{variable} and {variable}_FILE are both set: keep one of them")
    if not file:
        return value or None
    try:
        value = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{variable}_FILE: {file} can't be read: {reason}") from None
    if not value:
        raise SettingsError(f"{variable}_FILE: {file} is empty")
    return value


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings. Raises SettingsError with every fault, each on a line."""
    given = os.environ if environ is None else environ
    env = {name: value.strip() for name, value in given.items() if value.strip()}
    values: dict[str, Any] = {}
    faults: list[str] = []
    for variable in map(variable_of, SECRETS):
        try:
            env |= {variable: secret} if (secret := secret_of(variable, given)) else {}
        except SettingsError as error:
            faults.append(str(error))
    for field, wanted in get_type_hints(Settings, include_extras=True).items():
        variable = variable_of(field)
        if variable in env:
            try:
                values[field] = msgspec.convert(_split(field, env[variable]), wanted, strict=False, dec_hook=_parse)
            except (msgspec.ValidationError, ValueError) as error:
                faults.append(f"{variable}: {error}")
    faults += _missing(env.keys() | _in_files(env), env.get("DCMS_SMS_PROVIDER")) + _wrong(values)
    if faults:
        raise SettingsError("dcms can't start:\n" + "\n".join(f"  - {fault}" for fault in faults))

    values.setdefault("owner_database_url", values["database_url"])
    settings = Settings(**values)
    if not settings.public_base_url:
        settings = msgspec.structs.replace(settings, public_base_url=f"http://{settings.host}:{settings.port}")
    return settings


def _in_files(env: Mapping[str, str]) -> set[str]:
    """The secrets that are in files, readable or not."""
    return {variable_of(field) for field in SECRETS if f"{variable_of(field)}_FILE" in env}


def _missing(given: AbstractSet[str], sms_provider: str | None) -> list[str]:
    faults = []
    if "DATABASE_URL" not in given:
        faults.append("DATABASE_URL is not set: the database, as postgresql://dcms_app:password@host/dcms")
    if "DCMS_JWT_KEYS" not in given:
        faults.append(
            "DCMS_JWT_KEYS is not set: the keys that sign tokens, as kid:base64,… "
            f"(make one: echo k1:$(openssl rand -base64 {MIN_KEY_BYTES}))"
        )
    if sms_provider == "twilio":
        needed = ("DCMS_TWILIO_ACCOUNT_SID", "DCMS_TWILIO_AUTH_TOKEN", "DCMS_TWILIO_FROM")
        faults += [f"{name} is not set: DCMS_SMS_PROVIDER is twilio" for name in needed if name not in given]
    return faults


def _wrong(values: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{variable_of(field)}: must begin with postgresql://"
        for field in ("database_url", "owner_database_url", "standby_url")
        if not values.get(field, DATABASE_SCHEMES[0]).startswith(DATABASE_SCHEMES)
    ]
    if not values.get("public_base_url", "http://").startswith(("http://", "https://")):
        faults.append("DCMS_PUBLIC_BASE_URL: must begin with http:// or https://")
    return faults


def _split(field: str, text: str) -> Any:
    """Turn the two settings that are lists into what msgspec can check, and refuse a list of standbys."""
    if field == "jwt_keys":
        return dict(_parse_key(part) for part in text.split(","))
    if field == "trusted_proxies":
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(","))
    if field == "standby_url" and len(addresses_of(text)) > 1:
        # each is behind by a time of its own
        raise ValueError("must name one host")
    return text


def _parse_key(text: str) -> tuple[str, bytes]:
    kid, colon, encoded = text.strip().partition(":")
    if not colon or not kid:
        raise ValueError("each key is kid:base64")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(f"the key {kid} is not base64") from None
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"the key {kid} is shorter than {MIN_KEY_BYTES} bytes")
    return kid, key


def _parse(wanted: type, value: Any) -> Any:
    return value if isinstance(value, wanted) else wanted(value)
