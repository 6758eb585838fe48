"""Preferences are made from the settings' declarations, hold at once, and are kept."""

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QColorDialog, QComboBox, QDoubleSpinBox, QWidget

from app.settings.model import Settings, options_of
from app.ui.dialogs.preferences import ColourButton, PreferencesDialog
from tests.ui.window.conftest import Window, eventually


async def test_every_option_that_is_meant_to_be_seen_has_its_control(window: Window) -> None:
    window.desk.actions.run("edit.preferences")
    dialog = window.frame.findChild(PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    settings = Settings()
    for section in ("canvas", "brush", "edit", "export", "files", "window"):
        for name, option in options_of(type(getattr(settings, section))).items():
            found = dialog.findChildren(QWidget, f"{section}.{name}")
            assert bool(found) == option.shown, f"{section}.{name}"
    dialog.close()


async def test_a_change_holds_at_once_and_is_kept(window: Window, maskroom_home: Path) -> None:
    window.desk.dialogs.show_preferences()
    dialog = window.frame.findChild(PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    opacity = dialog.findChild(QDoubleSpinBox, "canvas.overlay_opacity")
    grow = dialog.findChild(QDoubleSpinBox, "edit.grow")
    lossless = dialog.findChild(QCheckBox, "export.lossless")
    provider = dialog.findChild(QComboBox, "edit.provider")
    colour = dialog.findChild(ColourButton)
    assert isinstance(opacity, QDoubleSpinBox)
    assert isinstance(grow, QDoubleSpinBox)
    assert isinstance(lossless, QCheckBox)
    assert isinstance(provider, QComboBox)
    assert isinstance(colour, ColourButton)
    assert grow.text() == "auto"
    assert provider.currentData() == "local"
    opacity.setValue(80)
    grow.setValue(12)
    lossless.click()
    colour.click()
    chooser = colour.findChild(QColorDialog)
    assert isinstance(chooser, QColorDialog)
    chooser.setCurrentColor("#00ff80")
    chooser.accept()
    value = window.workspace.settings

    def kept() -> bool:
        settings = value.value
        return (
            settings.canvas.overlay_opacity == 0.8
            and settings.canvas.overlay_colour == "#00ff80"
            and settings.edit.grow == 12
            and settings.export.lossless
        )

    await eventually(kept)
    file = maskroom_home / "settings.toml"
    await eventually(lambda: file.exists() and "00ff80" in file.read_text())
    assert colour.text() == "#00ff80"
    dialog.close()
