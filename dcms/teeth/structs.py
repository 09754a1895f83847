"""The shapes of teeth."""

from typing import Annotated, Literal

import msgspec
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, UnsetType

from dcms.web.fields import Id, Name
from dcms.web.problems import FieldError

Condition = Literal[
    "sound",
    "caries",
    "filled",
    "sealed",
    "inlay",
    "crown",
    "veneer",
    "root_canal",
    "bridge",
    "prosthesis",
    "implant",
    "extracted",
    "missing",
    "impacted",
    "unerupted",
    "fractured",
]
Dentition = Literal["permanent", "primary"]
Arch = Literal["upper", "lower"]
Side = Literal["right", "left"]
ToothSystem = Literal["FDI", "universal", "palmer"]
SYSTEMS: dict[str, ToothSystem] = {"fdi": "FDI", "universal": "universal", "palmer": "palmer"}

Surfaces = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=6,
        pattern="^M?O?D?B?L?I?$",
        description="Surfaces in this order: mesial, occlusal, distal, buccal or labial, lingual or palatal, incisal.",
        examples=["MO"],
    ),
]
Position = Annotated[int, Meta(ge=1, le=20, description="Counted from the midline.")]
Code = Annotated[str, Meta(min_length=1, max_length=10)]


def _is_system(value: str) -> list[FieldError]:
    return [] if value.lower() in SYSTEMS else [FieldError("", "must be FDI, universal or palmer")]


SystemName = Annotated[
    Annotated[str, Meta(extra={"check": _is_system})] | None,
    QueryParameter(description="FDI, universal or palmer, in any case; the clinic's by default."),
]


class ToothDefinition(msgspec.Struct):
    """A tooth of the human dentition, or an extra one."""

    tooth_id: Id
    # null for extra teeth
    fdi: str | None
    universal: str | None
    palmer: str | None
    name: str
    dentition: Dentition
    arch: Arch
    # the patient's
    side: Side
    position: int
    surfaces: Surfaces
    is_active: bool
    version: int


class CodedTooth(ToothDefinition):
    """A tooth with its code in the notation asked for."""

    code: str


class NewToothDefinition(msgspec.Struct, forbid_unknown_fields=True):
    """An extra tooth to be."""

    name: Name
    dentition: Dentition
    arch: Arch
    side: Side
    position: Position
    tooth_id: Annotated[int, Meta(ge=1, le=999, description="A free one; the server takes one by default.")] | None = (
        None
    )
    universal: Code | None = None
    palmer: Code | None = None
    surfaces: Surfaces = "MODBL"


class ToothDefinitionChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a tooth: what is absent stays, null clears."""

    name: Name | UnsetType = UNSET
    dentition: Dentition | UnsetType = UNSET
    arch: Arch | UnsetType = UNSET
    side: Side | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    universal: Code | None | UnsetType = UNSET
    palmer: Code | None | UnsetType = UNSET
    surfaces: Surfaces | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
