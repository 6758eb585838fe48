"""The commands for layers that need no window: which is shown, their order, copies, merging, painting their masks."""

from __future__ import annotations

from dataclasses import replace

from app.base.text import tr
from app.document.document import Document
from app.document.layer_changes import duplicated, hidden_by_mask, moved, with_free_name, with_layer
from app.document.layers import EditLayer
from app.session.actions import VARIANT, can_change, shows_candidate
from app.session.candidates import layer_of
from app.session.commands import command
from app.session.layer_work import LayerWork
from app.session.workspace import Workspace

LAYER = "layer"


def _layers(workspace: Workspace) -> tuple[Document, LayerWork] | None:
    session = workspace.current
    if session is None or session.document is None or session.layers is None:
        return None
    return session.document, session.layers


def _selected(workspace: Workspace) -> tuple[Document, LayerWork, EditLayer] | None:
    found = _layers(workspace)
    layer = found[1].selected if found is not None else None
    return None if found is None or layer is None else (*found, layer)


# Conditions


def has_layer(workspace: Workspace) -> bool:
    """True when a layer is selected and nothing is being drawn."""
    return can_change(workspace) and _selected(workspace) is not None


def has_layers(workspace: Workspace) -> bool:
    """True when there is more than one layer."""
    found = _layers(workspace)
    return found is not None and can_change(workspace) and len(found[0].layers) > 1


def can_raise(workspace: Workspace) -> bool:
    """True when another layer is above the selected one."""
    found = _selected(workspace)
    return found is not None and can_change(workspace) and found[0].layers[-1] is not found[2]


def can_lower(workspace: Workspace) -> bool:
    """True when another layer is below the selected one."""
    found = _selected(workspace)
    return found is not None and can_change(workspace) and found[0].layers[0] is not found[2]


def can_merge_down(workspace: Workspace) -> bool:
    """True when the selected layer and the one below are both shown."""
    found = _selected(workspace)
    lower = found[1].below_selected if found is not None else None
    if found is None or lower is None or found[1].is_busy:
        return False
    return can_change(workspace) and found[2].is_shown and lower.is_shown


def can_merge_visible(workspace: Workspace) -> bool:
    """True when there is more than one layer to be seen."""
    found = _layers(workspace)
    if found is None or found[1].is_busy or not can_change(workspace):
        return False
    return sum(layer.is_shown for layer in found[0].layers) > 1


def is_painting(workspace: Workspace) -> bool:
    """True while the mask of a layer is painted."""
    found = _layers(workspace)
    return found is not None and can_change(workspace) and found[0].painted_layer is not None


# Which one


@command("layer.select_above", title=tr("Layer above"), group=LAYER, shortcuts=("Alt+]",), when=has_layers)
def select_above(workspace: Workspace) -> None:
    """Selects the layer above, and after the topmost the lowest."""
    _step(workspace, 1)


@command("layer.select_below", title=tr("Layer below"), group=LAYER, shortcuts=("Alt+[",), when=has_layers)
def select_below(workspace: Workspace) -> None:
    """Selects the layer below, and after the lowest the topmost."""
    _step(workspace, -1)


def _step(workspace: Workspace, steps: int) -> None:
    found = _selected(workspace)
    if found is not None:
        document, work, layer = found
        place = (document.layers.index(layer) + steps) % len(document.layers)
        work.select(document.layers[place].id)


# Its mask


@command(
    "layer.paint",
    title=tr("Paint the layer's mask"),
    group=LAYER,
    shortcuts=("Ctrl+M",),
    when=has_layer,
    section="mask",
)
async def paint_mask(workspace: Workspace) -> None:
    """Every mask tool shows and hides parts of the selected layer, until it is done again or Esc ends it."""
    found = _selected(workspace)
    if found is None:
        return
    document, work, layer = found
    if document.painted_layer is layer:
        document.end_painting()
        return
    session = workspace.current
    if session is not None:
        session.candidates.select(None)
    await work.paint(layer)


@command("layer.end_painting", title=tr("Finish the mask"), group=LAYER, when=is_painting, section="mask")
def end_painting(workspace: Workspace) -> None:
    """Has tools paint the mask for the next request again."""
    found = _layers(workspace)
    if found is not None:
        found[0].end_painting()


# The stack


@command("layer.show_hide", title=tr("Show or hide the layer"), group=LAYER, when=has_layer, section="stack")
def show_or_hide(workspace: Workspace) -> None:
    """Takes the selected layer out of the picture, or brings it back."""
    found = _selected(workspace)
    if found is not None:
        document, _, layer = found
        document.set_layer_visible(layer.id, not layer.visible)


@command(
    "layer.raise",
    title=tr("Move the layer up"),
    group=LAYER,
    shortcuts=("Ctrl+Shift+Up",),
    when=can_raise,
    section="stack",
)
def raise_layer(workspace: Workspace) -> None:
    """Puts the selected layer over the one above it."""
    _move(workspace, 1)


@command(
    "layer.lower",
    title=tr("Move the layer down"),
    group=LAYER,
    shortcuts=("Ctrl+Shift+Down",),
    when=can_lower,
    section="stack",
)
def lower_layer(workspace: Workspace) -> None:
    """Puts the selected layer under the one below it."""
    _move(workspace, -1)


def _move(workspace: Workspace, steps: int) -> None:
    found = _selected(workspace)
    if found is not None:
        document, _, layer = found
        place_layer(document, layer.id, document.layers.index(layer) + steps)


def place_layer(document: Document, layer_id: str, place: int) -> None:
    """Move a layer to a place, counted from the lowest; one undo step."""
    layers = moved(document.layers, layer_id, place)
    name = next(layer.name for layer in layers if layer.id == layer_id)
    document.change_layers(layers, tr("Move “{name}”", name=name))


def rename_layer(document: Document, layer_id: str, name: str) -> None:
    """Give a layer another name; nothing happens when it has it, or for an empty one."""
    for layer in document.layers:
        if layer.id == layer_id and name and name != layer.name:
            layers = with_layer(document.layers, replace(layer, name=name))
            document.change_layers(layers, tr("Rename “{old}” to “{new}”", old=layer.name, new=name))


@command(
    "layer.duplicate",
    title=tr("Duplicate the layer"),
    group=LAYER,
    shortcuts=("Ctrl+J",),
    when=has_layer,
    section="copies",
)
def duplicate_layer(workspace: Workspace) -> None:
    """Puts a copy of the selected layer right above it."""
    found = _selected(workspace)
    if found is not None:
        document, _, layer = found
        layers, _ = duplicated(document.layers, layer.id)
        document.change_layers(layers, tr("Duplicate “{name}”", name=layer.name))


@command(
    "layer.delete",
    title=tr("Delete the layer"),
    group=LAYER,
    shortcuts=("Shift+Delete",),
    when=has_layer,
    section="copies",
)
def delete_layer(workspace: Workspace) -> None:
    """Takes the selected layer away; its result stays in the history."""
    found = _selected(workspace)
    if found is not None:
        document, _, layer = found
        document.remove_layer(layer.id)


@command("layer.merge_down", title=tr("Merge down"), group=LAYER, when=can_merge_down, section="merge")
async def merge_down(workspace: Workspace) -> None:
    """Makes one layer of the selected one and the one below, which looks the same and can be tuned no more."""
    found = _layers(workspace)
    if found is not None:
        await found[1].merge_down()


@command(
    "layer.merge_visible", title=tr("Merge visible"), group=LAYER, when=can_merge_visible, section="merge"
)
async def merge_visible(workspace: Workspace) -> None:
    """Makes one layer of all that are shown, which looks the same and can be tuned no more."""
    found = _layers(workspace)
    if found is not None:
        await found[1].merge_visible()


# Variants


@command(
    "candidate.apply_keep",
    title=tr("Apply the variant, keep the others"),
    group=VARIANT,
    when=shows_candidate,
)
async def apply_and_keep(workspace: Workspace) -> None:
    """Lays the shown variant on the photograph; the others stay on the strip, to be painted in."""
    session = workspace.current
    candidate = session.candidates.shown if session is not None else None
    if session is None or candidate is None or session.candidates.selected is None:
        return
    session.add_layer(candidate)
    session.candidates.take(session.candidates.selected)
    await workspace.history_actions.mark_applied(candidate)


@command(
    "candidate.paint_in",
    title=tr("Paint the variant in…"),
    group=VARIANT,
    shortcuts=("Ctrl+Shift+M",),
    when=shows_candidate,
)
async def paint_in(workspace: Workspace) -> None:
    """Adds the shown variant as a hidden layer: what you paint then shows it."""
    session, found = workspace.current, _layers(workspace)
    candidate = session.candidates.shown if session is not None else None
    if session is None or session.tuning is None or found is None or candidate is None:
        return
    layer = with_free_name(hidden_by_mask(layer_of(candidate)), found[0].layers)
    wished = session.tuning.let_go(candidate.result_id)
    session.candidates.select(None)
    await found[1].paint(layer)
    session.candidates.remove(candidate.result_id)
    if wished is not None:
        # Its mask is what is painted now, so that nothing of it is grown.
        session.tuning.take_up(layer.id, replace(wished, grow=0))
    await workspace.history_actions.mark_applied(candidate)
