"""The commands that need a window: files, view, compare, help. They join all others in the one registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.base.text import tr
from app.session.actions import EDIT, MASK, VARIANT, can_change, has_candidates, has_document
from app.session.commands import Command, Scope
from app.session.layer_actions import LAYER, has_layer
from app.session.mask_actions import can_be_judged
from app.ui.panels.side import LAYERS, STEPS

if TYPE_CHECKING:
    from app.session.workspace import Workspace
    from app.ui.desk import Desk

FILE, VIEW, HELP = "file", "view", "help"


def has_tab(workspace: Workspace) -> bool:
    """True when a photograph is open or being opened."""
    return workspace.current is not None


def has_tabs(workspace: Workspace) -> bool:
    """True when there is more than one."""
    return len(workspace.documents) > 1


def has_mask(workspace: Workspace) -> bool:
    """True when something is covered in the photograph in front."""
    document = workspace.current.document if workspace.current is not None else None
    return document is not None and bool(document.mask.occupied.any())


def _look_at_mask(desk: Desk) -> None:
    document = desk.canvas.source.document
    if document is not None:
        desk.canvas.navigation.look_at(document.mask.bounds())


def _quit(desk: Desk) -> None:
    desk.window.close()


def _rename_layer(desk: Desk) -> None:
    desk.show_part(LAYERS)
    desk.layers.list.rename()


def _remember(desk: Desk, **changes: object) -> None:
    """Change how the canvas looks, now and at the next start."""
    desk.tasks.start(desk.workspace.settings.update("canvas", **changes), "settings")


def _toggle_managed(desk: Desk) -> None:
    settings = desk.workspace.settings
    managed = not settings.value.display.managed
    desk.tasks.start(settings.update("display", managed=managed), "settings")


def file_commands(desk: Desk) -> tuple[Command, ...]:
    """Opening, saving, exporting, closing, the clipboard."""
    files = desk.files
    return (
        Command("file.open", tr("Open…"), FILE, lambda w: files.ask_open(), ("Ctrl+O",)),
        Command("file.save", tr("Save"), FILE, lambda w: files.save(), ("Ctrl+S",), has_document),
        Command(
            "file.save_as",
            tr("Save as…"),
            FILE,
            lambda w: files.save_as(),
            ("Ctrl+Shift+S",),
            has_document,
            help=tr("Save photograph, layers and masks as an OpenRaster document."),
        ),
        Command(
            "file.export",
            tr("Export as…"),
            FILE,
            lambda w: files.export_as(),
            ("Ctrl+Shift+E",),
            has_document,
        ),
        Command(
            "file.exportAgain",
            tr("Export again"),
            FILE,
            lambda w: files.export_again(),
            ("Ctrl+E",),
            has_document,
        ),
        Command("file.close", tr("Close"), FILE, lambda w: files.close_current(), ("Ctrl+W",), has_tab),
        Command(
            "session.discard",
            tr("Discard what was restored"),
            FILE,
            lambda w: w.keeper.discard(),
            when=lambda w: w.keeper.can_discard,
            help=tr("Close the photographs that the last run left behind, as it left them."),
            section="file",
        ),
        Command("app.quit", tr("Quit"), FILE, lambda w: _quit(desk), ("Ctrl+Q",)),
        Command("edit.copy", tr("Copy the result"), EDIT, lambda w: files.copy(), ("Ctrl+C",), has_document),
        Command(
            "edit.paste",
            tr("Paste as a new photograph"),
            EDIT,
            lambda w: files.paste(),
            ("Ctrl+V", "Ctrl+Shift+V"),
        ),
        Command(
            "edit.inspect",
            tr("Inspect request…"),
            EDIT,
            lambda w: desk.gateways.show_inspection(),
            ("Ctrl+I",),
            has_document,
            help=tr("Show what Generate would send, down to the byte."),
        ),
        Command(
            "edit.preferences",
            tr("Preferences…"),
            EDIT,
            lambda w: desk.dialogs.show_preferences(),
            ("Ctrl+,",),
        ),
        Command(
            "providers.manage",
            tr("Providers…"),
            EDIT,
            lambda w: desk.gateways.show_providers(),
            help=tr("Add, change and try providers, and store their keys."),
        ),
        Command(
            "providers.models",
            tr("Ask the provider for its models"),
            EDIT,
            lambda w: desk.gateways.refresh_models(),
            help=tr("Read the list of models of the chosen provider anew."),
        ),
    )


def _open_extend(desk: Desk) -> None:
    session = desk.workspace.current
    if session is not None and session.document is not None:
        desk.extend_bar.open(session.document)


def document_commands(desk: Desk) -> tuple[Command, ...]:
    """The canvas of the photograph."""
    return (
        Command(
            "document.extend",
            tr("Extend the canvas…"),
            EDIT,
            lambda w: _open_extend(desk),
            ("Ctrl+Shift+X",),
            can_change,
            help=tr("Makes the photograph larger on any side; what is new is masked, to be filled."),
        ),
    )


def mask_commands(desk: Desk) -> tuple[Command, ...]:
    """Masks as files and on the clipboard, and their names."""
    files = desk.mask_files
    return (
        Command(
            "mask.rename",
            tr("Rename the mask"),
            MASK,
            lambda w: desk.mask_picker.rename(),
            when=can_change,
            section="masks",
        ),
        Command(
            "mask.load",
            tr("Load a mask…"),
            MASK,
            lambda w: files.load(),
            when=can_change,
            help=tr("Takes a picture file as the mask."),
            section="files",
        ),
        Command(
            "mask.save",
            tr("Save the mask…"),
            MASK,
            lambda w: files.save(),
            when=can_change,
            help=tr("Writes the mask as a PNG in the convention you choose."),
            section="files",
        ),
        Command(
            "mask.copy", tr("Copy the mask"), MASK, lambda w: files.copy(), when=can_change, section="files"
        ),
        Command(
            "mask.paste",
            tr("Paste as the mask"),
            MASK,
            lambda w: files.paste(),
            when=can_change,
            section="files",
        ),
    )


def layer_commands(desk: Desk) -> tuple[Command, ...]:
    """The list of layers, and their names."""
    return (
        Command(
            "layer.rename",
            tr("Rename the layer"),
            LAYER,
            lambda w: _rename_layer(desk),
            when=has_layer,
            section="stack",
        ),
        Command(
            "view.layers",
            tr("Layers"),
            VIEW,
            lambda w: desk.show_part(LAYERS),
            ("Ctrl+Shift+L",),
            has_document,
            help=tr("Shows the layers, and what tunes them or the variant that is shown."),
        ),
    )


def view_commands(desk: Desk) -> tuple[Command, ...]:
    """Zoom, panels, tabs, compare."""
    canvas, navigation = desk.canvas, desk.canvas.navigation
    return (
        Command("view.fit", tr("Fit"), VIEW, lambda w: canvas.zoom_to_fit(), ("Ctrl+0",), has_tab),
        Command(
            "view.actual", tr("Actual pixels"), VIEW, lambda w: canvas.zoom_to_actual(), ("Ctrl+1",), has_tab
        ),
        Command(
            "view.zoomIn",
            tr("Zoom in"),
            VIEW,
            lambda w: navigation.zoom_step(1),
            ("Ctrl+=", "Ctrl++"),
            has_tab,
        ),
        Command(
            "view.zoomOut",
            tr("Zoom out"),
            VIEW,
            lambda w: navigation.zoom_step(-1),
            ("Ctrl+-",),
            has_tab,
        ),
        Command("view.fill", tr("Fill"), VIEW, lambda w: navigation.fill(), ("Ctrl+2",), has_tab),
        Command(
            "view.mask", tr("Zoom to the mask"), VIEW, lambda w: _look_at_mask(desk), ("Ctrl+3",), has_mask
        ),
        Command(
            "view.overlay",
            tr("Show or hide the mask"),
            VIEW,
            lambda w: canvas.set_overlay_visible(not canvas.overlay_visible),
            ("Q",),
            has_document,
            Scope.CANVAS,
        ),
        Command(
            "view.colour_managed",
            tr("Colours of the display on or off"),
            VIEW,
            lambda w: _toggle_managed(desk),
            help=tr("Shows photographs by the display's ICC profile, or as plain sRGB."),
        ),
        Command(
            "view.leak",
            tr("Map of what the model changed"),
            VIEW,
            lambda w: desk.leak_map.toggle(),
            when=can_be_judged,
            help=tr("Shows on the photograph where the model changed it outside the mask."),
        ),
        Command(
            "view.mask_look",
            tr("Next look of the mask"),
            VIEW,
            lambda w: _remember(desk, mask_look=canvas.mask_style.next.value),
            ("Shift+Q",),
            has_document,
            Scope.CANVAS,
        ),
        Command("view.panels", tr("Show or hide the panels"), VIEW, lambda w: desk.toggle_panels()),
        Command("view.nextPanel", tr("Next panel"), VIEW, lambda w: desk.focus_next_panel(), ("F6",)),
        Command("view.fullScreen", tr("Full screen"), VIEW, lambda w: desk.toggle_full_screen(), ("F11",)),
        Command(
            "view.nextDocument",
            tr("Next photograph"),
            VIEW,
            lambda w: desk.step_document(1),
            ("Ctrl+Tab",),
            has_tabs,
        ),
        Command(
            "view.previousDocument",
            tr("Previous photograph"),
            VIEW,
            lambda w: desk.step_document(-1),
            ("Ctrl+Shift+Tab",),
            has_tabs,
        ),
        Command(
            "compare.open",
            tr("Compare the variants"),
            VARIANT,
            lambda w: desk.open_compare(),
            ("C",),
            has_candidates,
            Scope.CANVAS,
        ),
    )


def turn_commands(desk: Desk) -> tuple[Command, ...]:
    """Turning and mirroring the view, which change nothing of the photograph; what helps to look around."""
    canvas, navigation = desk.canvas, desk.canvas.navigation
    settings = desk.workspace.settings
    return (
        Command(
            "view.turnLeft",
            tr("Turn the view left"),
            VIEW,
            lambda w: navigation.turn_step(-1),
            ("Ctrl+[",),
            has_tab,
        ),
        Command(
            "view.turnRight",
            tr("Turn the view right"),
            VIEW,
            lambda w: navigation.turn_step(1),
            ("Ctrl+]",),
            has_tab,
        ),
        Command(
            "view.mirror",
            tr("Mirror the view"),
            VIEW,
            lambda w: navigation.mirror(),
            ("Shift+H",),
            has_tab,
            Scope.CANVAS,
        ),
        Command(
            "view.straighten",
            tr("Straighten the view"),
            VIEW,
            lambda w: navigation.straighten(),
            ("Shift+R",),
            has_tab,
            Scope.CANVAS,
        ),
        Command(
            "view.pixelGrid",
            tr("Show or hide the pixel grid"),
            VIEW,
            lambda w: _remember(desk, pixel_grid=not canvas.shows_grid),
            ("Ctrl+'",),
        ),
        Command(
            "view.navigator",
            tr("Show or hide the navigator"),
            VIEW,
            lambda w: _remember(desk, navigator=not settings.value.canvas.navigator),
            ("N",),
            scope=Scope.CANVAS,
        ),
        Command(
            "view.steps", tr("Steps"), VIEW, lambda w: desk.show_part(STEPS), ("Ctrl+Shift+Y",), has_document
        ),
    )


def help_commands(desk: Desk) -> tuple[Command, ...]:
    """The palette, the keys, about."""
    return (
        Command("help.palette", tr("Commands…"), HELP, lambda w: desk.dialogs.show_palette(), ("Ctrl+K",)),
        Command("help.shortcuts", tr("Keys"), HELP, lambda w: desk.dialogs.show_shortcuts(), ("F1",)),
        Command("help.about", tr("About Maskroom"), HELP, lambda w: desk.dialogs.show_about()),
    )
