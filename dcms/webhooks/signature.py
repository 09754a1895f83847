"""Twilio's signature: HMAC-SHA1 over the URL it called and what it sent, in base64.

https://www.twilio.com/docs/usage/security#validating-requests. Of a form every parameter is signed, sorted; of a
repeated one each value once. A JSON body is signed by its SHA-256, which stands in the query as `bodySHA256`.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

STANDARD_PORTS = {"http": 80, "https": 443}


def signature_of(token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """The signature of a call to a URL with a form's parameters."""
    return _sign(token, url + _signed_text(parameters)).decode()


def is_signed(token: str, url: str, signature: str, parameters: Iterable[tuple[str, str]] = ()) -> bool:
    """Whether the signature is that of the URL, written with or without the standard port."""
    text = _signed_text(parameters)
    given = signature.encode()
    # who is refused has seen all of them computed, so that the time tells nothing
    return any(hmac.compare_digest(_sign(token, each + text), given) for each in spellings(url))


def is_body_signed(url: str, body: bytes) -> bool:
    """Whether the URL's query holds the body's SHA-256, once."""
    digests = [value for name, value in parse_qsl(urlsplit(url).query) if name == "bodySHA256"]
    return len(digests) == 1 and hmac.compare_digest(
        digests[0].lower().encode(), hashlib.sha256(body).hexdigest().encode()
    )


def spellings(url: str) -> Iterator[str]:
    """The URL, and the same with its standard port written or left out."""
    yield url
    scheme, _, rest = url.partition("://")
    end = min((rest.index(mark) for mark in "/?#" if mark in rest), default=len(rest))
    host, path = rest[:end], rest[end:]
    port = f":{STANDARD_PORTS.get(scheme.lower(), '')}"
    if host.endswith(port):
        yield f"{scheme}://{host.removesuffix(port)}{path}"
    elif ":" not in host.rpartition("]")[2]:
        yield f"{scheme}://{host}{port}{path}"


def _signed_text(parameters: Iterable[tuple[str, str]]) -> str:
    return "".join([name + value for name, value in sorted(set(parameters))])


def _sign(token: str, text: str) -> bytes:
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1"))
