"""The Providers dialog with real widgets, on a gateway on loopback."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QWidget,
)

from app.base.states import JobState, MaskConvention
from app.gateways.types import UploadFormat
from app.settings.secrets import SecretPlace
from app.ui.dialogs.providers import ProvidersDialog
from tests.conftest import MemoryKeyring
from tests.mask_gateway import MaskGateway, ignore, turn_round
from tests.ui.window.conftest import Window, eventually

KEY = "sk-planted-0123456789"


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[MaskGateway]:
    server = MaskGateway()
    await server.start()
    yield server
    await server.stop()


class Hands:
    """The dialog, and a person's hands on it."""

    def __init__(self, window: Window, dialog: ProvidersDialog) -> None:
        self.window = window
        self.dialog = dialog

    def find(self, name: str) -> QWidget:
        found = self.dialog.findChildren(QWidget, name)
        assert len(found) == 1, f"{name} exists {len(found)} times"
        return found[0]

    def line(self, name: str) -> QLineEdit:
        line = self.find(name)
        assert isinstance(line, QLineEdit)
        return line

    def type(self, name: str, text: str) -> None:
        line = self.line(name)
        line.setFocus()
        line.selectAll()
        QTest.keyClick(line, Qt.Key.Key_Delete)
        QTest.keyClicks(line, text)

    def choose(self, name: str, value: object) -> None:
        box = self.find(name)
        assert isinstance(box, QComboBox)
        values = [box.itemData(index) for index in range(box.count())]
        box.setCurrentIndex(values.index(value))
        box.activated.emit(values.index(value))

    def type_model(self, text: str) -> None:
        box = self.find("providerModel")
        assert isinstance(box, QComboBox)
        line = box.lineEdit()
        assert line is not None
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)

    def press(self, name: str) -> None:
        button = self.find(name)
        assert isinstance(button, QAbstractButton)
        assert button.isEnabled(), f"{name} is not enabled"
        button.click()

    def answer(self, title: str) -> None:
        (button,) = [each for each in self.dialog.question.answers if each.text() == title]
        button.click()

    @property
    def found(self) -> str:
        label = self.find("providerFound")
        assert isinstance(label, QLabel)
        return label.text()

    @property
    def names(self) -> list[str]:
        view = self.find("providerList")
        assert isinstance(view, QListWidget)
        return [view.item(index).toolTip() for index in range(view.count())]

    def select(self, name: str) -> None:
        view = self.find("providerList")
        assert isinstance(view, QListWidget)
        view.setCurrentRow(self.names.index(name))

    async def add(self, gateway: MaskGateway, name: str = "mine") -> None:
        """A new provider at the gateway, saved."""
        self.press("providerAdd")
        self.type("providerName", name)
        self.type("providerUrl", gateway.base_url)
        self.type_model("m")
        self.press("providerSave")
        await eventually(lambda: not self.dialog.is_changed)


@pytest_asyncio.fixture
async def hands(window: Window) -> Hands:
    window.desk.actions.run("providers.manage")
    dialog = window.frame.findChild(ProvidersDialog, "providersDialog")
    assert isinstance(dialog, ProvidersDialog)
    assert not dialog.isModal()
    return Hands(window, dialog)


def stored(home: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((home / "providers.toml").read_text())["providers"]


async def test_a_new_provider_is_typed_saved_and_offered(
    hands: Hands, gateway: MaskGateway, maskroom_home: Path, photograph: Path
) -> None:
    session = await hands.window.open(photograph)
    await hands.add(gateway)
    table = stored(maskroom_home)["mine"]
    assert (table["base_url"], table["model"], table["dialect"]) == (
        gateway.base_url,
        "m",
        "openai-multipart",
    )
    assert "mine" in hands.names
    assert hands.line("providerName").isReadOnly()
    session.form.set_provider("mine")
    provider = hands.window.widget("provider")
    assert isinstance(provider, QComboBox)
    assert "mine" in [provider.itemData(index) for index in range(provider.count())]


async def test_every_field_reaches_the_file(hands: Hands, gateway: MaskGateway, maskroom_home: Path) -> None:
    await hands.add(gateway)
    hands.type("providerTitle", "My own")
    hands.type("providerModels", "a, b")
    hands.type("providerSizes", "512x512, 1024x1024")
    hands.choose("providerMask", MaskConvention.WHITE)
    hands.choose("providerSoft", True)
    hands.choose("providerFormats", (UploadFormat.PNG, UploadFormat.WEBP))
    hands.press("providerInvert")
    hands.press("providerOnly")
    hands.press("field.seed")
    for name, value in (("max_n", 4), ("timeout", 90), ("image_bytes", 2.5), ("concurrency", 3)):
        box = hands.find(f"provider.{name}")
        assert isinstance(box, QDoubleSpinBox)
        box.setValue(value)
    extras = hands.find("providerExtras")
    assert isinstance(extras, QPlainTextEdit)
    extras.setFocus()
    QTest.keyClicks(extras, "lora=mine")
    hands.press("providerSave")
    await eventually(lambda: not hands.dialog.is_changed)
    table = stored(maskroom_home)["mine"]
    fields = table.pop("fields")
    assert isinstance(fields, list)
    assert "seed" not in fields
    assert {"strength", "n", "size"} <= set(fields)
    assert table == {
        "dialect": "openai-multipart", "base_url": gateway.base_url, "title": "My own", "model": "m",
        "models": ["a", "b"], "mask_convention": "white", "invert_mask": True, "extras": {"lora": "mine"},
        "sizes": ["512x512", "1024x1024"], "max_n": 4, "concurrency": 3, "timeout": 90.0,
        "formats": ["png", "webp"], "soft_masks": True, "image_bytes": 2_500_000,
    }  # fmt: skip


async def test_beginning_like_a_shipped_one_takes_its_dialect_and_models(
    hands: Hands, gateway: MaskGateway, maskroom_home: Path
) -> None:
    hands.press("providerAdd")
    hands.type("providerName", "ours")
    hands.choose("providerLike", "therouter")
    meaning = hands.find("maskMeaning")
    assert isinstance(meaning, QLabel)
    assert "Opaque" in meaning.text()
    model = hands.find("providerModel")
    assert isinstance(model, QComboBox)
    assert "openai/gpt-image-2" in [model.itemData(index) for index in range(model.count())]
    hands.type("providerUrl", gateway.base_url)
    hands.press("providerSave")
    await eventually(lambda: not hands.dialog.is_changed)
    assert stored(maskroom_home)["ours"] == {
        "like": "therouter",
        "title": "TheRouter (ours)",
        "base_url": gateway.base_url,
    }


async def test_a_fault_stands_at_its_field_and_nothing_typed_is_lost(
    hands: Hands, gateway: MaskGateway, maskroom_home: Path
) -> None:
    hands.press("providerAdd")
    hands.type("providerName", "mine")
    hands.type("providerTitle", "My own")
    hands.type_model("m")
    hands.type("providerUrl", "ftp://nowhere")
    rows = hands.dialog.page.form.rows
    hands.press("providerSave")
    await eventually(lambda: rows["base_url"].error.text())
    assert "no http or https address" in rows["base_url"].error.text()
    assert rows["base_url"].error.isVisible()
    assert hands.line("providerTitle").text() == "My own"
    assert "mine" not in stored(maskroom_home)
    assert QApplication.activeModalWidget() is None
    hands.type("providerUrl", gateway.base_url)
    assert not rows["base_url"].error.isVisible()
    hands.type("providerName", "openai")
    hands.press("providerSave")
    await eventually(lambda: rows["name"].error.text())
    assert "already" in rows["name"].error.text()
    hands.type("providerName", "mine")
    hands.type("providerSizes", "huge")
    hands.press("providerSave")
    await eventually(lambda: "huge" in rows["sizes"].error.text())
    hands.type("providerSizes", "")
    extras = hands.find("providerExtras")
    assert isinstance(extras, QPlainTextEdit)
    extras.setPlainText("just words")
    hands.press("providerSave")
    await eventually(lambda: "KEY=VALUE" in rows["extras"].error.text())
    extras.setPlainText("prompt=mine")
    hands.press("providerSave")
    await eventually(lambda: "fills this field" in rows["extras"].error.text())
    extras.setPlainText("lora=x")
    hands.press("providerSave")
    await eventually(lambda: "mine" in stored(maskroom_home))


async def test_unsaved_changes_are_asked_about_in_the_dialog(
    hands: Hands, gateway: MaskGateway, maskroom_home: Path
) -> None:
    await hands.add(gateway)
    hands.type("providerTitle", "Another")
    hands.select("openai")
    assert hands.dialog.draft.name == "mine"
    assert hands.dialog.question.isVisible()
    hands.answer("Keep editing")
    assert not hands.dialog.question.isVisible()
    assert hands.line("providerTitle").text() == "Another"
    hands.select("openai")
    hands.answer("Discard")
    assert hands.dialog.draft.name == "openai"
    assert "title" not in stored(maskroom_home)["mine"]
    hands.select("mine")
    hands.type("providerTitle", "Kept")
    QTest.keyClick(hands.dialog, Qt.Key.Key_Escape)
    assert hands.dialog.isVisible()
    hands.answer("Save")
    await eventually(lambda: hands.window.desk.gateways.providers is None)
    assert stored(maskroom_home)["mine"]["title"] == "Kept"


async def test_escape_closes_and_the_command_opens_it_anew(hands: Hands) -> None:
    QTest.keyClick(hands.dialog, Qt.Key.Key_Escape)
    assert hands.window.desk.gateways.providers is None
    hands.window.desk.actions.run("providers.manage")
    first = hands.window.desk.gateways.providers
    assert first is not None
    hands.window.desk.actions.run("providers.manage")
    assert hands.window.desk.gateways.providers is first


async def test_duplicate_default_and_remove(
    hands: Hands, gateway: MaskGateway, maskroom_home: Path, keychain: MemoryKeyring
) -> None:
    await hands.add(gateway)
    hands.press("providerDuplicate")
    assert hands.line("providerName").text() == "mine-2"
    hands.press("providerSave")
    await eventually(lambda: not hands.dialog.is_changed)
    hands.press("providerDefault")
    settings = hands.window.workspace.settings
    await eventually(lambda: settings.value.edit.provider == "mine-2")
    keychain.set_password("maskroom", "mine-2", KEY)
    hands.press("providerRemove")
    assert "mine-2" in stored(maskroom_home)
    hands.answer("Remove")
    await eventually(lambda: "mine-2" not in hands.names)
    assert "mine-2" not in stored(maskroom_home)
    await eventually(lambda: keychain.passwords == {})
    await eventually(lambda: settings.value.edit.provider == "local")


async def test_a_shipped_one_is_duplicated_and_reset(hands: Hands, maskroom_home: Path) -> None:
    hands.select("openai")
    assert not hands.find("providerRemove").isEnabled()
    hands.press("providerDuplicate")
    hands.press("providerSave")
    await eventually(lambda: not hands.dialog.is_changed)
    assert stored(maskroom_home)["openai-2"] == {"like": "openai", "title": "OpenAI (copy)"}
    hands.select("openai")
    hands.type("providerTitle", "Ours")
    hands.press("providerSave")
    await eventually(lambda: not hands.dialog.is_changed)
    hands.press("providerRemove")
    hands.answer("Reset")
    await eventually(lambda: "openai" not in stored(maskroom_home))
    assert "openai" in hands.names
    hands.select("local")
    assert not hands.find("providerDuplicate").isEnabled()
    assert not hands.find("providerUrl").isVisible()


async def test_a_key_goes_to_the_keychain_and_is_not_shown_again(
    hands: Hands, gateway: MaskGateway, keychain: MemoryKeyring, maskroom_home: Path
) -> None:
    await hands.add(gateway)
    line, place = hands.line("providerKey"), hands.find("providerKeyPlace")
    assert isinstance(place, QLabel)
    assert line.echoMode() is QLineEdit.EchoMode.Password
    await eventually(lambda: "will be kept" in place.text())
    hands.type("providerKey", "two words")
    hands.press("providerSave")
    await eventually(lambda: hands.dialog.page.key.row.error.isVisible())
    assert line.text() == "two words"
    hands.type("providerKey", KEY)
    hands.press("providerSave")
    await eventually(lambda: keychain.passwords == {("maskroom", "mine"): KEY})
    await eventually(lambda: place.text().startswith("Kept in"))
    assert line.text() == ""
    assert KEY not in (maskroom_home / "providers.toml").read_text()
    hands.press("providerForgetKey")
    await eventually(lambda: keychain.passwords == {})
    hands.press("providerNeedsKey")
    assert not line.isVisible()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (SecretPlace.ENVIRONMENT, "MASKROOM_KEY_X"),
        (SecretPlace.THIS_RUN, "this run only"),
        (None, "no keychain"),
    ],
)
async def test_where_a_key_is_kept_is_said(hands: Hands, place: SecretPlace | None, words: str) -> None:
    hands.dialog.page.key.show_place(place, None, "MASKROOM_KEY_X")
    label = hands.find("providerKeyPlace")
    assert isinstance(label, QLabel)
    assert words in label.text()


async def test_the_test_says_what_it_found_and_can_be_cancelled(hands: Hands, gateway: MaskGateway) -> None:
    gateway.key = KEY
    gateway.models = {"data": [{"id": "m", "name": "Good one", "capabilities": ["image_edit"]}, {"id": "x"}]}
    await hands.add(gateway)
    hands.press("providerTest")
    await eventually(lambda: "none is stored" in hands.found)
    hands.type("providerKey", KEY)
    hands.press("providerTest")
    await eventually(lambda: "accepted" in hands.found)
    for part in ("answers", "2 models; 1 of them", "Transparent pixels", "Can edit: Good one"):
        assert part in hands.found
    model = hands.find("providerModel")
    assert isinstance(model, QComboBox)
    assert [model.itemData(index) for index in range(model.count())] == ["m"]
    hands.type("providerUrl", "nonsense")
    hands.press("providerTest")
    await eventually(lambda: "no http" in hands.found)
    hands.type("providerUrl", "http://127.0.0.1:9/v1")
    hands.press("providerTest")
    await eventually(lambda: "cannot be reached" in hands.found)


async def test_a_running_test_is_cancelled(hands: Hands, gateway: MaskGateway) -> None:
    await hands.add(gateway)
    gateway.hold = asyncio.Event()
    hands.press("providerTest")
    await eventually(lambda: gateway.headers)
    assert not hands.find("providerTest").isVisible()
    hands.press("providerTestCancel")
    assert hands.found == "Cancelled."
    assert hands.find("providerTest").isVisible()
    gateway.hold.set()


async def test_the_mask_test_asks_first_and_offers_the_switch(
    hands: Hands, gateway: MaskGateway, maskroom_home: Path
) -> None:
    gateway.paint = turn_round
    await hands.add(gateway)
    hands.type("providerTitle", "Unsaved")
    hands.press("providerProbe")
    assert "Save first" in hands.found
    hands.press("providerSave")
    await eventually(lambda: not hands.dialog.is_changed)
    hands.press("providerProbe")
    assert "one edit of 256" in hands.found
    assert "price is unknown" in hands.found
    hands.press("providerProbeLeave")
    assert gateway.fields == []
    hands.press("providerProbe")
    hands.press("providerProbeSend")
    await eventually(lambda: "other way round" in hands.found)
    assert len(gateway.fields) == 1
    assert "invert_mask" not in stored(maskroom_home)["mine"]
    hands.press("providerSwitch")
    await eventually(lambda: stored(maskroom_home)["mine"].get("invert_mask") is True)
    await eventually(lambda: "Opaque" in hands.dialog.page.form.meaning.text())
    await eventually(lambda: not hands.dialog.is_changed)
    hands.press("providerProbe")
    hands.press("providerProbeSend")
    await eventually(lambda: "works as set" in hands.found)
    (entry, _before) = await hands.window.workspace.history_actions.list(5)
    assert (entry.document_name, entry.state) == ("Mask test", JobState.DONE)
    gateway.paint = ignore
    hands.press("providerProbe")
    hands.press("providerProbeSend")
    await eventually(lambda: "is ignored" in hands.found)


async def test_a_mask_test_that_fails_is_told_here(hands: Hands, gateway: MaskGateway) -> None:
    await hands.add(gateway)
    gateway.status, gateway.complaint = 402, {"error": {"code": "insufficient_credits", "message": "no"}}
    hands.press("providerProbe")
    hands.press("providerProbeSend")
    await eventually(lambda: "credit" in hands.found)
    hands.select("local")
    hands.press("providerProbe")
    assert "nothing to try" in hands.found


async def test_the_picture_shows_the_convention(hands: Hands) -> None:
    hands.select("openai")
    picture = hands.dialog.page.form.picture
    middle, corner = picture.sent.rect().center(), picture.sent.rect().topLeft()
    assert (picture.sent.pixelColor(middle).alpha(), picture.sent.pixelColor(corner).alpha()) == (0, 255)
    hands.press("providerInvert")
    assert (picture.sent.pixelColor(middle).alpha(), picture.sent.pixelColor(corner).alpha()) == (255, 0)
    hands.press("providerInvert")
    hands.choose("providerMask", MaskConvention.WHITE)
    colours = picture.sent.pixelColor(middle).lightness(), picture.sent.pixelColor(corner).lightness()
    assert colours == (255, 0)
    tinted = picture.painted.pixelColor(corner)
    hands.choose("providerMask", MaskConvention.IGNORED)
    assert picture.painted.pixelColor(corner) != tinted
    assert "no effect" in picture.accessibleName()


async def test_everything_can_be_reached_and_has_a_name(hands: Hands) -> None:
    hands.press("providerAdd")
    kinds = (QAbstractButton, QComboBox, QDoubleSpinBox, QLineEdit, QPlainTextEdit, QListWidget)
    for widget in hands.dialog.findChildren(QWidget):
        inner = isinstance(widget.parent(), QDoubleSpinBox | QComboBox)
        if not isinstance(widget, kinds) or inner or widget.objectName().startswith("qt_"):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        assert widget.accessibleName() or text, widget.objectName()
        if widget.isVisible() and not isinstance(widget, QCheckBox):
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.objectName()


async def test_a_broken_file_is_told_and_left_alone(window: Window, maskroom_home: Path) -> None:
    path = maskroom_home / "providers.toml"
    path.write_text("= broken")
    window.desk.actions.run("providers.manage")
    dialog = window.desk.gateways.providers
    assert dialog is not None
    assert "providers.toml" in dialog.error.text()
    assert path.read_text() == "= broken"


async def test_the_panel_refreshes_its_models(
    window: Window, photograph: Path, gateway: MaskGateway, maskroom_home: Path
) -> None:
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(
            f'[providers.mine]\ndialect = "openai-multipart"\nmodel = "m"\nbase_url = "{gateway.base_url}"\n'
        )
    session = await window.open(photograph)
    session.form.set_provider("mine")
    gateway.models = {"data": [{"id": "e", "name": "Editor", "capabilities": ["image_edit"]}, {"id": "chat"}]}
    refresh, model = window.widget("refreshModels"), window.widget("model")
    assert isinstance(refresh, QAbstractButton)
    assert isinstance(model, QComboBox)
    refresh.click()
    await eventually(lambda: [model.itemData(i) for i in range(model.count())] == ["e", "m"])
    assert model.itemText(0) == "Editor"
    gateway.models = {"data": [{"id": "m"}, {"id": "listed"}]}
    refresh.click()
    await eventually(lambda: [model.itemData(i) for i in range(model.count())] == ["m"])
    completer = model.completer()
    assert completer is not None
    completer.setCompletionPrefix("list")
    assert completer.currentCompletion() == "listed"
    line = model.lineEdit()
    assert line is not None
    line.selectAll()
    QTest.keyClicks(line, "typed/by-hand")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert session.form.model == "typed/by-hand"
    await gateway.stop()
    refresh.click()
    await eventually(lambda: window.desk.notices.shown)
    assert session.form.model == "typed/by-hand"
