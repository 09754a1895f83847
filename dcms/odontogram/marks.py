"""How each condition looks: a colour, a sign in letters and a pattern, so that the chart is read in grey as well."""

import msgspec

from dcms.teeth.structs import Condition

INK = "#1d2733"
MUTED = "#66727f"
LINE = "#4a5663"
FAINT = "#c3cad2"
ENAMEL = "#fffdf6"
ROOT = "#f6ecd9"
PAPER = "#ffffff"


class Mark(msgspec.Struct, frozen=True):
    """The looks of a condition."""

    sign: str
    label: str
    # of lines and letters, dark enough to be read on white
    color: str
    # of areas: a colour, or a pattern of the drawing's own
    fill: str


def _pattern(condition: str) -> str:
    return f"url(#{condition})"


MARKS: dict[Condition, Mark] = {
    "sound": Mark("ok", "Sound", "#1e7b45", "#dff3e4"),
    "caries": Mark("C", "Caries", "#b3261e", _pattern("caries")),
    "filled": Mark("F", "Filled", "#1f4e9e", "#2f62b8"),
    "sealed": Mark("S", "Sealed", "#0d7377", _pattern("sealed")),
    "inlay": Mark("In", "Inlay", "#8a5a00", _pattern("inlay")),
    "crown": Mark("Cr", "Crown", "#8a5a00", "#e9b949"),
    "veneer": Mark("V", "Veneer", "#6a3fa0", _pattern("veneer")),
    "root_canal": Mark("RC", "Root canal", "#a3195b", "#f7d7e6"),
    "bridge": Mark("B", "Bridge", "#0b6470", "#7fc4cd"),
    "prosthesis": Mark("P", "Prosthesis", "#a8456b", "#f0a8c0"),
    "implant": Mark("Im", "Implant", "#3d4a57", "#aab6c2"),
    "extracted": Mark("X", "Extracted", "#1d2733", "none"),
    "missing": Mark("M", "Missing", "#66727f", "none"),
    "impacted": Mark("Ip", "Impacted", "#7a4b12", "#f5e3cb"),
    "unerupted": Mark("U", "Unerupted", "#3b6aa0", "#eaf1f9"),
    "fractured": Mark("Fx", "Fractured", "#b3261e", _pattern("fractured")),
}

# what a pattern is made of: its ground, the colour of its lines, and their path in a square of 6 by 6
PATTERNS: dict[str, tuple[str, str, str]] = {
    "caries": ("#f6c3bc", "#b3261e", "M0,0 L6,6 M6,0 L0,6"),
    "sealed": ("#d5efec", "#0d7377", "M0,3 H6"),
    "inlay": ("#f3d27a", "#8a5a00", "M0,6 L6,0"),
    "veneer": ("#e8dcf6", "#6a3fa0", "M1.5,0 V6 M4.5,0 V6"),
    "fractured": ("#ffffff", "#b3261e", "M0,1 L3,5 L6,1"),
}
