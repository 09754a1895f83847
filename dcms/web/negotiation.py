"""Which of several media types a client prefers (RFC 9110, 12.5.1)."""

from collections.abc import Sequence


def preferred(accept: str | None, offers: Sequence[str]) -> str:
    """The best of the offers by Accept; the first one when several are, or when none would do."""
    ranges = [_range(part) for part in (accept or "*/*").split(",")]
    return max(offers, key=lambda offer: _quality(offer, ranges))


def _range(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((piece[2:].strip() for piece in parameters if piece.startswith("q=")), "1")
    try:
        value = float(quality)
    except ValueError:
        value = 0.0
    return media_type, value if 0 <= value <= 1 else 0.0


def _quality(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality of an offer: that of the most specific range it is in."""
    for wanted in (offer, offer.split("/", maxsplit=1)[0] + "/*", "*/*"):
        qualities = [quality for media_type, quality in ranges if media_type == wanted]
        if qualities:
            return max(qualities)
    return 0.0
