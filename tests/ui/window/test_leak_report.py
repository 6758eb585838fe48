"""What a result did outside its mask, as a person sees it: the line, the details, the map, the inverted retry."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from app.base.geometry import Point
from app.edits.types import Drift, Report
from app.session.candidates import Candidate
from app.session.document_files import save_document
from app.ui.leak import Verdict, figures, number_text, verdict, verdict_text
from app.ui.panels.side import LAYERS
from tests.mask_gateway import Array, MaskGateway, Paint, honour, ignore, turn_round
from tests.ui.canvas.showing import shown_pixels
from tests.ui.window.conftest import Window, eventually

LEFT = Qt.MouseButton.LeftButton


@pytest_asyncio.fixture
async def gateway(
    window: Window, photograph: Path, maskroom_home: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MaskGateway]:
    """A provider, chosen for an open photograph that is painted on."""
    server = MaskGateway()
    await server.start()
    monkeypatch.setenv("MASKROOM_KEY_MINE", "sk-planted")
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(
            f'[providers.mine]\ndialect = "openai-multipart"\nmodel = "m"\nbase_url = "{server.base_url}"\n'
        )
    session = await window.open(photograph)
    session.form.set_provider("mine")
    session.form.set_prompt("a lamp")
    session.form.set_variants(1)
    window.stroke(Point(100, 100), Point(140, 110))
    yield server
    await server.stop()


async def generate(window: Window) -> Candidate:
    """Press Generate and wait for what comes."""
    known = len(window.session.candidates.items)
    window.desk.actions.run("edit.generate")
    await eventually(lambda: len(window.session.candidates.items) > known)
    shown = window.session.candidates.shown
    assert shown is not None
    return shown


@pytest.mark.parametrize("paint", [turn_round, ignore])
async def test_an_inverted_retry_is_offered_and_prepared_but_not_sent(
    window: Window, gateway: MaskGateway, paint: Paint
) -> None:
    gateway.paint = paint
    await generate(window)
    (notice,) = window.desk.notices.shown
    assert "mask looks" in notice.text
    button = window.desk.notices.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    assert button.text() == "Prepare an inverted retry"
    box = window.desk.edit.box
    assert not box.inverted.isVisible()
    QTest.mouseClick(button, LEFT)
    assert window.session.form.inverts_mask
    assert box.inverted.isVisible()
    assert not window.desk.notices.shown
    assert len(gateway.fields) == 1
    assert not window.workspace.providers.get("mine").invert_mask
    QTest.mouseClick(box.straight, LEFT)
    assert not window.session.form.inverts_mask
    assert not box.inverted.isVisible()


async def test_a_prepared_retry_goes_inverted_once(window: Window, gateway: MaskGateway) -> None:
    gateway.paint = turn_round
    wrong = await generate(window)
    window.desk.actions.run("edit.invert_next")
    right = await generate(window)
    assert right.result_id != wrong.result_id
    coverage = right.patch.coverage
    inside, outside = right.patch.pixels[coverage == 255], right.patch.pixels[coverage == 0]
    assert abs(inside.mean(axis=0) - (230, 20, 220)).max() < 40
    assert abs(outside.mean(axis=0) - (230, 20, 220)).max() > 60
    assert not window.session.form.inverts_mask
    entry = await window.workspace.history_actions.get(right.entry_id)
    assert entry.form["inverts_mask"] is True
    await window.workspace.history_actions.reuse(entry, window.session)
    assert window.session.form.inverts_mask
    window.session.form.set_provider("local")
    assert not window.session.form.inverts_mask


async def test_nothing_is_offered_for_a_reply_that_keeps_to_the_mask(
    window: Window, gateway: MaskGateway
) -> None:
    gateway.paint = honour
    await generate(window)
    assert not window.desk.notices.shown


def stray(picture: Array, edit: Array) -> Array:
    """Paints as told, and a patch of its own in a corner."""
    painted = edit.copy()
    height, width = edit.shape
    painted[height // 16 : height // 6, width // 16 : width // 5] = True
    return painted


@pytest.mark.parametrize(
    ("paint", "word"), [(honour, "Kept to the mask: "), (stray, "Strayed: "), (ignore, "Repainted: ")]
)
async def test_the_line_says_in_words_how_well_the_model_kept_to_the_mask(
    window: Window, gateway: MaskGateway, paint: Paint, word: str
) -> None:
    gateway.paint = paint
    await generate(window)
    line = window.desk.strip.leak
    await eventually(line.isVisible)
    assert line.text().startswith(word)
    assert line.accessibleName().startswith(word)
    assert not line.icon().isNull()
    window.session.candidates.select(None)
    assert not line.isVisible()


async def test_the_card_has_the_figures_and_leads_to_the_map(window: Window, gateway: MaskGateway) -> None:
    gateway.paint = stray
    candidate = await generate(window)
    report = candidate.report
    assert report.leak is not None
    assert 0.01 < report.leak < 0.08
    line = window.desk.strip.leak
    await eventually(line.isVisible)
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_Space)
    card = line.card
    await eventually(card.isVisible)
    said = [label.text() for label in card.findChildren(QLabel) if label.isVisible()]
    document = window.session.document
    assert document is not None
    outside = document.size.area - int((candidate.patch.coverage > 0).sum())
    assert f"0 of {number_text(outside)} pixels outside the mask changed in your document." in said
    assert (
        "Changed around the mask\nMean change\nLargest change\nMoved\nColours, in levels\nFine detail" in said
    )
    assert not card.retry.isVisible()
    for label in card.findChildren(QLabel):
        wanted = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        assert label.height() >= wanted or not label.isVisible(), label.text()
    assert card.map.hasFocus()
    assert not window.widget("heatLegend").isVisible()
    canvas = window.desk.canvas
    before = shown_pixels(canvas)
    QTest.keyClick(card.map, Qt.Key.Key_Space)
    await eventually(lambda: len(canvas.source.scene.patches if canvas.source.scene else ()) == 2)
    assert window.widget("heatLegend").isVisible()
    region = canvas.navigation.view.rect_to_view(candidate.patch.region)
    height, width = region.height, region.width
    strayed = shown_pixels(canvas)[
        region.y + height // 10 : region.y + height // 8, region.x + width // 10 : region.x + width // 8
    ]
    # Yellow where it changed most, the veil elsewhere.
    assert strayed[..., 2].min() > 180
    assert strayed[..., 0].max() < 140
    aside = (
        slice(region.y + height // 2, region.y + height * 3 // 5),
        slice(region.right - 20, region.right - 4),
    )
    assert shown_pixels(canvas)[aside].mean() < before[aside].mean() * 0.6
    QTest.keyClick(card, Qt.Key.Key_Escape)
    assert not card.isVisible()
    window.desk.actions.run("view.leak")
    await eventually(lambda: not window.widget("heatLegend").isVisible())
    await eventually(lambda: len(canvas.source.scene.patches if canvas.source.scene else ()) == 1)


async def test_the_card_offers_the_retry_that_the_notice_offers(window: Window, gateway: MaskGateway) -> None:
    gateway.paint = turn_round
    await generate(window)
    line = window.desk.strip.leak
    await eventually(line.isVisible)
    QTest.mouseClick(line, LEFT)
    await eventually(line.card.retry.isVisible)
    assert line.card.retry.hasFocus()
    QTest.keyClick(line.card.retry, Qt.Key.Key_Space)
    assert not line.card.isVisible()
    assert window.session.form.inverts_mask
    assert len(gateway.fields) == 1


async def test_the_map_follows_the_variants_and_leaves_with_them(
    window: Window, gateway: MaskGateway
) -> None:
    gateway.paint = stray
    await generate(window)
    legend = window.widget("heatLegend")
    window.desk.actions.run("view.leak")
    await eventually(legend.isVisible)
    window.session.candidates.select(None)
    assert not legend.isVisible()
    window.session.candidates.select(0)
    assert legend.isVisible()
    window.session.candidates.clear()
    assert not legend.isVisible()
    assert window.desk.canvas.source.scene is not None
    assert not window.desk.canvas.source.scene.patches


def test_shares_have_verdicts_at_the_borders() -> None:
    expected = {
        None: Verdict.UNKNOWN, 0.0: Verdict.KEPT, 0.0099: Verdict.KEPT, 0.01: Verdict.STRAYED,
        0.08: Verdict.STRAYED, 0.081: Verdict.REPAINTED, 1.0: Verdict.REPAINTED,
    }  # fmt: skip
    assert {share: verdict(share) for share in expected} == expected
    assert len({verdict_text(share).partition(":")[0] for share in (None, 0.0, 0.05, 0.5)}) == 4


def test_the_drift_of_a_reply_is_told_in_words() -> None:
    drift = Drift(dx=1.34, dy=-0.8, scale=1.005, colour=(6.2, -1.6, 0.2))
    report = Report(0, 0.02, mean_change=1.25, worst_change=40.0, drift=drift, sharp=0.8)
    assert dict(figures(report)) == {
        "Changed around the mask": "2.0 %",
        "Mean change": "1.2 levels of 255",
        "Largest change": "40 levels",
        "Moved": "1.3 px right, 0.8 px up, 0.5 % larger",
        "Colours, in levels": "red +6, green −2, blue +0",
        "Fine detail": "80 % of what was sent",
    }
    assert dict(figures(Report(0, None, drift=Drift(is_bent=True)))) == {
        "Moved": "not everywhere alike",
        "Colours, in levels": "not drifted",
    }
    assert dict(figures(Report(0, None, drift=Drift())))["Moved"] == "not at all"
    assert figures(Report(0, None)) == ()


def shadowed(picture: Array, edit: Array) -> Array:
    """Paints as told and goes on below, as a shadow does."""
    below = np.zeros_like(edit)
    rows, columns = np.nonzero(edit)
    below[rows.max() - 8 : rows.max() + 24, columns.min() + 8 : columns.max() - 8] = True
    return edit | below


async def test_what_goes_on_from_the_edge_can_be_taken_into_the_mask(
    window: Window, gateway: MaskGateway
) -> None:
    gateway.paint = shadowed
    candidate = await generate(window)
    report, document = candidate.report, window.session.document
    assert document is not None
    assert report.touches_mask
    line, before = window.desk.strip.leak, document.mask.coverage.copy()
    await eventually(line.isVisible)
    QTest.mouseClick(line, LEFT)
    await eventually(line.card.extend.isVisible)
    assert line.card.edge.isVisible()
    QTest.mouseClick(line.card.extend, LEFT)
    await eventually(lambda: document.mask.coverage.sum() > before.sum())
    assert (document.mask.coverage >= before).all()
    added = (document.mask.coverage > 0) & (before == 0)
    bounds = candidate.patch.coverage
    rows = np.nonzero(bounds.any(axis=1))[0] + candidate.patch.region.y
    assert np.nonzero(added)[0].max() > rows.max() + 8
    assert np.nonzero(added)[0].max() < rows.max() + 60
    assert window.session.candidates.shown is None
    assert len(gateway.fields) == 1
    document.undo.undo()
    assert np.array_equal(document.mask.coverage, before)


async def applied(window: Window, gateway: MaskGateway) -> Candidate:
    """A variant that strayed, applied, with its layer in front in the Layers panel."""
    gateway.paint = stray
    candidate = await generate(window)
    window.desk.actions.run("candidate.apply")
    document = window.session.document
    assert document is not None
    await eventually(lambda: document.layers and document.is_settled)
    window.desk.show_part(LAYERS)
    await eventually(lambda: not window.desk.layers.leak.visibleRegion().isEmpty())
    return candidate


async def test_a_layer_tells_what_its_variant_told(window: Window, gateway: MaskGateway) -> None:
    candidate = await applied(window, gateway)
    line = window.desk.layers.leak
    assert line.isVisible()
    assert not window.desk.strip.leak.isVisible()
    assert line.text().startswith("Strayed: ")
    QTest.mouseClick(line, LEFT)
    assert line.card.isVisible()
    assert line.card.map.isVisible()
    assert window.session.judging is not None
    assert window.session.judging.progress is None, "it is known from the variant"
    document = window.session.document
    assert document is not None
    outside = document.size.area - int((candidate.patch.coverage > 0).sum())
    assert line.card.document.text().startswith(f"0 of {number_text(outside)} pixels outside")
    QTest.keyClick(line.card.map, Qt.Key.Key_Space)
    canvas, legend = window.desk.canvas, window.widget("heatLegend")
    assert legend.isVisible()
    region = canvas.navigation.view.rect_to_view(document.layers[0].region)
    top, left = region.y + region.height // 10, region.x + region.width // 10
    await eventually(lambda: shown_pixels(canvas)[top : top + 4, left : left + 4, 2].min() > 180)
    assert shown_pixels(canvas)[top : top + 4, left : left + 4, 0].max() < 140
    window.desk.actions.run("layer.delete")
    assert not legend.isVisible()
    assert not line.isVisible()


async def test_a_layer_from_a_file_is_judged_when_somebody_asks(
    window: Window, gateway: MaskGateway, tmp_path: Path
) -> None:
    candidate = await applied(window, gateway)
    await save_document(window.session, tmp_path / "kept.ora")
    await window.desk.files.close(window.session)
    session = await window.open(tmp_path / "kept.ora")
    window.desk.show_part(LAYERS)
    line, judging = window.desk.layers.leak, session.judging
    assert judging is not None
    assert line.isVisible()
    assert line.text().startswith("What did the model change")
    assert judging.progress is None, "nobody asked yet"
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_Space)
    card = line.card
    assert judging.progress is not None
    assert card.bar.isVisible()
    assert card.cancel.hasFocus()
    QTest.keyClick(card.cancel, Qt.Key.Key_Space)
    assert judging.progress is None
    assert card.isVisible()
    assert card.compare.hasFocus()
    assert not card.map.isVisible()
    QTest.keyClick(card.compare, Qt.Key.Key_Space)
    await eventually(card.map.isVisible)
    assert card.map.hasFocus()
    assert not card.bar.isVisible()
    judged = judging.subject
    assert judged is not None
    assert judged.report == candidate.report
    assert line.text().startswith("Strayed: ")
    card.close()
    window.desk.actions.run("view.leak")
    await eventually(lambda: window.widget("heatLegend").isVisible())


async def test_a_variant_from_the_history_gets_its_map_when_it_is_wanted(
    window: Window, gateway: MaskGateway
) -> None:
    gateway.paint = stray
    first = await generate(window)
    session, legend = window.session, window.widget("heatLegend")
    restored = await window.workspace.history_actions.candidate(first.result_id)
    assert restored.report.heat is None
    assert np.array_equal(restored.patch.pixels, first.patch.pixels)
    session.candidates.clear()
    session.candidates.add((restored,))
    line = window.desk.strip.leak
    assert line.text().startswith("Strayed: ")
    window.desk.actions.run("view.leak")
    assert not legend.isVisible()
    await eventually(legend.isVisible)
    shown = session.candidates.shown
    assert shown is not None
    assert shown.report == first.report
    assert shown.report.heat is not None


async def test_what_was_asked_of_a_layer_that_is_left_is_dropped(
    window: Window, gateway: MaskGateway, tmp_path: Path
) -> None:
    await applied(window, gateway)
    window.desk.actions.run("layer.duplicate")
    window.desk.actions.run("layer.merge_down")
    document, judging = window.session.document, window.session.judging
    assert document is not None
    assert judging is not None
    await eventually(lambda: len(document.layers) == 1)
    assert not window.desk.layers.leak.isVisible(), "what was merged came from no single reply"
    document.undo.undo()
    assert window.desk.layers.leak.isVisible()
    judging.find_out()
    assert judging.progress is not None
    document.undo.go_to(0)
    assert judging.progress is None
    assert judging.subject is None
