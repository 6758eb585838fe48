"""Small documents, layers and pointer drags for the tests of this room."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from PIL import ImageCms

from app.base.geometry import Point, Rect, Size
from app.document.document import Document
from app.document.gestures import GestureRunner, Modifier, PointerSample, Tool
from app.document.layers import EditLayer
from app.document.tiles import TILE
from app.imaging.arrays import U8
from app.imaging.photograph import Channels, Metadata, Photograph, from_bgra
from app.imaging.recipe import Recipe

KINDS = ("shared", "gray", "gray alpha", "rgba", "rgb 16", "profile")


def photograph(kind: str = "shared", size: Size = Size(600, 400), seed: int = 1) -> Photograph:
    """Noise in one of the forms in which photographs are kept."""
    random = np.random.default_rng(seed)
    shape = (size.height, size.width)
    if kind == "shared":
        bgra = random.integers(0, 256, (*shape, 4), dtype=np.uint8)
        bgra[..., 3] = 255
        return from_bgra(bgra, Metadata(), "noise.png", "PNG")
    if kind == "rgb 16":
        deep = random.integers(0, 65536, (*shape, 3), dtype=np.uint16)
        return Photograph(deep, Channels.RGB, Metadata(), "noise.tif", "TIFF")
    count = {"gray": 1, "gray alpha": 2, "rgba": 4, "profile": 3}[kind]
    samples = random.integers(0, 256, (*shape, count), dtype=np.uint8)
    if count == 1:
        samples = samples[..., 0]
    icc = wide_gamut() if kind == "profile" else None
    return Photograph(samples, Channels.of(samples), Metadata(icc=icc), "noise.png", "PNG")


def wide_gamut() -> bytes:
    """A profile that is not sRGB: its red and green are swapped, which no conversion can overlook."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    data = bytearray(profile.tobytes())
    red, green = data.find(b"rXYZ"), data.find(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def document(size: Size = Size(600, 400), kind: str = "shared") -> Document:
    return Document(photograph(kind, size))


def layer(
    region: Rect, seed: int = 2, *, hole: bool = True, feather: int = 2, opacity: float = 1.0
) -> EditLayer:
    """Noise over `region`, covering an ellipse in it, softly at its rim, or (without `hole`) all of it."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (region.height, region.width, 3), dtype=np.uint8)
    coverage: U8 = np.full((region.height, region.width), 255, np.uint8)
    if hole:
        coverage[...] = 0
        centre = region.width // 2, region.height // 2
        axes = max(1, region.width // 3), max(1, region.height // 4)
        cv2.ellipse(coverage, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    return EditLayer(f"layer-{seed}", "Noise", region, pixels, coverage, Recipe(feather=feather), opacity)


def drag(
    runner: GestureRunner,
    tool: Tool,
    points: Sequence[tuple[float, float]],
    modifiers: Iterable[Modifier] = (),
    *,
    release: bool = True,
) -> None:
    """Press at the first point, move over the others one event each, and release."""
    samples = [PointerSample(Point(x, y), modifiers=frozenset(modifiers)) for x, y in points]
    runner.press(tool, samples[0])
    for sample in samples[1:]:
        runner.move([sample])
    if release:
        runner.release()


def exact_occupancy(coverage: U8) -> np.ndarray:
    rows, columns = -(-coverage.shape[0] // TILE), -(-coverage.shape[1] // TILE)
    return np.array(
        [
            [
                coverage[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE].any()
                for column in range(columns)
            ]
            for row in range(rows)
        ]
    )
