"""Snapshots of a document that changes faster than it is copied."""

import asyncio

import numpy as np
import pytest

from app.base.geometry import Size
from app.document.document import Document
from app.session import snapshots
from app.session.snapshots import Snapshots
from tests.document.making import photograph


async def test_who_never_stops_painting_is_kept_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "PATIENCE", 0.3)
    document = Document(photograph(size=Size(3000, 2000)))
    taken = Snapshots(document)
    noise = np.random.default_rng(1).integers(0, 256, (2000, 3000), np.uint8)
    document.set_mask(noise, "Noise")

    async def paint() -> None:
        while True:
            document.invert_mask()
            await asyncio.sleep(0)

    painting = asyncio.create_task(paint())
    try:
        found = await asyncio.wait_for(taken.take(), 30)
        now = document.mask.coverage.copy()
    finally:
        painting.cancel()
    ((_name, packed),) = found.masks
    kept = packed.coverage()
    # Nothing is torn: it is the mask of one moment, which is either the noise or its inversion.
    assert np.array_equal(kept, now) or np.array_equal(kept, 255 - now)
    taken.detach()
