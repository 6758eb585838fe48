"""The commands of the history and the prompts. They act on what is looked at in the History panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.base.errors import RELOCATE
from app.base.text import tr
from app.session.commands import Command
from app.ui.commands import has_tab
from app.ui.panels.side import HISTORY as SIDE_HISTORY

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.session.workspace import Workspace
    from app.ui.desk import Desk

HISTORY = "history"


def history_commands(desk: Desk) -> tuple[Command, ...]:
    """Finding, using again, going back, marking and deleting."""
    panel, verbs = desk.history, desk.history.verbs

    def has_entry(workspace: Workspace) -> bool:
        return panel.entry is not None

    def has_result(workspace: Workspace) -> bool:
        return panel.result is not None

    def has_both(workspace: Workspace) -> bool:
        return panel.entry is not None and workspace.current is not None

    def can_apply(workspace: Workspace) -> bool:
        return panel.result is not None and workspace.current is not None

    def on_result(run: Callable[[HistoryEntry, HistoryResult], None]) -> Callable[[Workspace], None]:
        def do(workspace: Workspace) -> None:
            if panel.entry is not None and panel.result is not None:
                run(panel.entry, panel.result)

        return do

    def key(name: str) -> Callable[[Workspace], None]:
        return lambda workspace: panel.run_key(name)

    return (
        Command(
            "history.search",
            tr("Search the history"),
            HISTORY,
            lambda w: _find(desk),
            ("Ctrl+F",),
            section="find",
        ),
        Command(
            "history.large",
            tr("Show the history large"),
            HISTORY,
            lambda w: desk.room.set_open(not panel.is_large),
            ("Ctrl+H",),
            section="find",
            help=tr("In the middle of the window with all details, or back at the side."),
        ),
        Command(
            "history.grid",
            tr("Show rows or tiles"),
            HISTORY,
            lambda w: panel.bar.grid.toggle(),
            section="find",
        ),
        Command("history.reuse", tr("Reuse everything"), HISTORY, key("reuse"), when=has_both, section="use"),
        Command(
            "history.apply",
            tr("Apply again"),
            HISTORY,
            on_result(lambda entry, result: verbs.apply(result)),
            when=can_apply,
            section="use",
        ),
        Command(
            "history.continue",
            tr("Continue from here"),
            HISTORY,
            on_result(verbs.continue_from),
            when=has_result,
            section="use",
            help=tr("Brings the photograph back to the state of the chosen result, in one step."),
        ),
        Command(
            "history.openState",
            tr("Open this state in a new tab"),
            HISTORY,
            on_result(verbs.open_state),
            when=has_result,
            section="use",
            help=tr("Opens the photograph with the edits that the chosen result grew from."),
        ),
        Command(
            "history.openNew",
            tr("Open as a new photograph"),
            HISTORY,
            on_result(verbs.open_as_new),
            when=has_result,
            section="use",
        ),
        Command("history.star", tr("Star the result"), HISTORY, key("star"), when=has_result, section="mark"),
        Command("history.tag", tr("Tag the request"), HISTORY, key("tag"), when=has_entry, section="mark"),
        Command("history.note", tr("Write a note"), HISTORY, key("note"), when=has_entry, section="mark"),
        Command(
            "history.delete",
            tr("Delete the request"),
            HISTORY,
            key("delete"),
            when=has_entry,
            section="bin",
            help=tr("Puts it into the bin of the history, from where it can be brought back."),
        ),
        Command(
            "history.restore",
            tr("Bring back what was deleted last"),
            HISTORY,
            lambda w: panel.undo.take_back(),
            when=lambda w: panel.undo.can_undo,
            section="bin",
        ),
        Command(
            "prompt.book",
            tr("Earlier prompts…"),
            HISTORY,
            lambda w: desk.prompts.open(),
            ("Ctrl+Up",),
            has_tab,
        ),
        Command(
            "prompt.save",
            tr("Save the prompt"),
            HISTORY,
            lambda w: desk.prompts.toggle_saved(),
            when=has_tab,
        ),
        Command(
            "history.costs",
            tr("Spending…"),
            HISTORY,
            lambda w: desk.ledgers.show_spending(),
            help=tr("What was spent, by provider and month."),
            section="ledgers",
        ),
        Command(
            "history.space",
            tr("Space of the history…"),
            HISTORY,
            lambda w: desk.ledgers.show_space(),
            help=tr("What the history takes, making room, and all of it as one file."),
            section="ledgers",
        ),
        Command(
            RELOCATE,
            tr("Move the data to another folder…"),
            HISTORY,
            lambda w: desk.ledgers.relocate(),
            help=tr("History, settings and open documents, copied at the next start; nothing is deleted."),
            section="ledgers",
        ),
    )


def _find(desk: Desk) -> None:
    """Go to the search field, wherever the history stands."""
    if not desk.history.is_large:
        if not desk.side.isVisible():
            desk.toggle_panels()
        desk.side.reveal(SIDE_HISTORY)
    desk.history.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
    desk.history.search.selectAll()
