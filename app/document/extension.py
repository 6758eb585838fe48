"""A larger canvas for a document: everything that has a size or a place, made anew for it in a worker.

Nothing of the document is changed here. What was made before lives on in the undo step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.base.cancel import CancelToken
from app.base.geometry import Margins, Size
from app.document.composition import Composition, prepare
from app.document.layers import EditLayer
from app.document.named_masks import NamedMask, PreparedMask, prepare_mask
from app.imaging.extend import extend_coverage, extend_photograph, inner_photograph
from app.imaging.photograph import Photograph, from_bgra


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a document's layers lie on."""

    photograph: Photograph
    composition: Composition
    margins: Margins = Margins()
    """By which it is larger than what was opened."""

    @property
    def size(self) -> Size:
        return self.photograph.size

    @property
    def nbytes(self) -> int:
        """Of the working picture with its pyramid, and of samples that are not the same buffer."""
        own = 0 if self.photograph.shares_working else self.photograph.samples.nbytes
        return own + self.composition.picture.nbytes * 4 // 3


@dataclass(frozen=True, slots=True, eq=False)
class Extension:
    """A document's parts on a larger canvas, ready to be taken over by `Document.extend`."""

    added: Margins
    ground: Ground
    masks: tuple[PreparedMask, ...]
    """In the order of the document's; in the active one all that is new is covered."""
    layers: tuple[EditLayer, ...]


def source_photograph(ground: Ground) -> Photograph:
    """Just what was opened, without margins or layers; shares nothing. In any thread, while layers change."""
    inner = inner_photograph(ground.photograph, ground.margins)
    rect = ground.margins.inner(ground.size)
    if ground.photograph.shares_working:
        bgra = ground.composition.original(rect)
        return from_bgra(bgra, inner.metadata, inner.name, inner.format, inner.notes)
    return replace(inner, samples=ground.composition.original_samples(rect))


def ground_photograph(ground: Ground) -> Photograph:
    """What the layers lie on, margins and all, without any of them; shares nothing. In any thread."""
    samples = ground.composition.original_samples(ground.size.rect)
    return replace(ground.photograph, samples=samples, bgra=None)


def prepare_extension(
    ground: Ground,
    masks: Sequence[NamedMask],
    active_mask: int,
    layers: Sequence[EditLayer],
    added: Margins,
    cancel: CancelToken | None = None,
) -> Extension:
    """Make the parts of a document for a canvas that is larger by `added`; takes a while, in a worker.

    All is the document's own, and must not have changed when the extension is taken over.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    margins = ground.margins + added
    # From the photograph and not from what was mirrored before: so it is the same whatever the steps were.
    photograph = extend_photograph(source_photograph(ground), margins)
    prepared = prepare(photograph, cancel)
    composition = Composition(photograph, prepared)
    moved = tuple(moved_layer(layer, added.left, added.top) for layer in layers)
    composition.show(moved)
    planes = []
    for index, named in enumerate(masks):
        coverage = extend_coverage(named.mask.coverage, added, covered=index == active_mask)
        planes.append(prepare_mask(photograph.size, coverage, cancel))
    return Extension(added, Ground(photograph, composition, margins), tuple(planes), moved)


def moved_layer(layer: EditLayer, dx: int, dy: int) -> EditLayer:
    """The layer at another place of a larger canvas; its arrays are shared."""
    source = layer.source
    if source is not None:
        placement = replace(source.placement, region=source.placement.region.translated(dx, dy))
        source = replace(source, placement=placement)
    return replace(layer, region=layer.region.translated(dx, dy), source=source)
