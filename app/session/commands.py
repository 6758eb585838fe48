"""What a user can do, as data: menus, palette, shortcut sheet and key bindings all read this registry.

A command is a plain function on the workspace with its metadata attached by `@command`; nothing is
registered at import time. A `CommandRegistry` collects the functions of the modules it is given.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from app.base.errors import UsageError
from app.base.text import tr

if TYPE_CHECKING:
    from app.session.workspace import Workspace

Run = Callable[["Workspace"], Awaitable[object] | None]
When = Callable[["Workspace"], bool]
Says = Callable[["Workspace"], str]

_ATTRIBUTE = "__maskroom_command__"


class Scope(enum.Enum):
    """Where a command's keys work."""

    WINDOW = "window"
    CANVAS = "canvas"
    """Only while the canvas has the focus, so that typing a prompt does not change the tool."""


def always(workspace: Workspace) -> bool:
    """The `when` of commands that are never disabled."""
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One command. Shortcuts are portable key texts such as "Ctrl+Shift+I"."""

    id: str
    title: str
    group: str
    run: Run
    shortcuts: tuple[str, ...] = ()
    when: When = always
    scope: Scope = Scope.WINDOW
    hidden: bool = False
    """True: not listed in a menu, only in the palette and the shortcut sheet."""
    help: str = ""
    """One sentence on what it does."""
    section: str = ""
    """The part of the menu it stands in; without one, the first word of the id."""
    says: Says | None = None
    """What it is called right now, where that tells more than the title."""


def command(
    id: str,
    *,
    title: str,
    group: str,
    shortcuts: tuple[str, ...] = (),
    when: When = always,
    scope: Scope = Scope.WINDOW,
    hidden: bool = False,
    section: str = "",
    says: Says | None = None,
) -> Callable[[Run], Run]:
    """Attach a command's metadata to a function; the function itself is returned unchanged.

    The first line of its docstring becomes the help.
    """

    def attach(run: Run) -> Run:
        told = (run.__doc__ or "").partition("\n")[0]
        made = Command(id, title, group, run, shortcuts, when, scope, hidden, told, section, says)
        setattr(run, _ATTRIBUTE, made)
        return run

    return attach


class CommandRegistry:
    """All commands of one program, by id, in the order of adding."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}

    def add(self, added: Command) -> None:
        """Raises ValueError for an id that is taken."""
        if added.id in self._commands:
            raise ValueError(f"command {added.id} exists twice")
        self._commands[added.id] = added

    def add_from(self, module: ModuleType) -> None:
        """Add every function of `module` that carries `@command`, in the order of its source."""
        for value in vars(module).values():
            found = getattr(value, _ATTRIBUTE, None)
            if isinstance(found, Command):
                self.add(found)

    def get(self, id: str) -> Command:
        """Raises UsageError for an unknown id."""
        try:
            return self._commands[id]
        except KeyError:
            raise UsageError(tr("There is no command “{id}”.", id=id)) from None

    def __iter__(self) -> Iterator[Command]:
        return iter(tuple(self._commands.values()))
