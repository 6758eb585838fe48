"""Pictures and requests that the tests of edits share."""

from collections.abc import Callable

import numpy as np
import pytest

from app.base.geometry import Rect, Size
from app.edits.cut import cut_request
from app.edits.plan import plan_edit
from app.edits.types import Context, EditRequest, SizeRule
from app.imaging.arrays import U8


@pytest.fixture
def photograph() -> Callable[[Size], U8]:
    """Makes an RGB picture with texture, edges and a gradient; the same for the same size."""

    def make(size: Size) -> U8:
        random = np.random.default_rng(size.width * 10_007 + size.height)
        rows, columns = np.mgrid[0 : size.height, 0 : size.width]
        base = 90 + 60 * np.sin(columns / 17) + 40 * np.cos(rows / 11 + columns / 29)
        planes = [base + shift + random.normal(0, 6, base.shape) for shift in (0, 12, -20)]
        return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)

    return make


@pytest.fixture
def make_request(photograph: Callable[[Size], U8]) -> Callable[..., EditRequest]:
    """Makes a request on such a picture with a painted rectangle `hole` (document pixels)."""

    def make(
        document: Size,
        hole: Rect | None,
        rule: SizeRule = SizeRule(),
        *,
        context: Context = Context(),
        picture: U8 | None = None,
        **more: object,
    ) -> EditRequest:
        plan = plan_edit(document, hole, context, rule)
        whole = photograph(document) if picture is None else picture
        coverage = None
        if hole is not None:
            painted = np.zeros((document.height, document.width), np.uint8)
            painted[hole.slices] = 255
            coverage = painted[plan.region.slices]
        return cut_request(
            id="a1",
            document_id="d1",
            document_name="photo.png",
            plan=plan,
            picture=whole[plan.region.slices],
            coverage=coverage,
            prompt="a lamp",
            provider="p",
            model="m",
            **more,  # type: ignore[arg-type]
        )

    return make
