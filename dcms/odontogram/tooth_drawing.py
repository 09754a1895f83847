"""Draws one tooth: its outline, the square of its five surfaces, the signs of its findings, and its code."""

from xml.etree.ElementTree import Element

from dcms.odontogram.layout import Place
from dcms.odontogram.marks import ENAMEL, FAINT, INK, LINE, MARKS, MUTED, PAPER, ROOT, Mark
from dcms.odontogram.shapes import ARROW, CRACK, HEIGHT, SCREW, THREADS, Shape, kind_of, shape_of
from dcms.odontogram.structs import ChartedTooth, ChartTooth, PlannedWork
from dcms.odontogram.svg import add, text
from dcms.teeth.structs import Condition

# the middle of the square of surfaces, and of the lines of text below it
SQUARE_Y = HEIGHT + 24
HALF = 16
SIGN_Y = SQUARE_Y + 29
PLAN_Y = SQUARE_Y + 47
CODE_Y = SQUARE_Y + 67
# the frame of a plan for the whole tooth
AROUND = "M-19,-19 H19 V19 H-19 Z"
DASHES = "3 2"
# more letters have no room below a tooth
MOST_SIGNS = 2
# the crown is coloured by what covers or fills it
ON_CROWN = frozenset({"sound", "caries", "filled", "sealed", "inlay", "crown", "veneer", "bridge", "prosthesis"})
TINTED = frozenset({"impacted", "unerupted"})
GHOSTS = frozenset({"extracted", "missing", "prosthesis", "implant"})


def draw_tooth(parent: Element, tooth: ChartTooth, place: Place, charted: ChartedTooth) -> None:
    """Draw a tooth with its findings and plans."""
    group = add(parent, "g", transform=f"translate({place.x:g} {place.y:g}) scale({place.scale:g})")
    add(group, "title", described(tooth))
    # a lower tooth stands on its head, but its letters don't
    body = add(group, "g", transform="scale(1 -1)") if place.is_flipped else group
    up = -1 if place.is_flipped else 1
    draw_outline(body, shape_of(charted), tooth.condition, present=tooth.present)
    _draw_surfaces(body, tooth, charted)
    # small teeth have letters that are not as much smaller
    letters = place.scale**-0.5
    _draw_signs(group, tooth, up * SIGN_Y, 13 * letters)
    _draw_plans(group, tooth.planned, up * PLAN_Y, 11 * letters)
    color = INK if tooth.present else MUTED
    text(group, tooth.code, 0, up * CODE_Y, font_size=14 * letters, font_weight="bold", fill=color)


def draw_outline(parent: Element, shape: Shape, condition: Condition | None, *, present: bool = True) -> None:
    """Draw a tooth from the side, as its condition shows there."""
    is_ghost = condition in GHOSTS or not present
    line = {"stroke": FAINT if is_ghost else LINE, "stroke_width": 1.3, "stroke_linejoin": "round"}
    if is_ghost or condition == "unerupted":
        line["stroke_dasharray"] = DASHES
    root_fill = "none" if is_ghost else MARKS[condition].fill if condition in TINTED and condition else ROOT
    if condition != "implant":
        for root in shape.roots:
            add(parent, "path", d=root, fill=root_fill, **line)
    crown_fill = PAPER if is_ghost else ENAMEL
    if condition in ON_CROWN | TINTED and condition:
        crown_fill = MARKS[condition].fill
    if condition in ("crown", "bridge", "prosthesis") and condition:
        line = {"stroke": MARKS[condition].color, "stroke_width": 2.2}
    add(parent, "path", d=shape.crown, fill=crown_fill, **line)
    if condition is not None:
        _draw_sign(parent, shape, condition, MARKS[condition])


def _draw_sign(parent: Element, shape: Shape, condition: Condition, mark: Mark) -> None:
    """What a condition adds to the outline."""
    pen = {"fill": "none", "stroke": mark.color, "stroke_width": 2.4, "stroke_linecap": "round"}
    reach = shape.reach
    if condition == "root_canal":
        add(parent, "path", d=shape.canals, **{**pen, "stroke_width": 3.2})
    elif condition == "implant":
        add(parent, "path", d=SCREW, fill=mark.fill, stroke=mark.color, stroke_width=1.4)
        add(parent, "path", d=THREADS, **{**pen, "stroke_width": 2})
    elif condition == "extracted":
        add(parent, "path", d=f"M{-reach},12 L{reach},78 M{reach},12 L{-reach},78", **{**pen, "stroke_width": 3})
    elif condition == "fractured":
        add(parent, "path", d=CRACK, **pen)
    elif condition == "impacted":
        add(parent, "ellipse", cx=0, cy=HEIGHT / 2, rx=reach + 4, ry=HEIGHT / 2 + 4, **pen)
    elif condition == "unerupted":
        add(parent, "path", d=ARROW, **pen)
    elif condition == "bridge":
        add(parent, "path", d=f"M{-reach - 6},63 H{reach + 6}", **{**pen, "stroke_width": 5, "stroke_linecap": "butt"})
    elif condition == "prosthesis":
        add(
            parent,
            "path",
            d=f"M{-reach - 3},46 Q0,34 {reach + 3},46 Q0,54 {-reach - 3},46 Z",
            fill=mark.fill,
            **_thin(mark),
        )


def _thin(mark: Mark) -> dict[str, object]:
    return {"stroke": mark.color, "stroke_width": 1.6}


def surface_areas(charted: ChartedTooth) -> dict[str, str]:
    """The areas of the surfaces in the square around (0, 0), of an upper tooth: the cheek's side is up."""
    # the cutting edge of a front tooth is narrow
    inner_y = 4.5 if kind_of(charted) in ("incisor", "canine") else 7.5
    inner_x = 8.5 if kind_of(charted) in ("incisor", "canine") else 7.5
    side, x, y = HALF, inner_x, inner_y
    left = f"M{-side},{-side} L{-x},{-y} V{y} L{-side},{side} Z"
    right = f"M{side},{-side} L{x},{-y} V{y} L{side},{side} Z"
    centre = f"M{-x},{-y} H{x} V{y} H{-x} Z"
    is_right = charted.side == "right"
    return {
        "B": f"M{-side},{-side} H{side} L{x},{-y} H{-x} Z",
        "L": f"M{-side},{side} H{side} L{x},{y} H{-x} Z",
        "M": right if is_right else left,
        "D": left if is_right else right,
        "O": centre,
        "I": centre,
    }


def _draw_surfaces(parent: Element, tooth: ChartTooth, charted: ChartedTooth) -> None:
    group = add(parent, "g", transform=f"translate(0 {SQUARE_Y})")
    is_gap = not tooth.present and not tooth.surfaces and tooth.condition not in ("implant", "crown", "bridge")
    line = {"stroke": FAINT if is_gap else LINE, "stroke_width": 1, "stroke_linejoin": "round"}
    areas = surface_areas(charted)
    covering = tooth.condition if tooth.condition in ("crown", "bridge") else None
    for letter in charted.surfaces:
        condition = tooth.surfaces.get(letter, covering)
        add(group, "path", d=areas[letter], fill=PAPER if condition is None else MARKS[condition].fill, **line)
    if is_gap:
        add(
            group,
            "rect",
            x=-HALF,
            y=-HALF,
            width=2 * HALF,
            height=2 * HALF,
            fill="none",
            **line,
            stroke_dasharray=DASHES,
        )
    for work in tooth.planned:
        color = INK if work.condition is None else MARKS[work.condition].color
        outline = "".join(areas[letter] for letter in work.surfaces or "") or AROUND
        # on white, so that it is seen on any finding
        add(group, "path", d=outline, fill="none", stroke=PAPER, stroke_width=3.6)
        add(group, "path", d=outline, fill="none", stroke=color, stroke_width=2.2, stroke_dasharray=DASHES)


def _draw_signs(parent: Element, tooth: ChartTooth, y: float, size: float) -> None:
    """The letters of the whole tooth's condition and of its surfaces'."""
    found = ([tooth.condition] if tooth.condition else []) + list(tooth.surfaces.values())
    different = list(dict.fromkeys(found))
    signs = text(parent, "", 0, y, font_size=size, font_weight="bold")
    for condition in different[:MOST_SIGNS]:
        add(signs, "tspan", MARKS[condition].sign, fill=MARKS[condition].color).tail = " "
    if len(different) > MOST_SIGNS:
        add(signs, "tspan", "\u2026")


def _draw_plans(parent: Element, planned: list[PlannedWork], y: float, size: float) -> None:
    """The signs of what is planned, in a dashed frame."""
    if not planned:
        return
    signs = list(dict.fromkeys(MARKS[work.condition].sign if work.condition else "\u2022" for work in planned))
    shown = " ".join(signs[:MOST_SIGNS]) + ("\u2026" if len(signs) > MOST_SIGNS else "")
    first = planned[0].condition
    color = MARKS[first].color if first else INK
    half = 5 + size * 0.34 * len(shown)
    frame = {"fill": PAPER, "stroke": color, "stroke_dasharray": DASHES, "stroke_width": 1.3}
    add(parent, "rect", x=-half, y=y - 8, width=2 * half, height=16, rx=8, **frame)
    text(parent, shown, 0, y, font_size=size, fill=color, font_weight="bold")


def described(tooth: ChartTooth) -> str:
    """A tooth in words."""
    words = [MARKS[tooth.condition].label.lower()] if tooth.condition else []
    words += [f"{MARKS[condition].label.lower()} {letter}" for letter, condition in tooth.surfaces.items()]
    words += [f"planned: {work.service_name}{f' {work.surfaces}' if work.surfaces else ''}" for work in tooth.planned]
    since = f" (since {tooth.since.date().isoformat()})" if tooth.since else ""
    return f"{tooth.code} {tooth.name}: {', '.join(words) or 'no finding'}{since}"
