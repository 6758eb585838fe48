"""The column at the right keeps what is needed to send in sight, and stands still while one looks at its panels."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QWidget

from app.base.geometry import Point
from app.session.layer_actions import rename_layer
from app.ui.panels.side import EDIT, HISTORY, LAYERS, STEPS
from tests.ui.window.conftest import Window, eventually

NEEDED = ("prompt", "strength", "guidance", "seed", "generate")


def is_whole(widget: QWidget) -> bool:
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


def places(window: Window) -> dict[str, QRect]:
    """Where what is needed stands in the window."""
    found = {name: window.widget(name) for name in NEEDED}
    return {name: QRect(each.mapTo(window.frame, QPoint(0, 0)), each.size()) for name, each in found.items()}


async def fill(window: Window, photograph: Path) -> None:
    """A layer in the Layers panel, a request in the history, steps, and something to send."""
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    window.stroke(Point(140, 120), Point(180, 120))
    await session.generate()
    await eventually(lambda: session.candidates.items)
    window.desk.actions.run("candidate.apply")
    await eventually(lambda: session.document is not None and session.document.layers)
    session.form.set_provider("everything")
    window.stroke(Point(40, 40), Point(60, 60))
    await session.planned()


@pytest.mark.parametrize("size", [(1600, 1000), (1920, 1200)])
async def test_nothing_jumps_between_the_tabs_of_a_tall_column(
    window: Window, photograph: Path, size: tuple[int, int]
) -> None:
    await fill(window, photograph)
    window.frame.resize(*size)
    side = window.desk.side
    stood = []
    for part in (HISTORY, LAYERS, STEPS, HISTORY):
        side.reveal(part)
        await asyncio.sleep(0.1)
        for name in NEEDED:
            assert is_whole(window.widget(name)), name
        stood.append((places(window), side.lower_tabs.mapTo(window.frame, QPoint(0, 0))))
    assert all(each == stood[0] for each in stood)


@pytest.mark.parametrize("size", [(1440, 900), (1067, 667)])
async def test_the_edit_panel_shows_what_is_needed_in_a_low_window(
    window: Window, photograph: Path, size: tuple[int, int]
) -> None:
    """The second is a screen of 1600 x 1000 at one and a half."""
    await fill(window, photograph)
    window.frame.resize(*size)
    window.desk.side.reveal(EDIT)
    await asyncio.sleep(0.1)
    for name in NEEDED:
        assert is_whole(window.widget(name)), name


async def test_layers_have_room_for_two_and_for_what_tunes_them(window: Window, photograph: Path) -> None:
    await fill(window, photograph)
    window.desk.actions.run("layer.duplicate")
    window.frame.resize(1600, 1000)
    window.desk.side.reveal(LAYERS)
    layers = window.desk.layers
    await eventually(lambda: layers.list.count() == 2)
    await asyncio.sleep(0.1)
    for row in (0, 1):
        rect = layers.list.visualItemRect(layers.list.item(row))
        assert layers.list.viewport().rect().contains(rect)
    for name in ("layerOpacity", "layerMode", "layerFeather", "layerLeak"):
        assert is_whole(window.widget(name)), name


async def test_painting_does_not_move_the_form(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    await asyncio.sleep(0.1)
    before = window.widget("generate").mapTo(window.frame, QPoint(0, 0))
    window.stroke(Point(140, 120), Point(180, 120))
    await session.planned()
    await asyncio.sleep(0.1)
    assert window.widget("generate").mapTo(window.frame, QPoint(0, 0)) == before


async def test_f6_comes_to_whatever_stands_below(window: Window, photograph: Path) -> None:
    await fill(window, photograph)
    window.frame.resize(1600, 1000)
    desk = window.desk
    for part, stop in ((LAYERS, desk.layers.list), (HISTORY, desk.history.search), (STEPS, desk.steps.view)):
        desk.side.reveal(part)
        await asyncio.sleep(0.05)
        desk.edit.prompt.setFocus()
        window.key(Qt.Key.Key_F6)
        assert stop.hasFocus()
        window.key(Qt.Key.Key_F6)
        assert desk.canvas.hasFocus()


async def test_the_bar_over_the_canvas_shows_a_whole_name_and_is_never_covered(
    window: Window, photograph: Path
) -> None:
    await fill(window, photograph)
    window.frame.resize(1600, 1000)
    document = window.session.document
    assert document is not None
    rename_layer(document, document.layers[0].id, "The lamp on the left of the door")
    window.desk.actions.run("layer.paint")
    await eventually(lambda: document.painted_layer)
    bar = window.desk.painting_bar
    await eventually(bar.isVisible)
    await asyncio.sleep(0.05)
    title = bar.title
    assert title.fontMetrics().horizontalAdvance(title.text()) <= title.width()
    window.frame.resize(900, 700)
    await asyncio.sleep(0.05)
    assert window.desk.host.rect().contains(bar.geometry())
    # What is told meanwhile pushes it down, and the legend makes room.
    window.workspace.notices.info("Something is told.", "With a hint to it.")
    window.desk.actions.run("view.leak")
    await eventually(window.widget("heatLegend").isVisible)
    await asyncio.sleep(0.05)
    told = window.desk.notices
    covered = told.mapTo(window.frame, QPoint(0, 0)).y() + told.height()
    assert bar.mapTo(window.frame, QPoint(0, 0)).y() >= covered
    assert not bar.geometry().intersects(window.widget("heatLegend").geometry())


async def test_tab_goes_down_the_layers_panel(window: Window, photograph: Path) -> None:
    await fill(window, photograph)
    window.frame.resize(1600, 1000)
    window.desk.show_part(LAYERS)
    await asyncio.sleep(0.05)
    layers = window.desk.layers
    passed: list[str] = []
    while len(passed) < 30 and "leak" not in passed:
        focused = window.frame.focusWidget()
        assert focused is not None
        if focused is layers.list:
            passed.append("list")
        elif focused is layers.leak:
            passed.append("leak")
        else:
            passed.append("tuning" if layers.tuning.isAncestorOf(focused) else focused.accessibleName())
        window.key(Qt.Key.Key_Tab)
    assert list(dict.fromkeys(passed)) == [
        "list",
        "Paint the layer's mask",
        "Duplicate the layer",
        "Delete the layer",
        "tuning",
        "leak",
    ]
