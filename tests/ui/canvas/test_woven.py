"""Mask and edge woven into one plane: what it holds however one gets there, and that none of it outlives a change."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.geometry import Point, Rect
from app.imaging.arrays import U8
from app.imaging.edges import Edge
from app.ui.canvas.renderer import Renderer
from app.ui.canvas.seen_mask import SeenCoverage, SeenEdge
from app.ui.canvas.view_transform import ViewTransform, visible_rect
from app.ui.canvas.woven import Woven
from tests.ui.canvas.test_renderer import CANVAS, SURROUND, VIEW, Canvas, noise

KEPT = 0xFC


def edge_of(canvas: Canvas, share: int) -> Edge:
    """Around what is covered by more than `share`, grown a little."""
    covered = (canvas.coverages.levels[0] > share).astype(np.uint8)
    return Edge.of(canvas.size, canvas.size.rect, cv2.dilate(covered, np.ones((3, 3), np.uint8)))


EDGE = edge_of(CANVAS, 250)
AROUND = Rect(0, 0, 200, 250)


def by_hand(edge: Edge | None, view: ViewTransform, part: Rect) -> U8:
    """What lies under `part` of a view whose origin is the document's corner, found for this part alone."""
    index = np.empty((part.height, part.width), np.uint8)
    kept = 0xFF if edge is None else KEPT
    SeenCoverage.of(CANVAS.overlay, view, smooth=True, kept=kept).lay(index, part)
    if edge is not None:
        SeenEdge.of(edge, view, part).lay(index, part)
    return index


shares = st.floats(0, 0.97)
places = st.tuples(shares, shares, st.integers(1, 700), st.integers(1, 500))


@given(
    st.one_of(st.sampled_from([0.25, 0.5, 1.0]), st.floats(0.1, 1.99)),
    st.lists(places, min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([1 << 17, 1 << 24]),
)
@settings(max_examples=60)
def test_bytes_are_those_of_the_part_alone_wherever_one_has_been_before(
    scale: float, asked: list[tuple[float, float, int, int]], edged: bool, most: int
) -> None:
    edge = EDGE if edged else None
    view = ViewTransform(scale).snapped()
    whole = visible_rect(CANVAS.size.rect, view)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.ui.canvas.woven._MOST", most)
        woven = Woven(CANVAS.overlay, edge, view.scale, KEPT if edged else 0xFF)
        for across, down, width, height in asked:
            part = Rect(int(across * whole.width), int(down * whole.height), width, height)
            part = part.intersected(whole)
            # Asked for in pairs, the last column may have a neighbour that is not there.
            wide = Rect(part.x, part.y, part.width + 1, part.height)
            found = woven.part(wide)[:, :-1]
            if edged:
                assert np.array_equal(found, by_hand(edge, view, part))
            else:
                # The filter may differ by a level with where it begins.
                assert np.abs(found.astype(int) - by_hand(edge, view, part)).max() <= 1


def test_what_is_there_is_not_woven_again(monkeypatch: pytest.MonkeyPatch) -> None:
    laid: list[Rect] = []
    lay = SeenEdge.lay
    monkeypatch.setattr(
        SeenEdge, "lay", lambda self, index, part: (laid.append(part), lay(self, index, part))
    )
    woven = Woven(CANVAS.overlay, EDGE, ViewTransform(1.6).snapped().scale, KEPT)
    woven.part(AROUND)
    assert laid
    laid.clear()
    woven.part(AROUND.translated(10, 0).intersected(AROUND))
    assert laid == []
    # Further on, what is new is woven, and what was there is still known.
    further = AROUND.translated(150, 0)
    woven.part(further)
    assert laid
    assert all(part.x == 256 for part in laid)
    laid.clear()
    woven.part(AROUND)
    woven.part(further)
    assert laid == []


@pytest.mark.parametrize("scale", [0.25, 0.4, 0.5, 0.9, 1.0, 1.6])
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
        # Drawn again, it is woven; and once more it is what was kept.
        for _ in range(3):
            renderer.draw(canvas.scene, view, [VIEW.rect], edge=edge)
            assert np.array_equal(renderer.pixels[..., :3], fresh(edge))
    before = fresh(edges[0])
    changed = Rect(60, 40, 300, 200)
    canvas.coverages.levels[0][changed.slices] = noise(200, 300, seed=9)
    canvas.coverages.update(changed)
    canvas.overlay.plain.forget([changed])
    canvas.occupied[...] = True
    for _ in range(3):
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
    woven = Woven(overlay, edge_of(canvas, 250), 0.5, KEPT)
    part = Rect(100, 30, 120, 90)
    woven.part(part)
    assert any(rect.contains(Rect(200, 60, 240, 180)) and level == 1 for rect, level in asked)
    asked.clear()
    woven.part(part)
    assert asked == []
