"""Elements of SVG."""

import re
from xml.etree.ElementTree import Element, SubElement

from dcms.odontogram.marks import INK

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def add(parent: Element, tag: str, content: str | None = None, /, **attributes: object) -> Element:
    """Add an element; `stroke_width` becomes `stroke-width`."""
    named = {name.replace("_", "-"): _written(value) for name, value in attributes.items()}
    element = SubElement(parent, tag, named)
    if content is not None:
        # what XML can't hold, escaped or not
        element.text = _UNPRINTABLE.sub("\ufffd", content)
    return element


def text(parent: Element, content: str, /, x: float, y: float, **attributes: object) -> Element:
    """Add a text centred on x, unless another anchor is named; y is its middle line."""
    given: dict[str, object] = {"font_size": 12, "fill": INK, "text_anchor": "middle", **attributes}
    return add(parent, "text", content, x=x, y=y + 4, **given)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
