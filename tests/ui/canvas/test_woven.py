"""Mask and edge woven into one plane: what it holds, and that nothing of it outlives a change."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Point, Rect
from app.imaging.edges import Edge
from app.ui.canvas.renderer import Renderer
from app.ui.canvas.view_transform import ViewTransform
from app.ui.canvas.woven import Woven
from tests.ui.canvas.test_renderer import CANVAS, SURROUND, VIEW, Canvas, noise

KEPT = 0xFC


def edge_of(canvas: Canvas, share: int) -> Edge:
    """Around what is covered by more than `share`, grown a little."""
    covered = (canvas.coverages.levels[0] > share).astype(np.uint8)
    return Edge.of(canvas.size, canvas.size.rect, cv2.dilate(covered, np.ones((3, 3), np.uint8)))


EDGE = edge_of(CANVAS, 250)
WOVEN = Woven(CANVAS.overlay, EDGE, KEPT)


@given(st.integers(0, 2), st.floats(0, 0.95), st.floats(0, 0.95), st.integers(1, 400), st.integers(1, 400))
@settings(max_examples=60)
def test_a_byte_is_the_upper_bits_of_coverage_and_the_kind_of_edge(
    level: int, across: float, down: float, width: int, height: int
) -> None:
    coverage = CANVAS.coverages.levels[level]
    whole = Rect(0, 0, coverage.shape[1], coverage.shape[0])
    left, top = int(across * whole.width), int(down * whole.height)
    part = Rect(left, top, width, height).intersected(whole)
    expected = (coverage[part.slices] & KEPT) | EDGE.kinds_in(level, part)
    assert np.array_equal(WOVEN.part(level, part), expected)
    # Asked for in pairs, the last column may have a neighbour that is not there.
    wide = Rect(part.x, part.y, part.width + 1, part.height)
    assert np.array_equal(WOVEN.part(level, wide)[:, :-1], expected)


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0])
def test_the_next_frame_shows_another_edge_and_a_changed_mask(scale: float) -> None:
    canvas = Canvas(701, 523, seed=4)
    view = ViewTransform(scale, origin=Point(-21.0 * scale, -13.0 * scale)).snapped()
    renderer = Renderer(VIEW, SURROUND)

    def fresh(edge: Edge | None) -> np.ndarray:
        other = Renderer(VIEW, SURROUND)
        other.draw(canvas.scene, view, [VIEW.rect], edge=edge)
        return other.pixels[..., :3]

    edges = edge_of(canvas, 250), edge_of(canvas, 120)
    for edge in (*edges, None, edges[0]):
        renderer.draw(canvas.scene, view, [VIEW.rect], edge=edge)
        assert np.array_equal(renderer.pixels[..., :3], fresh(edge))
    before = fresh(edges[0])
    changed = Rect(60, 40, 300, 200)
    canvas.coverages.levels[0][changed.slices] = noise(200, 300, seed=9)
    canvas.coverages.update(changed)
    canvas.overlay.plain.forget([changed])
    canvas.occupied[...] = True
    renderer.draw(canvas.scene, view, [VIEW.rect], edge=edges[0])
    assert np.array_equal(renderer.pixels[..., :3], fresh(edges[0]))
    assert not np.array_equal(renderer.pixels[..., :3], before)


def test_smaller_levels_are_brought_up_to_date_before_they_are_woven() -> None:
    canvas, asked = Canvas(701, 523, seed=7), []
    stale = np.zeros_like(canvas.coverages.levels[1])
    overlay = replace(
        canvas.overlay,
        levels=(canvas.coverages.levels[0], stale),
        refresh=lambda part, level: asked.append((part, level)),
    )
    woven = Woven(overlay, edge_of(canvas, 250), KEPT)
    part = Rect(100, 30, 120, 90)
    woven.part(1, part)
    assert any(rect.contains(Rect(200, 60, 240, 180)) and level == 1 for rect, level in asked)
    asked.clear()
    woven.part(1, part)
    assert asked == []
