"""The commands that need no window: tools, mask, undo, generate, candidates."""

from __future__ import annotations

from app.base.text import tr
from app.session.commands import Scope, command
from app.session.document_session import DocumentSession
from app.session.toolbox import ToolKind
from app.session.workspace import Workspace

EDIT = "edit"
MASK = "mask"
TOOL = "tool"


def _document(workspace: Workspace) -> DocumentSession | None:
    session = workspace.current
    return session if session is not None and session.document is not None else None


def has_document(workspace: Workspace) -> bool:
    """True when a photograph is open and can be painted on."""
    return _document(workspace) is not None


def has_candidate(workspace: Workspace) -> bool:
    """True while candidates stand over the canvas."""
    session = _document(workspace)
    return session is not None and bool(session.candidates.items)


def shows_candidate(workspace: Workspace) -> bool:
    """True while one of the candidates is shown."""
    session = _document(workspace)
    return session is not None and session.candidates.shown is not None


def can_paint(workspace: Workspace) -> bool:
    """True when keys on the canvas go to the mask and not to the candidates."""
    return has_document(workspace) and not shows_candidate(workspace)


def can_undo(workspace: Workspace) -> bool:
    session = _document(workspace)
    return session is not None and session.document is not None and session.document.undo.can_undo


def can_redo(workspace: Workspace) -> bool:
    session = _document(workspace)
    return session is not None and session.document is not None and session.document.undo.can_redo


def has_running_jobs(workspace: Workspace) -> bool:
    return any(not job.state.is_final for job in workspace.worker.jobs)


# Undo


@command("edit.undo", title=tr("Undo"), group=EDIT, shortcuts=("Ctrl+Z",), when=can_undo)
def undo(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None and session.document is not None:
        session.document.undo.undo()


@command("edit.redo", title=tr("Redo"), group=EDIT, shortcuts=("Ctrl+Shift+Z", "Ctrl+Y"), when=can_redo)
def redo(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None and session.document is not None:
        session.document.undo.redo()


# The edit


def can_generate(workspace: Workspace) -> bool:
    session = _document(workspace)
    return session is not None and not session.is_preparing


@command(
    "edit.generate",
    title=tr("Generate"),
    group=EDIT,
    shortcuts=("Ctrl+Return", "Ctrl+Enter"),
    when=can_generate,
)
async def generate(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None:
        await session.generate()


@command(
    "edit.cancel", title=tr("Cancel all requests"), group=EDIT, when=has_running_jobs
)
def cancel(workspace: Workspace) -> None:
    workspace.worker.cancel_all()


@command(
    "candidate.apply", title=tr("Apply the shown variant"), group=EDIT, when=shows_candidate
)
async def apply_candidate(workspace: Workspace) -> None:
    session = _document(workspace)
    candidate = session.candidates.shown if session else None
    if session is None or candidate is None:
        return
    session.apply_candidate()
    await workspace.history_actions.mark_applied(candidate)


@command(
    "candidate.discard", title=tr("Discard the shown variant"), group=EDIT, when=shows_candidate
)
def discard_candidate(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None:
        session.discard_candidate()


@command("candidate.leave", title=tr("Back to the photograph"), group=EDIT, when=has_candidate)
def leave_candidates(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None:
        session.candidates.clear()


# The mask


@command(
    "mask.fill", title=tr("Select all"), group=MASK, shortcuts=("Ctrl+A",), when=has_document
)
def fill_mask(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None and session.document is not None:
        session.document.fill_mask()


@command(
    "mask.clear", title=tr("Clear the mask"), group=MASK, shortcuts=("Ctrl+D", "Delete"), when=can_paint
)
def clear_mask(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None and session.document is not None:
        session.document.clear_mask()


@command(
    "mask.invert", title=tr("Invert the mask"), group=MASK, shortcuts=("Ctrl+Shift+I",), when=has_document
)
def invert_mask(workspace: Workspace) -> None:
    session = _document(workspace)
    if session is not None and session.document is not None:
        session.document.invert_mask()


# Tools


@command("tool.brush", title=tr("Brush"), group=TOOL, shortcuts=("B",), scope=Scope.CANVAS)
def use_brush(workspace: Workspace) -> None:
    workspace.toolbox.set_tool(ToolKind.BRUSH)


@command("tool.eraser", title=tr("Eraser"), group=TOOL, shortcuts=("E",), scope=Scope.CANVAS)
def use_eraser(workspace: Workspace) -> None:
    workspace.toolbox.set_tool(ToolKind.ERASER)


@command("tool.rectangle", title=tr("Rectangle"), group=TOOL, shortcuts=("M",), scope=Scope.CANVAS)
def use_rectangle(workspace: Workspace) -> None:
    workspace.toolbox.set_tool(ToolKind.RECTANGLE)


@command("tool.lasso", title=tr("Lasso"), group=TOOL, shortcuts=("L",), scope=Scope.CANVAS)
def use_lasso(workspace: Workspace) -> None:
    workspace.toolbox.set_tool(ToolKind.LASSO)


@command("tool.hand", title=tr("Hand"), group=TOOL, shortcuts=("H",), scope=Scope.CANVAS)
def use_hand(workspace: Workspace) -> None:
    workspace.toolbox.set_tool(ToolKind.HAND)


@command(
    "brush.swap", title=tr("Swap brush and eraser"), group=TOOL, shortcuts=("X",), scope=Scope.CANVAS
)
def swap_brush(workspace: Workspace) -> None:
    workspace.toolbox.swap()


@command("brush.reset", title=tr("Reset the brush"), group=TOOL, shortcuts=("D",), scope=Scope.CANVAS)
def reset_brush(workspace: Workspace) -> None:
    workspace.toolbox.reset()


@command("brush.smaller", title=tr("Smaller brush"), group=TOOL, shortcuts=("[",), scope=Scope.CANVAS)
def smaller_brush(workspace: Workspace) -> None:
    workspace.toolbox.step_diameter(-1)


@command("brush.larger", title=tr("Larger brush"), group=TOOL, shortcuts=("]",), scope=Scope.CANVAS)
def larger_brush(workspace: Workspace) -> None:
    workspace.toolbox.step_diameter(1)


@command("brush.softer", title=tr("Softer brush"), group=TOOL, shortcuts=("{",), scope=Scope.CANVAS)
def softer_brush(workspace: Workspace) -> None:
    workspace.toolbox.set_hardness(workspace.toolbox.brush.hardness - 0.25)


@command("brush.harder", title=tr("Harder brush"), group=TOOL, shortcuts=("}",), scope=Scope.CANVAS)
def harder_brush(workspace: Workspace) -> None:
    workspace.toolbox.set_hardness(workspace.toolbox.brush.hardness + 0.25)
