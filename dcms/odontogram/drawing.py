"""Draws the chart as SVG: no script, no style sheet, nothing from elsewhere; it can be shown and printed anywhere."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, tostring

from dcms.odontogram.layout import CENTRE, MARGIN, WIDTH, Layout, layout
from dcms.odontogram.marks import FAINT, INK, LINE, MARKS, MUTED, PAPER, PATTERNS
from dcms.odontogram.shapes import UPPER_MOLAR
from dcms.odontogram.structs import ChartedTooth, Odontogram
from dcms.odontogram.svg import add, text
from dcms.odontogram.tooth_drawing import DASHES, described, draw_outline, draw_tooth

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
LEGEND_COLUMNS = 8
LEGEND_ROW = 66


def draw(chart: Odontogram, teeth: Sequence[ChartedTooth]) -> bytes:
    """The chart as a picture."""
    shown = {tooth.tooth_id: tooth for tooth in chart.teeth}
    charted = [tooth for tooth in teeth if tooth.tooth_id in shown]
    plan = layout(charted)
    height = plan.legend_y + 40 + LEGEND_ROW * -(-len(MARKS) // LEGEND_COLUMNS) + 34
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH:g} {height:g}",
            "width": f"{WIDTH:g}",
            "height": f"{height:g}",
            "role": "img",
            "aria-labelledby": "title desc",
            "font-family": FONT,
        },
    )
    add(svg, "title", f"Dental chart of patient {chart.patient_id} on {chart.as_of}", id="title")
    add(svg, "desc", _in_words(chart), id="desc")
    _define_patterns(svg)
    add(svg, "rect", width="100%", height="100%", fill=PAPER)
    _draw_frame(svg, chart, plan)
    for tooth in charted:
        draw_tooth(svg, shown[tooth.tooth_id], plan.places[tooth.tooth_id], tooth)
    _draw_legend(svg, plan.legend_y)
    picture: bytes = tostring(svg, encoding="utf-8", xml_declaration=True)
    return picture


def _in_words(chart: Odontogram) -> str:
    findings = [described(tooth) for tooth in chart.teeth if tooth.condition or tooth.surfaces or tooth.planned]
    return "; ".join(findings) if findings else "No findings."


def _define_patterns(svg: Element) -> None:
    definitions = add(svg, "defs")
    for name, (ground, color, lines) in PATTERNS.items():
        pattern = add(definitions, "pattern", id=name, width=6, height=6, patternUnits="userSpaceOnUse")
        add(pattern, "rect", width=6, height=6, fill=ground)
        add(pattern, "path", d=lines, stroke=color, stroke_width=1.1, fill="none")


def _draw_frame(svg: Element, chart: Odontogram, plan: Layout) -> None:
    """The heading, the lines between the quadrants, and which side is which."""
    text(svg, "Dental chart", MARGIN, 30, font_size=22, font_weight="bold", text_anchor="start")
    parts = [f"Patient {chart.patient_id}", str(chart.as_of), f"{chart.system} notation"]
    details = " \u00b7 ".join(parts if chart.has_chart else [*parts, "no record yet"])
    text(svg, details, WIDTH - MARGIN, 31, font_size=14, fill=MUTED, text_anchor="end")
    add(svg, "path", d=f"M{MARGIN},50 H{WIDTH - MARGIN:g}", stroke=LINE, stroke_width=1)
    y = plan.midline_y
    bottom = 2 * y - 64
    pen = {"stroke": MUTED, "stroke_width": 1, "fill": "none"}
    add(svg, "path", d=f"M{MARGIN},{y:g} H{WIDTH - MARGIN:g}", **pen)
    add(svg, "path", d=f"M{CENTRE:g},64 V{bottom:g}", **pen)
    for x, side in ((MARGIN - 22, "Right"), (WIDTH - MARGIN + 22, "Left")):
        add(
            text(svg, side[0], x, y, font_size=18, font_weight="bold", fill=LINE),
            "title",
            f"The patient's {side.lower()}",
        )
    if plan.extra_y is not None:
        text(svg, "Extra teeth", MARGIN, plan.extra_y, font_size=13, fill=MUTED, text_anchor="start")


def _draw_legend(svg: Element, y: float) -> None:
    add(svg, "path", d=f"M{MARGIN},{y:g} H{WIDTH - MARGIN:g}", stroke=FAINT, stroke_width=1)
    width = (WIDTH - 2 * MARGIN) / LEGEND_COLUMNS
    for index, (condition, mark) in enumerate(MARKS.items()):
        row, column = divmod(index, LEGEND_COLUMNS)
        x, top = MARGIN + column * width, y + 16 + row * LEGEND_ROW
        sample = add(svg, "g", transform=f"translate({x + 18:g} {top:g}) scale(0.6)")
        draw_outline(sample, UPPER_MOLAR, condition)
        text(svg, mark.sign, x + 40, top + 18, font_weight="bold", fill=mark.color, text_anchor="start")
        text(svg, mark.label, x + 40, top + 35, font_size=12, text_anchor="start")
    y += 16 + LEGEND_ROW * -(-len(MARKS) // LEGEND_COLUMNS) + 12
    frame = {"fill": "none", "stroke": INK, "stroke_width": 1.6, "stroke_dasharray": DASHES}
    add(svg, "rect", x=MARGIN, y=y - 9, width=36, height=18, rx=9, **frame)
    text(svg, "planned work", MARGIN + 46, y, text_anchor="start")
    sides = "Square: cheek and lip outside, tongue and palate inside, midline towards the middle. Seen from the front."
    text(svg, sides, WIDTH - MARGIN, y, fill=MUTED, text_anchor="end")
