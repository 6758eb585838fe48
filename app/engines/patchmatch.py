"""The default engine: PyPatchMatch, which copies matching patches of the surroundings into the hole.

C. Barnes, E. Shechtman, A. Finkelstein, D. Goldman: PatchMatch (SIGGRAPH 2009), in the compiled library of
the package `pypatchmatch`. It takes 8-bit RGB, tells nothing while it runs and cannot be stopped, hence the
worker process around it. Its random seed belongs to the process: one call at a time.
"""

from __future__ import annotations

import numpy as np

from app.base.errors import EngineError
from app.base.text import tr
from app.imaging.arrays import U8, as_u8

RADII = (3, 3, 5, 4)
"""Patch radius by `seed % 4`. Small patches give the truest texture, so an odd seed keeps them; larger ones
follow larger structures, which makes variants of consecutive seeds differ in kind and not in noise alone."""


def is_available() -> bool:
    """Whether the compiled library could be loaded on this system."""
    import patchmatch

    return bool(patchmatch.patchmatch_available)


def radius_of(seed: int) -> int:
    """The patch radius in pixels that goes with `seed`."""
    return RADII[seed % len(RADII)]


def fill(picture: U8, hole: U8, seed: int, avoid: U8 | None = None) -> U8:
    """`picture` (h, w, 3) with every pixel where `hole` (h, w) is not 0 replaced; the others bit for bit.

    `avoid` marks pixels that are neither filled nor copied from.

    Raises:
        EngineError: the library is not available or refused.
    """
    import patchmatch

    try:
        patchmatch.set_random_seed(seed)
        filled = patchmatch.inpaint(picture, hole, global_mask=avoid, patch_size=radius_of(seed))
    except RuntimeError as error:
        raise EngineError(
            tr("The healing engine could not fill this hole."),
            tr("Try again, or choose the instant engine."),
            details=repr(error),
        ) from error
    return as_u8(np.asarray(filled))
