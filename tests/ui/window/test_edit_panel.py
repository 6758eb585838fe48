"""The Edit panel mirrors the form: what the model takes is shown, what is not set is not sent."""

import asyncio
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QPlainTextEdit, QSlider, QToolButton

from app.base.geometry import Point, Size
from app.base.notices import Notice
from app.edits.types import Context
from app.ui.transfer import Offer
from app.ui.wording import money_text
from tests.ui.window.conftest import GATEWAY, Window, eventually

BY_MODEL = ("strength", "guidance", "steps", "seed", "variants", "size", "quality")
ALWAYS = ("provider", "model", "prompt", "context", "feather", "generate")


def _shown(window: Window) -> set[str]:
    return {name for name in BY_MODEL if window.widget(name).isVisibleTo(window.frame)}


async def test_controls_are_shown_exactly_when_the_model_takes_them(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    assert _shown(window) == {"seed", "variants"}
    session.form.set_provider("everything")
    assert _shown(window) == set(BY_MODEL)
    session.form.set_provider("openai")
    assert _shown(window) == {"variants", "size", "quality"}
    session.form.set_provider("local")
    assert _shown(window) == {"seed", "variants"}
    assert all(window.widget(name).isVisibleTo(window.frame) for name in ALWAYS)


async def test_the_panel_says_that_the_healing_engine_ignores_the_prompt(
    window: Window, photograph: Path
) -> None:
    session = await window.open(photograph)
    assert "ignores the prompt" in window.desk.edit.prompt.toolTip()
    session.form.set_provider("everything")
    assert "ignores the prompt" not in window.desk.edit.prompt.toolTip()


@pytest.mark.parametrize(
    ("name", "typed", "value"), [("strength", "0.7", 0.7), ("steps", "30", 30), ("seed", "7", 7)]
)
async def test_a_parameter_is_unset_until_it_is_set_and_can_be_unset_again(
    window: Window, photograph: Path, name: str, typed: str, value: float
) -> None:
    form = (await window.open(photograph)).form
    form.set_provider("everything")
    box = window.widget(name)
    assert isinstance(box, QDoubleSpinBox)
    assert name not in form.values
    assert box.text() in ("auto", "random")
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, typed)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert form.values[name] == value
    assert isinstance(form.values[name], type(value))
    box.selectAll()
    QTest.keyClick(box, Qt.Key.Key_Delete)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert name not in form.values
    assert box.text() in ("auto", "random")


async def test_the_arrow_at_a_row_unsets_its_parameter(window: Window, photograph: Path) -> None:
    form = (await window.open(photograph)).form
    form.set_provider("everything")
    form.set_value("guidance", 7.5)
    box = window.widget("guidance")
    assert isinstance(box, QDoubleSpinBox)
    assert box.value() == 7.5
    field = box.parentWidget()
    assert field is not None
    reset = field.findChild(QToolButton)
    assert isinstance(reset, QToolButton)
    assert reset.isVisibleTo(window.frame)
    reset.click()
    assert "guidance" not in form.values
    assert not reset.isVisibleTo(window.frame)


async def test_the_slider_keeps_its_place_when_a_value_is_set_and_all_numbers_stand_in_one_column(
    window: Window, photograph: Path
) -> None:
    form = (await window.open(photograph)).form
    form.set_provider("everything")
    await eventually(lambda: window.widget("strength").isVisible())
    slider = window.widget("strength").parentWidget().findChild(QSlider)
    assert isinstance(slider, QSlider)
    await asyncio.sleep(0.05)
    before = slider.geometry()
    form.set_value("strength", 0.5)
    await asyncio.sleep(0.05)
    assert slider.geometry() == before
    rights = set()
    for name in ("strength", "guidance", "steps", "seed", "variants", "context", "grow", "feather"):
        box = window.widget(name)
        rights.add(box.mapTo(window.frame, box.rect().topRight()).x())
    assert len(rights) == 1


async def test_generate_says_that_it_prepares(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    window.stroke(Point(150, 110), Point(170, 130))
    button = window.desk.edit.box.generate
    heard: list[str] = []
    session.preparing_changed.connect(lambda: heard.append(button.text()))
    await session.generate()
    assert heard == ["Preparing…", "Generate"]


async def test_widgets_follow_the_form_and_the_form_the_widgets(window: Window, photograph: Path) -> None:
    form = (await window.open(photograph)).form
    form.set_provider("everything")
    form.set_feather(9)
    form.set_size(Size(512, 512))
    form.set_context(Context(pixels=64))
    feather, context, size = (window.widget(name) for name in ("feather", "context", "size"))
    assert isinstance(feather, QDoubleSpinBox)
    assert isinstance(context, QDoubleSpinBox)
    assert isinstance(size, QComboBox)
    assert (feather.value(), context.value(), size.currentData()) == (9, 64, Size(512, 512))
    feather.setValue(3)
    context.setValue(context.minimum())
    size.setCurrentIndex(0)
    size.activated.emit(0)
    assert (form.feather, form.context, form.size) == (3, Context(), None)
    prompt = window.widget("prompt")
    assert isinstance(prompt, QPlainTextEdit)
    QTest.keyClicks(prompt, "a red door")
    assert form.prompt == "a red door"
    form.set_prompt("a blue door")
    assert prompt.toPlainText() == "a blue door"


async def test_a_model_of_ones_own_can_be_typed_for_a_gateway_but_not_for_the_engine(
    window: Window, photograph: Path
) -> None:
    form = (await window.open(photograph)).form
    model = window.widget("model")
    assert isinstance(model, QComboBox)
    assert not model.isEditable()
    form.set_provider("everything")
    line = model.lineEdit()
    assert line is not None
    line.selectAll()
    QTest.keyClicks(line, "another-model")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert form.model == "another-model"


async def test_each_document_has_a_form_of_its_own(window: Window, photograph: Path, samples: Path) -> None:
    first = await window.open(photograph)
    first.form.set_prompt("one")
    await window.open(samples / "chelsea.png")
    prompt = window.widget("prompt")
    assert isinstance(prompt, QPlainTextEdit)
    assert prompt.toPlainText() == ""
    window.workspace.set_current(first)
    assert prompt.toPlainText() == "one"


async def test_price_and_plan_stand_beside_generate(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    box = window.desk.edit.box
    assert not box.generate.isEnabled()
    window.stroke(Point(100, 100), Point(140, 100))
    await eventually(lambda: session.plan is not None)
    assert box.generate.isEnabled()
    assert "free" in box.cost.text()
    assert "about" in box.cost.text()
    assert str(session.plan.region.width) in box.plan.text() if session.plan else False
    session.form.set_provider("openai")
    session.form.set_variants(2)
    plan = await session.planned()
    assert plan is not None
    squares = plan.size_send.area / 1024**2
    assert f"up to {money_text(0.211 * 2 * squares, 'USD')}" in box.cost.text()
    session.form.set_value("quality", "low")
    assert money_text(0.006 * 2 * squares, "USD") in box.cost.text()


async def test_keys_typed_into_the_prompt_do_not_change_the_tool(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    prompt = window.widget("prompt")
    prompt.setFocus()
    tool = window.workspace.toolbox.tool
    QTest.keyClicks(prompt, "hem [3]")
    assert window.session.form.prompt == "hem [3]"
    assert window.workspace.toolbox.tool is tool


async def test_brush_options_mirror_the_brush(window: Window) -> None:
    toolbox = window.workspace.toolbox
    size, hardness, opacity = (window.widget(n) for n in ("brushSize", "brushHardness", "brushOpacity"))
    assert isinstance(size, QDoubleSpinBox)
    assert isinstance(hardness, QDoubleSpinBox)
    assert isinstance(opacity, QDoubleSpinBox)
    size.setValue(33)
    hardness.setValue(25)
    opacity.setValue(60)
    assert (toolbox.brush.diameter, toolbox.brush.hardness, toolbox.brush.opacity) == (33, 0.25, 0.6)
    toolbox.set_diameter(120)
    assert size.value() == 120


async def test_the_providers_advice_stands_under_the_value(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    session.form.set_provider("everything")
    row = window.desk.edit.parameters.row("guidance")
    assert row is not None
    assert not row.advice.isVisibleTo(window.frame)
    session.form.set_value("guidance", 8.0)
    assert row.advice.isVisibleTo(window.frame)
    assert row.advice.property("role") == "muted"
    session.form.set_value("guidance", 18.0)
    assert "artefacts" in row.advice.text()
    assert row.advice.property("role") == "warning"
    session.form.set_value("guidance", None)
    assert not row.advice.isVisibleTo(window.frame)


async def test_what_is_set_but_not_taken_is_named(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    session.form.set_provider("everything")
    session.form.set_value("guidance", 5.0)
    label = window.desk.edit.untaken
    assert not label.isVisibleTo(window.frame)
    session.form.set_provider("openai")
    assert label.isVisibleTo(window.frame)
    assert "Guidance" in label.text()
    session.form.set_provider("everything")
    assert not label.isVisibleTo(window.frame)


class TestReferences:
    """The strip of reference images."""

    @pytest.fixture
    def pictures(self, tmp_path: Path) -> list[Path]:
        paths = []
        for shade in (40, 120, 200):
            path = tmp_path / f"reference-{shade}.png"
            Image.new("RGB", (80, 60), (shade, 0, 0)).save(path)
            paths.append(path)
        return paths

    async def test_dropped_files_are_added_and_ordered_and_removed(
        self, window: Window, photograph: Path, pictures: list[Path]
    ) -> None:
        session = await window.open(photograph)
        strip = window.desk.edit.references
        assert not strip.isVisibleTo(window.frame)
        session.form.set_provider("everything")
        assert strip.isVisibleTo(window.frame)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in pictures])
        drop = QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        strip.list.dropEvent(drop)
        await eventually(lambda: len(session.form.references) == 3)
        assert strip.list.count() == 3
        assert [int(each.picture[0, 0, 0]) for each in session.form.references] == [40, 120, 200]
        strip.list.setCurrentRow(0)
        QTest.keyClick(strip.list, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        assert [int(each.picture[0, 0, 0]) for each in session.form.references] == [120, 40, 200]
        assert strip.list.currentRow() == 1
        QTest.keyClick(strip.list, Qt.Key.Key_Delete)
        assert [int(each.picture[0, 0, 0]) for each in session.form.references] == [120, 200]

    async def test_a_picture_is_pasted(self, window: Window, photograph: Path) -> None:
        session = await window.open(photograph)
        session.form.set_provider("everything")
        image = QImage(30, 20, QImage.Format.Format_RGB32)
        image.fill(0xFF00FF00)
        QApplication.clipboard().setImage(image)
        QTest.keyClick(window.desk.edit.references.add, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        await eventually(lambda: len(session.form.references) == 1)
        assert session.form.references[0].picture.shape == (20, 30, 3)
        assert len(window.workspace.documents) == 1

    async def test_what_is_no_picture_is_told_and_the_rest_kept(
        self, window: Window, photograph: Path, pictures: list[Path], tmp_path: Path
    ) -> None:
        session = await window.open(photograph)
        session.form.set_provider("everything")
        told: list[Notice] = []
        window.workspace.notices.subscribe(told.append)
        broken = tmp_path / "broken.png"
        broken.write_bytes(b"no picture")
        await window.desk.files.take_references(Offer(files=(pictures[0], broken)))
        assert len(session.form.references) == 1
        assert any("broken.png" in notice.text for notice in told)

    async def test_references_beyond_what_is_taken_are_named_as_not_sent(
        self, window: Window, photograph: Path, pictures: list[Path]
    ) -> None:
        session = await window.open(photograph)
        session.form.set_provider("everything")
        await window.desk.files.take_references(Offer(files=tuple(pictures)))
        session.form.set_provider("therouter")
        assert session.form.taken_references() == ()
        assert "3 of the references" in window.desk.edit.untaken.text()

    async def test_a_result_of_the_history_becomes_a_reference(
        self, window: Window, photograph: Path
    ) -> None:
        session = await window.open(photograph)
        window.stroke(Point(150, 120), Point(170, 120))
        await session.generate()
        await eventually(lambda: session.candidates.items)
        panel = window.desk.history
        await eventually(lambda: panel.model.rowCount() == 1)
        panel.view.setCurrentIndex(panel.model.index(0, 0))
        session.form.set_provider("everything")
        panel.details.reference.click()
        await eventually(lambda: len(session.form.references) == 1)
        assert session.form.references[0].picture.shape[2] == 3


async def test_a_provider_that_came_from_outside_is_listed_without_a_restart(
    window: Window, photograph: Path, maskroom_home: Path
) -> None:
    session = await window.open(photograph)
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(GATEWAY.replace("providers.everything", "providers.late").replace("Everything", "Late"))
    combo = window.desk.edit.provider
    assert combo.findData("late") < 0
    combo.showPopup()
    assert combo.findData("late") >= 0
    assert combo.currentData() == session.form.provider
    combo.hidePopup()
