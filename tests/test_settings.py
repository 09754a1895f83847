"""The settings: read once, checked at the start, refused in words."""

import base64
import re
from pathlib import Path

import pytest

from dcms.paths import PROJECT_DIR
from dcms.settings import SECRETS, Settings, SettingsError, read_settings, variable_of

KEY = base64.b64encode(bytes(32)).decode()
LEAST = {"DATABASE_URL": "postgresql://dcms_app@db/dcms", "DCMS_JWT_KEYS": f"k1:{KEY}"}


def test_production_refuses_to_start_without_its_secrets_and_says_how_to_make_them() -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings({})

    assert "DATABASE_URL is not set" in str(refusal.value)
    assert "DCMS_JWT_KEYS is not set" in str(refusal.value)
    assert "openssl rand -base64 32" in str(refusal.value)


def test_everything_else_has_a_default() -> None:
    settings = read_settings(LEAST)

    assert settings.jwt_keys == {"k1": bytes(32)}
    assert settings.owner_database_url == settings.database_url
    assert settings.public_base_url == "http://127.0.0.1:8000"
    assert settings.sms_provider == "console"


@pytest.mark.parametrize(
    "name, value, fault",
    [
        ("DATABASE_URL", "mysql://db", "must begin with postgresql://"),
        ("DCMS_STANDBY_URL", "mysql://db", "must begin with postgresql://"),
        ("DCMS_STANDBY_URL", "postgresql://dcms_app@one,two/dcms", "must name one host"),
        ("DCMS_STANDBY_URL", "postgresql://[", "Invalid IPv6 URL"),
        ("DCMS_JWT_KEYS", "k1", "each key is kid:base64"),
        ("DCMS_JWT_KEYS", "k1:%%%", "is not base64"),
        ("DCMS_JWT_KEYS", "k1:c2hvcnQ=", "shorter than 32 bytes"),
        ("DCMS_PORT", "99999", "<= 65535"),
        ("DCMS_WORKERS", "many", "int"),
        ("DCMS_TRUSTED_PROXIES", "10.0.0.0/99", "10.0.0.0/99"),
        ("DCMS_SMS_PROVIDER", "pigeon", "pigeon"),
        ("DCMS_PUBLIC_BASE_URL", "clinic.example", "must begin with http"),
        ("DCMS_LOG_LEVEL", "loud", "loud"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(fault)) as refusal:
        read_settings({**LEAST, name: value})

    assert name in str(refusal.value)


def test_twilio_needs_its_credentials() -> None:
    with pytest.raises(SettingsError, match="DCMS_TWILIO_AUTH_TOKEN is not set"):
        read_settings(
            {**LEAST, "DCMS_SMS_PROVIDER": "twilio", "DCMS_TWILIO_ACCOUNT_SID": "AC1", "DCMS_TWILIO_FROM": "+1"}
        )


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"^#?([A-Z_]+)=", Path(PROJECT_DIR / ".env.example").read_text(), re.MULTILINE))

    assert documented == {variable_of(field) for field in Settings.__struct_fields__} | {
        f"{variable_of(field)}_FILE" for field in SECRETS
    }


@pytest.mark.parametrize(
    "field, secret",
    [
        ("database_url", "postgresql://dcms_app:secret@db/dcms"),
        ("owner_database_url", "postgresql://dcms_owner:secret@db/dcms"),
        ("standby_url", "postgresql://dcms_app:secret@standby/dcms"),
        ("jwt_keys", f"k2:{KEY}"),
        ("twilio_auth_token", "token"),
        ("metrics_token", "token"),
    ],
)
def test_a_secret_may_lie_in_a_file(tmp_path: Path, field: str, secret: str) -> None:
    file, variable = tmp_path / "secret", variable_of(field)
    file.write_text(secret + "\n")
    others = {name: value for name, value in LEAST.items() if name != variable}

    from_file = read_settings({**others, f"{variable}_FILE": str(file)})

    assert from_file == read_settings({**others, variable: secret})
    with pytest.raises(SettingsError, match=f"{variable} and {variable}_FILE are both set"):
        read_settings({**LEAST, variable: secret, f"{variable}_FILE": str(file)})


def test_a_file_that_holds_no_secret_is_named_and_nothing_else_of_it_is_missed(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.touch()
    binary.write_bytes(b"\xff")
    with pytest.raises(SettingsError) as refusal:
        read_settings(
            {
                "DATABASE_URL_FILE": str(tmp_path / "none"),
                "DCMS_JWT_KEYS_FILE": str(empty),
                "DCMS_METRICS_TOKEN_FILE": str(binary),
            }
        )

    assert str(refusal.value).splitlines() == [
        "dcms can't start:",
        f"  - DATABASE_URL_FILE: {tmp_path / 'none'} can't be read: No such file or directory",
        f"  - DCMS_JWT_KEYS_FILE: {empty} is empty",
        f"  - DCMS_METRICS_TOKEN_FILE: {binary} can't be read: it is not text",
    ]


def test_every_secret_may_lie_in_a_file() -> None:
    secretive = {name for name in Settings.__struct_fields__ if name.endswith(("_url", "_keys", "_token"))}

    assert secretive - {"public_base_url", "twilio_api_base_url", "traces_url"} == set(SECRETS)
