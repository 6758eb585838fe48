"""The commands that need a window: files, view, compare, help. They join all others in the one registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.base.text import tr
from app.session.actions import EDIT, MASK, VARIANT, can_change, has_candidates, has_document
from app.session.commands import Command, Scope

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


def file_commands(desk: Desk) -> tuple[Command, ...]:
    """Opening, exporting, closing, the clipboard."""
    files = desk.files
    return (
        Command("file.open", tr("Open…"), FILE, lambda w: files.ask_open(), ("Ctrl+O",)),
        Command("file.close", tr("Close"), FILE, lambda w: files.close_current(), ("Ctrl+W",), has_tab),
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
        Command("app.quit", tr("Quit"), FILE, lambda w: desk.quit(), ("Ctrl+Q",)),
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
        Command("edit.preferences", tr("Preferences…"), EDIT, lambda w: desk.show_preferences(), ("Ctrl+,",)),
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


def view_commands(desk: Desk) -> tuple[Command, ...]:
    """Zoom, panels, tabs, compare, the history's search field."""
    canvas = desk.canvas
    return (
        Command("view.fit", tr("Fit"), VIEW, lambda w: canvas.zoom_to_fit(), ("Ctrl+0",), has_tab),
        Command(
            "view.actual", tr("Actual pixels"), VIEW, lambda w: canvas.zoom_to_actual(), ("Ctrl+1",), has_tab
        ),
        Command(
            "view.zoomIn", tr("Zoom in"), VIEW, lambda w: canvas.zoom_in(), ("Ctrl+=", "Ctrl++"), has_tab
        ),
        Command("view.zoomOut", tr("Zoom out"), VIEW, lambda w: canvas.zoom_out(), ("Ctrl+-",), has_tab),
        Command(
            "view.overlay",
            tr("Show or hide the mask"),
            VIEW,
            lambda w: canvas.set_overlay_visible(not canvas.overlay_visible),
            ("Q",),
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
        Command(
            "history.search", tr("Search the history"), VIEW, lambda w: desk.search_history(), ("Ctrl+F",)
        ),
    )


def help_commands(desk: Desk) -> tuple[Command, ...]:
    """The palette, the keys, about."""
    return (
        Command("help.palette", tr("Commands…"), HELP, lambda w: desk.show_palette(), ("Ctrl+K",)),
        Command("help.shortcuts", tr("Keys"), HELP, lambda w: desk.show_shortcuts(), ("F1",)),
        Command("help.about", tr("About Maskroom"), HELP, lambda w: desk.show_about()),
    )
