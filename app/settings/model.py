"""What can be set, as frozen data: each value with its title, its help and its range.

The form and the file are made from these declarations. Titles and help are texts for `tr`; whoever shows
them passes them through it. Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal

METADATA_KEY = "option"


@dataclass(frozen=True, slots=True)
class Option:
    """What a value means and which values it may have."""

    title: str
    help: str = ""
    kind: type = str
    """bool, int, float, str, or tuple (of str)."""
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    """A regular expression that a whole text must match."""
    auto: bool = False
    """The word "auto" may stand for a number."""
    shown: bool = True
    """False: kept by the program itself, not offered in a form."""


def _option(default: Any, title: str, text: str = "", *, kind: type | None = None, **details: Any) -> Any:
    """A dataclass field with its `Option`, whose help is `text`."""
    option = Option(title, text, kind or type(default), **details)
    return field(default=default, metadata={METADATA_KEY: option})


def option_of(described: Field[Any]) -> Option:
    """The `Option` of a field of one of the sections below."""
    option = described.metadata[METADATA_KEY]
    assert isinstance(option, Option)
    return option


def options_of(section: type) -> Mapping[str, Option]:
    """The options of a section by field name, in the order of a form."""
    return {described.name: option_of(described) for described in fields(section)}


@dataclass(frozen=True, slots=True)
class CanvasSettings:
    """How the canvas shows the mask."""

    overlay_colour: str = _option(
        "#ff0050", "Mask colour", "The colour laid over what will be edited.", pattern=r"#[0-9a-fA-F]{6}"
    )
    overlay_opacity: float = _option(
        0.5, "Mask opacity", "How strongly the colour covers the photograph.", minimum=0.1, maximum=1.0
    )
    mask_look: str = _option(
        "tint",
        "Mask look",
        "A colour over the photograph, a moving outline, or the mask alone in black and white.",
        pattern="tint|outline|alone",
    )
    pixel_grid: bool = _option(True, "Pixel grid", "Part the pixels by fine lines above 800 %.")
    navigator: bool = _option(False, "Navigator", "Show the whole photograph small in a corner.")


@dataclass(frozen=True, slots=True)
class BrushSettings:
    """The brush as it lies ready at the start."""

    diameter: float = _option(
        80.0, "Size", "Diameter in pixels of the photograph.", minimum=1.0, maximum=5000.0
    )
    hardness: float = _option(
        0.8, "Hardness", "0 fades from the centre on, 1 has a sharp edge.", minimum=0.0, maximum=1.0
    )
    opacity: float = _option(
        1.0, "Opacity", "How much of the edit one stroke lets through.", minimum=0.01, maximum=1.0
    )


@dataclass(frozen=True, slots=True)
class MaskSettings:
    """The number that each operation on a mask was used with last."""

    grow: int = _option(8, "Grow", minimum=1, maximum=2000, shown=False)
    shrink: int = _option(8, "Shrink", minimum=1, maximum=2000, shown=False)
    feather: int = _option(8, "Feather", minimum=1, maximum=1000, shown=False)
    border: int = _option(16, "Border", minimum=1, maximum=2000, shown=False)
    smooth: int = _option(8, "Smooth", minimum=1, maximum=400, shown=False)
    remove_specks: int = _option(100, "Remove specks", minimum=2, maximum=1_000_000, shown=False)
    difference: int = _option(8, "Differences", minimum=0, maximum=254, shown=False)


@dataclass(frozen=True, slots=True)
class PenSettings:
    """What a pen's pressure does, and how much strokes are steadied."""

    pressure_size: bool = _option(True, "Pressure: size", "Press lightly for a thin stroke.")
    pressure_opacity: bool = _option(False, "Pressure: opacity", "Press lightly for a weak stroke.")
    curve: float = _option(
        1.0,
        "Pressure curve",
        "Above 100 % a light touch does less, below it does more.",
        minimum=0.25,
        maximum=4.0,
    )
    smoothing: float = _option(
        0.0, "Smoothing", "Steadies strokes of a shaky hand, mouse or pen.", minimum=0.0, maximum=1.0
    )


@dataclass(frozen=True, slots=True)
class StepsSettings:
    """What can be taken back."""

    memory: int = _option(
        256,
        "Memory",
        "Megabytes for the steps of one photograph; when they are full the oldest step goes.",
        minimum=16,
        maximum=8192,
    )


@dataclass(frozen=True, slots=True)
class EditSettings:
    """What a new edit starts with."""

    provider: str = _option("local", "Provider", "Who makes the edit until another is chosen.")
    model: str = _option("", "Model", "Empty means the provider's own choice.")
    variants: int = _option(2, "Variants", "How many results one request asks for.", minimum=1, maximum=10)
    context_share: float = _option(
        0.6,
        "Context",
        "How much of the surroundings is sent, as a share of the mask's size.",
        minimum=0.0,
        maximum=10.0,
    )
    grow: Literal["auto"] | int = _option(
        "auto",
        "Grow the mask",
        "Pixels added around what was painted, so that no rim of it is left.",
        kind=int,
        minimum=0,
        maximum=500,
        auto=True,
    )
    feather: int = _option(
        2, "Feather", "Pixels inside the mask over which the result fades in.", minimum=0, maximum=500
    )


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """How much of what was done is kept."""

    limit: int = _option(
        0,
        "Limit",
        "Gigabytes that the history may take before Maskroom says so; 0 = no limit.",
        minimum=0,
        maximum=100_000,
    )
    clean: bool = _option(
        False,
        "Make room by itself",
        "At the start, delete the oldest edits beyond the limit. Starred and applied ones always stay.",
    )


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """How pictures are written."""

    quality: int = _option(
        92, "Quality", "Of formats that lose detail: 100 loses least.", minimum=1, maximum=100
    )
    lossless: bool = _option(False, "Lossless", "Lose nothing, in formats that can do so.")


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What becomes of the open photographs when the program ends."""

    restore: bool = _option(
        True,
        "Open again",
        "Begin with the photographs that were open at the end. After a crash they always are.",
    )
    autosave: int = _option(
        20,
        "Keep every",
        "Seconds after which changes are kept for the case of a crash.",
        minimum=1,
        maximum=60,
    )


@dataclass(frozen=True, slots=True)
class FilesSettings:
    """Which files and folders were used last."""

    recent: tuple[str, ...] = _option((), "Recent files", shown=False)
    open_folder: str = _option("", "Folder of the last opened file", shown=False)
    export_folder: str = _option("", "Folder of the last export", shown=False)


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How the window stood when it was closed, in the toolkit's own words, as base64."""

    geometry: str = _option("", "Place and size", pattern=r"[A-Za-z0-9+/=]*", shown=False)
    state: str = _option("", "Panels", pattern=r"[A-Za-z0-9+/=]*", shown=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, by section."""

    canvas: CanvasSettings = field(default_factory=CanvasSettings)
    brush: BrushSettings = field(default_factory=BrushSettings)
    mask: MaskSettings = field(default_factory=MaskSettings)
    pen: PenSettings = field(default_factory=PenSettings)
    steps: StepsSettings = field(default_factory=StepsSettings)
    edit: EditSettings = field(default_factory=EditSettings)
    history: HistorySettings = field(default_factory=HistorySettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    session: SessionSettings = field(default_factory=SessionSettings)
    files: FilesSettings = field(default_factory=FilesSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
