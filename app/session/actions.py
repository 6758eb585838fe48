"""The commands that need no window: undo, the edit, candidates, the mask, tools.

The first line of each function's docstring is the help that the window shows for the command.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from app.base.text import tr
from app.document.document import Document
from app.session.commands import Command, Scope, command
from app.session.document_session import DocumentSession
from app.session.toolbox import ToolKind
from app.session.tools import TOOL_KEYS, tool_title
from app.session.verdicts import INVERT_NEXT
from app.session.workspace import Workspace

EDIT = "edit"
MASK = "mask"
TOOL = "tool"
VARIANT = "variant"

HARDNESS_STEP = 0.25


def _session(workspace: Workspace) -> DocumentSession | None:
    """The current tab, once its photograph is open."""
    session = workspace.current
    return session if session is not None and session.document is not None else None


def document_in_front(workspace: Workspace) -> Document | None:
    """The one that commands mean; None while none is open."""
    return workspace.current.document if workspace.current is not None else None


# Conditions


def has_document(workspace: Workspace) -> bool:
    """True when a photograph is open and can be painted on."""
    return document_in_front(workspace) is not None


def can_change(workspace: Workspace) -> bool:
    """True when a photograph is open and no stroke is being drawn on it."""
    document = document_in_front(workspace)
    return document is not None and not document.undo.is_held


def has_candidates(workspace: Workspace) -> bool:
    """True while candidates stand over the canvas."""
    session = _session(workspace)
    return session is not None and bool(session.candidates.items)


def has_places(workspace: Workspace) -> bool:
    """True while candidates wait for several places of the photograph, and nothing is being drawn."""
    session = _session(workspace)
    return can_change(workspace) and session is not None and len(session.candidates.places) > 1


def shows_candidate(workspace: Workspace) -> bool:
    """True while one of the candidates is shown and nothing is being drawn."""
    session = _session(workspace)
    return can_change(workspace) and session is not None and session.candidates.shown is not None


def has_mask_keys(workspace: Workspace) -> bool:
    """True when keys such as Delete and the digits belong to the mask, not to candidates."""
    return can_change(workspace) and not has_candidates(workspace)


def can_undo(workspace: Workspace) -> bool:
    """True when there is a step to take back."""
    document = document_in_front(workspace)
    return document is not None and document.undo.can_undo


def can_redo(workspace: Workspace) -> bool:
    """True when there is a step to do again."""
    document = document_in_front(workspace)
    return document is not None and document.undo.can_redo


def can_generate(workspace: Workspace) -> bool:
    """True when a request can be sent."""
    session = _session(workspace)
    return session is not None and not session.is_preparing


def has_region(workspace: Workspace) -> bool:
    """True while the region that is sent was set by hand."""
    session = _session(workspace)
    return session is not None and session.form.context.region is not None


# Undo


def what_undo_takes_back(workspace: Workspace) -> str:
    """Undo by the name of the step it takes back."""
    document = document_in_front(workspace)
    title = document.undo.undo_title if document is not None else ""
    return tr("Undo: {step}", step=title) if title else tr("Undo")


def what_redo_does_again(workspace: Workspace) -> str:
    """Redo by the name of the step it does again."""
    document = document_in_front(workspace)
    title = document.undo.redo_title if document is not None else ""
    return tr("Redo: {step}", step=title) if title else tr("Redo")


@command(
    "edit.undo",
    title=tr("Undo"),
    group=EDIT,
    shortcuts=("Ctrl+Z",),
    when=can_undo,
    says=what_undo_takes_back,
)
def undo(workspace: Workspace) -> None:
    """Take back the last step."""
    session = _session(workspace)
    if session is not None and session.stepping is not None:
        session.stepping.undo()


@command(
    "edit.redo",
    title=tr("Redo"),
    group=EDIT,
    shortcuts=("Ctrl+Shift+Z", "Ctrl+Y"),
    when=can_redo,
    says=what_redo_does_again,
)
def redo(workspace: Workspace) -> None:
    """Do the step again that was taken back."""
    session = _session(workspace)
    if session is not None and session.stepping is not None:
        session.stepping.redo()


# The edit


@command(
    "edit.generate",
    title=tr("Generate"),
    group=EDIT,
    shortcuts=("Ctrl+Return", "Ctrl+Enter"),
    when=can_generate,
    section="request",
)
async def generate(workspace: Workspace) -> None:
    """Send what is painted to the chosen model."""
    session = _session(workspace)
    if session is not None:
        await session.generate()


@command(INVERT_NEXT, title=tr("Prepare an inverted retry"), group=EDIT, when=has_document, section="request")
def invert_next(workspace: Workspace) -> None:
    """Turn the mask of the next request round, for a provider that reads masks the other way; sends nothing."""
    session = _session(workspace)
    if session is not None:
        session.form.set_inverts_mask(True)


@command("region.reset", title=tr("Automatic region"), group=EDIT, when=has_region, section="request")
def reset_region(workspace: Workspace) -> None:
    """Let the region that is sent follow the mask again."""
    session = _session(workspace)
    if session is not None:
        session.region.reset()


# Candidates


@command("candidate.apply", title=tr("Apply the variant"), group=VARIANT, when=shows_candidate)
async def apply_candidate(workspace: Workspace) -> None:
    """Lay the shown variant on the photograph."""
    session = _session(workspace)
    candidate = session.candidates.shown if session else None
    if session is None or candidate is None:
        return
    session.apply_candidate()
    await workspace.history_actions.mark_applied(candidate)


@command(
    "candidate.applyAll",
    title=tr("Apply all regions"),
    group=VARIANT,
    shortcuts=("Ctrl+Shift+Return",),
    when=has_places,
)
async def apply_all(workspace: Workspace) -> None:
    """Lay what is chosen for each region on the photograph, each as an edit of its own."""
    session = _session(workspace)
    if session is not None:
        for candidate in session.apply_all():
            await workspace.history_actions.mark_applied(candidate)


@command("candidate.discard", title=tr("Discard the variant"), group=VARIANT, when=shows_candidate)
def discard_candidate(workspace: Workspace) -> None:
    """Take the shown variant away; it stays in the history."""
    session = _session(workspace)
    if session is not None:
        session.discard_candidate()


@command("candidate.leave", title=tr("Back to the photograph"), group=VARIANT, when=has_candidates)
def leave_candidates(workspace: Workspace) -> None:
    """Put all variants away; they stay in the history."""
    session = _session(workspace)
    if session is not None:
        session.candidates.clear()


@command("candidate.next", title=tr("Next variant"), group=VARIANT, when=has_candidates)
def next_candidate(workspace: Workspace) -> None:
    """Show the next variant, or the photograph after the last."""
    session = _session(workspace)
    if session is not None:
        session.candidates.step(1)


@command("candidate.previous", title=tr("Previous variant"), group=VARIANT, when=has_candidates)
def previous_candidate(workspace: Workspace) -> None:
    """Show the variant before this one."""
    session = _session(workspace)
    if session is not None:
        session.candidates.step(-1)


# The mask


@command("mask.fill", title=tr("Mask everything"), group=MASK, shortcuts=("Ctrl+A",), when=can_change)
def fill_mask(workspace: Workspace) -> None:
    """Mark the whole photograph for editing."""
    document = document_in_front(workspace)
    if document is not None:
        document.fill_mask()


@command(
    "mask.clear", title=tr("Clear the mask"), group=MASK, shortcuts=("Ctrl+D", "Delete"), when=has_mask_keys
)
def clear_mask(workspace: Workspace) -> None:
    """Mark nothing for editing."""
    document = document_in_front(workspace)
    if document is not None:
        document.clear_mask()


@command("mask.invert", title=tr("Invert the mask"), group=MASK, shortcuts=("Ctrl+Shift+I",), when=can_change)
def invert_mask(workspace: Workspace) -> None:
    """Exchange what will be edited and what will be kept."""
    document = document_in_front(workspace)
    if document is not None:
        document.invert_mask()


# Tools


def _take_up(tool: ToolKind, workspace: Workspace) -> None:
    workspace.toolbox.set_tool(tool)


def _set_opacity(opacity: float, workspace: Workspace) -> None:
    workspace.toolbox.set_opacity(opacity)


def _show(number: int, workspace: Workspace) -> None:
    session = _session(workspace)
    if session is not None:
        session.candidates.select_number(number)


def tool_commands() -> Iterator[Command]:
    """A command for each tool."""
    for tool, key in TOOL_KEYS.items():
        yield Command(
            f"tool.{tool.value}",
            tool_title(tool),
            TOOL,
            partial(_take_up, tool),
            shortcuts=(key,),
            scope=Scope.CANVAS,
        )


def digit_commands() -> Iterator[Command]:
    """The digits on the canvas: they pick a variant while there are some, else the brush's opacity."""
    for digit in range(1, 10):
        yield Command(
            f"candidate.show{digit}",
            tr("Show variant {digit}", digit=digit),
            VARIANT,
            partial(_show, digit),
            shortcuts=(str(digit),),
            when=has_candidates,
            scope=Scope.CANVAS,
            hidden=True,
        )
    for digit in (*range(1, 10), 0):
        share = (digit or 10) / 10
        yield Command(
            f"brush.opacity{digit}",
            tr("Brush opacity {percent} %", percent=round(share * 100)),
            TOOL,
            partial(_set_opacity, share),
            shortcuts=(str(digit),),
            when=has_mask_keys,
            scope=Scope.CANVAS,
            hidden=True,
        )


@command("brush.swap", title=tr("Swap brush and eraser"), group=TOOL, shortcuts=("X",), scope=Scope.CANVAS)
def swap_brush(workspace: Workspace) -> None:
    """Change between painting and erasing."""
    workspace.toolbox.swap()


@command("brush.reset", title=tr("Reset the brush"), group=TOOL, shortcuts=("D",), scope=Scope.CANVAS)
def reset_brush(workspace: Workspace) -> None:
    """Give the brush its size, hardness and opacity of the start."""
    workspace.toolbox.reset()


@command("brush.smaller", title=tr("Smaller brush"), group=TOOL, shortcuts=("[",), scope=Scope.CANVAS)
def smaller_brush(workspace: Workspace) -> None:
    """Make the brush smaller by about an eighth."""
    workspace.toolbox.step_diameter(-1)


@command("brush.larger", title=tr("Larger brush"), group=TOOL, shortcuts=("]",), scope=Scope.CANVAS)
def larger_brush(workspace: Workspace) -> None:
    """Make the brush larger by about an eighth."""
    workspace.toolbox.step_diameter(1)


@command("brush.softer", title=tr("Softer brush"), group=TOOL, shortcuts=("{",), scope=Scope.CANVAS)
def softer_brush(workspace: Workspace) -> None:
    """Make the brush's edge softer."""
    workspace.toolbox.set_hardness(workspace.toolbox.brush.hardness - HARDNESS_STEP)


@command("brush.harder", title=tr("Harder brush"), group=TOOL, shortcuts=("}",), scope=Scope.CANVAS)
def harder_brush(workspace: Workspace) -> None:
    """Make the brush's edge harder."""
    workspace.toolbox.set_hardness(workspace.toolbox.brush.hardness + HARDNESS_STEP)
