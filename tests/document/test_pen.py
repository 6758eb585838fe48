"""Strokes by pressure: width and strength follow it, full pressure is the plain brush, one undo step each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.geometry import Point
from app.document.brush import Brush
from app.document.document import Document
from app.document.gestures import GestureRunner, Modifier, PointerSample, Tool, brush_stroke
from app.document.pen import LEAST, PenDynamics, pen_stroke
from app.imaging.arrays import U8
from app.imaging.photograph import Channels, Metadata, Photograph

BRUSH = Brush(40.0, 1.0)


def new_document() -> Document:
    return Document(Photograph(np.zeros((200, 400), np.uint8), Channels.GRAY, Metadata(), "grey.png", "PNG"))


def drawn(tool: Tool, *samples: PointerSample) -> U8:
    document = new_document()
    runner = GestureRunner(document)
    runner.press(tool, samples[0])
    runner.move(samples[1:])
    runner.release()
    assert len(document.undo.steps) == 1
    return document.mask.coverage.copy()


def at(x: float, pressure: float = 1.0) -> PointerSample:
    return PointerSample(Point(x, 100.0), pressure)


def widths(coverage: U8) -> list[int]:
    return [int(np.count_nonzero(coverage[:, x])) for x in range(80, 321, 20)]


@pytest.mark.parametrize("dynamics", [PenDynamics(), PenDynamics(opacity=True, curve=3.0)])
def test_full_pressure_is_the_plain_brush(dynamics: PenDynamics) -> None:
    samples = [at(60), at(110), at(113), at(340)]
    plain = drawn(brush_stroke(BRUSH), *samples)
    assert np.array_equal(drawn(pen_stroke(BRUSH, dynamics), *samples), plain)


def test_a_stroke_grows_with_the_pressure_between_two_samples() -> None:
    seen = widths(drawn(pen_stroke(BRUSH, PenDynamics()), at(60, 0.2), at(340, 1.0)))
    assert seen == sorted(seen)
    assert seen[0] < 14
    assert seen[-1] > 36
    steps = np.diff(seen)
    assert steps.max() <= 4


def test_strength_follows_the_pressure_and_width_does_not() -> None:
    dynamics = PenDynamics(size=False, opacity=True)
    coverage = drawn(pen_stroke(BRUSH, dynamics), at(60, 0.2), at(340, 1.0))
    assert min(widths(coverage)) >= 38
    along = coverage[100, 80:340:20].astype(int)
    assert (np.diff(along) > 0).all()
    # At each place the strongest dab that reaches it counts: the one a radius further on.
    assert abs(along[0] - 255 * 0.314) < 4


def test_an_eraser_takes_away_by_pressure() -> None:
    document = new_document()
    document.fill_mask()
    runner = GestureRunner(document)
    runner.press(pen_stroke(Brush(40.0, 1.0, erase=True), PenDynamics()), at(100, 0.5))
    runner.move([at(300, 0.5)])
    runner.release()
    gone = int(np.count_nonzero(document.mask.coverage[:, 200] == 0))
    assert 18 <= gone <= 21
    document.undo.undo()
    assert (document.mask.coverage == 255).all()


def test_shift_draws_a_straight_line_from_the_last_stroke() -> None:
    document = new_document()
    runner = GestureRunner(document)
    for sample in (at(60, 0.5), PointerSample(Point(340.0, 100.0), 0.5, frozenset({Modifier.SHIFT}))):
        runner.press(pen_stroke(BRUSH, PenDynamics()), sample)
        runner.release()
    assert widths(document.mask.coverage) == pytest.approx([20] * 13, abs=2)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.25, 4))
def test_harder_is_never_less_and_steps_are_too_small_to_see(a: float, b: float, curve: float) -> None:
    dynamics = PenDynamics(curve=curve)
    low, high = sorted((a, b))
    assert LEAST * 0.98 <= dynamics.share(low) <= dynamics.share(high) <= 1.0
    assert dynamics.share(high) == pytest.approx(max(high**curve, LEAST), rel=0.01)


@pytest.mark.parametrize(("curve", "compare"), [(2.0, -1), (0.5, 1)])
def test_the_curve_makes_a_light_touch_do_less_or_more(curve: float, compare: int) -> None:
    assert np.sign(PenDynamics(curve=curve).share(0.5) - 0.5) == compare


def test_nothing_is_felt_when_pressure_means_nothing() -> None:
    assert not PenDynamics(size=False, opacity=False).is_felt
    assert PenDynamics(size=False, opacity=False).brush_at(BRUSH, 0.3) == BRUSH
