"""Whose address a request comes from."""

from ipaddress import ip_network
from typing import Any

import pytest

from dcms.web.front import client_address
from tests.api import Api

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    "client, forwarded_for, address",
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
        ("2001:db8::1", "2001:470::1", "2001:470::1"),
        ("fe80::1%eth0", None, "fe80::1"),
        ("10.0.0.1", "unknown", None),
        ("10.0.0.1", "198.51.100.7, unknown", None),
        ("testclient", None, None),
        ("testclient", "198.51.100.7", None),
        (None, "198.51.100.7", None),
    ],
)
def test_only_named_proxies_speak_for_others(
    client: str | None, forwarded_for: str | None, address: str | None
) -> None:
    scope: Any = {"client": None if client is None else (client, 1234)}

    assert client_address(scope, forwarded_for, PROXIES) == address


async def test_several_lines_of_the_header_are_one(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.app, "proxies", (ip_network("127.0.0.0/8"), *PROXIES))
    hops = [("X-Forwarded-For", "203.0.113.9, 198.51.100.7"), ("X-Forwarded-For", "10.0.0.2")]

    assert (await api.doctor.get("/users", headers=hops)).status_code == 403

    [entry] = await api.audited(action="denied")
    assert str(entry["ip"]) == "198.51.100.7"
