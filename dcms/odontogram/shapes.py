"""The outlines of teeth, of an upper one with its roots up: 84 high, around the middle line x = 0."""

from typing import Literal

import msgspec

from dcms.odontogram.structs import ChartedTooth

Kind = Literal["incisor", "canine", "premolar", "molar"]

HEIGHT = 84
# where the crown begins
NECK = 47


class Shape(msgspec.Struct, frozen=True):
    """The outline of a kind of tooth."""

    crown: str
    roots: tuple[str, ...]
    # the middle lines of the roots
    canals: str
    # half of the crown's width
    reach: float


_MOLAR_CROWN = (
    "M-17,47 C-25,53 -26,65 -23,76 C-21,84 -14,84 -11,80 Q-6,75 0,79 Q6,75 11,80 C14,84 21,84 23,76 "
    "C26,65 25,53 17,47 Q0,43 -17,47 Z"
)
_SIDE_ROOT = "M-17,49 C-23,36 -22,16 -18,6 C-16,2 -13,4 -12,8 C-9,20 -8,36 -7,47 Z"
_OTHER_SIDE_ROOT = "M17,49 C23,36 22,16 18,6 C16,2 13,4 12,8 C9,20 8,36 7,47 Z"

UPPER_MOLAR = Shape(
    _MOLAR_CROWN,
    ("M-7,48 C-7,32 -4,12 -2,5 Q0,1 2,5 C4,12 7,32 7,48 Z", _SIDE_ROOT, _OTHER_SIDE_ROOT),
    "M-17,9 Q-16,30 -10,58 M0,8 V58 M17,9 Q16,30 10,58",
    24,
)
LOWER_MOLAR = Shape(
    _MOLAR_CROWN,
    (
        "M-17,49 C-23,34 -19,14 -14,5 Q-11,1 -9,6 C-5,18 -2,34 -1,48 Z",
        "M17,49 C23,34 19,14 14,5 Q11,1 9,6 C5,18 2,34 1,48 Z",
    ),
    "M-12,8 Q-12,30 -8,58 M12,8 Q12,30 8,58",
    24,
)
PREMOLAR = Shape(
    "M-12,47 C-18,54 -18,66 -16,75 C-14,83 -8,84 -6,80 Q0,75 6,80 C8,84 14,83 16,75 C18,66 18,54 12,47 Q0,43 -12,47 Z",
    ("M-12,49 C-11,32 -6,10 -2,4 Q0,1 2,4 C6,10 11,32 12,49 Z",),
    "M0,8 V58",
    17,
)
CANINE = Shape(
    "M-11,47 C-15,56 -16,66 -14,73 L-2,83 Q0,85 2,83 L14,73 C16,66 15,56 11,47 Q0,42 -11,47 Z",
    ("M-11,49 C-10,30 -5,8 -2,2 Q0,-1 2,2 C5,8 10,30 11,49 Z",),
    "M0,6 V58",
    15,
)
INCISOR = Shape(
    "M-11,47 C-14,56 -16,70 -15,80 Q-15,83 -12,83 L12,83 Q15,83 15,80 C16,70 14,56 11,47 Q0,42 -11,47 Z",
    ("M-11,49 C-9,32 -5,12 -2,6 Q0,3 2,6 C5,12 9,32 11,49 Z",),
    "M0,10 V58",
    15,
)

# the implant in place of the root: its body and its threads
SCREW = "M-7,46 H7 L5,14 Q0,5 -5,14 Z"
THREADS = "M-8,41 L8,37 M-7.6,34 L7.6,30 M-7,27 L7,23 M-6.2,20 L6.2,16"
CRACK = "M-6,45 L3,54 L-4,61 L5,69 L-1,76 L3,85"
# the way an unerupted tooth has to go
ARROW = "M0,52 V72 M-6,66 L0,73 L6,66"


def kind_of(tooth: ChartedTooth) -> Kind:
    """The kind of a tooth by its place; primary teeth have molars behind the canine."""
    if tooth.position <= 2:
        return "incisor"
    if tooth.position == 3:
        return "canine"
    return "premolar" if tooth.dentition == "permanent" and tooth.position <= 5 else "molar"


def shape_of(tooth: ChartedTooth) -> Shape:
    """The outline of a tooth."""
    kind = kind_of(tooth)
    if kind == "molar":
        return UPPER_MOLAR if tooth.arch == "upper" else LOWER_MOLAR
    return {"incisor": INCISOR, "canine": CANINE, "premolar": PREMOLAR}[kind]
