"""The commands for whole masks that need no window: operations, masks from pictures, several masks.

Those with a number are tried out first: they show what they would do until they are applied or cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from app.base.states import MaskConvention
from app.base.text import tr
from app.document.document import Document
from app.document.named_masks import prepare_mask
from app.edits.types import Report
from app.imaging import mask_files
from app.imaging.arrays import U8
from app.imaging.mask_operations import MaskOperation, OperationKind
from app.session.actions import MASK, can_change, document_in_front
from app.session.candidates import Candidate
from app.session.commands import Command, command
from app.session.document_session import DocumentSession
from app.session.mask_changes import KNOBS, Differ, Extend, Knob, Operate, Replace, transparent_pixels
from app.session.mask_work import MakeChange
from app.session.verdicts import EXTEND_BY_LEAK
from app.session.workspace import Workspace

# Conditions


def has_coverage(workspace: Workspace) -> bool:
    """True when there is something in the mask, and nothing is being drawn."""
    document = document_in_front(workspace)
    return document is not None and can_change(workspace) and bool(document.mask.occupied.any())


def has_transparency(workspace: Workspace) -> bool:
    """True when the photograph has an alpha channel."""
    document = document_in_front(workspace)
    return document is not None and can_change(workspace) and document.photograph.has_alpha


def has_shown_candidate(workspace: Workspace) -> bool:
    """True when a variant is shown."""
    session = workspace.current
    return session is not None and can_change(workspace) and session.candidates.shown is not None


def has_leak_at_mask(workspace: Workspace) -> bool:
    """True when what was changed outside the mask of the shown variant or selected layer begins at its edge."""
    report = _report(workspace)
    return can_change(workspace) and report is not None and report.touches_mask and report.heat is not None


def can_be_judged(workspace: Workspace) -> bool:
    """True when a variant or a layer is in front of which can be told what the model did outside the mask."""
    session = workspace.current
    judged = session.judging.subject if session is not None and session.judging is not None else None
    return judged is not None


def _report(workspace: Workspace) -> Report | None:
    """What is known of what is in front."""
    session = workspace.current
    judged = session.judging.subject if session is not None and session.judging is not None else None
    return judged.report if judged is not None else None


def has_shown_candidates(workspace: Workspace) -> bool:
    """True when a variant is shown, and there is another one."""
    session = workspace.current
    return session is not None and has_shown_candidate(workspace) and len(session.candidates.items) > 1


def has_masks(workspace: Workspace) -> bool:
    """True when there is more than one mask, and nothing is being drawn."""
    document = document_in_front(workspace)
    return document is not None and can_change(workspace) and len(document.masks) > 1


# Operations


def _try_out(workspace: Workspace, knob: Knob, make: MakeChange) -> None:
    session = workspace.current
    if session is not None and session.mask_work is not None:
        session.mask_work.try_out(knob, getattr(workspace.settings.value.mask, knob.name), make)


def _operate(kind: OperationKind, workspace: Workspace) -> None:
    _try_out(workspace, KNOBS[kind.value], lambda amount: Operate(MaskOperation(kind, amount)))


def operation_commands() -> Iterator[Command]:
    """A command for each operation that has a number."""
    for kind, title, keys in (
        (OperationKind.GROW, tr("Grow…"), ()),
        (OperationKind.SHRINK, tr("Shrink…"), ()),
        (OperationKind.FEATHER, tr("Feather…"), ("Shift+F6",)),
        (OperationKind.BORDER, tr("Border…"), ()),
        (OperationKind.SMOOTH, tr("Smooth…"), ()),
        (OperationKind.REMOVE_SPECKS, tr("Remove specks…"), ()),
    ):
        yield Command(
            f"mask.{kind.value}",
            title,
            MASK,
            partial(_operate, kind),
            keys,
            has_coverage,
            help=KNOBS[kind.value].help,
            section="operation",
        )


@command("mask.fill_holes", title=tr("Fill holes"), group=MASK, when=has_coverage, section="operation")
async def fill_holes(workspace: Workspace) -> None:
    """Covers what is enclosed on all sides."""
    session = workspace.current
    if session is not None and session.mask_work is not None:
        done = await session.mask_work.apply(Operate(MaskOperation(OperationKind.FILL_HOLES)))
        if not done:
            workspace.notices.info(tr("The mask has no holes."), topic="mask")


async def accept_trial(workspace: Workspace) -> None:
    """Make the change that is tried out, and remember its number for the next time."""
    session = workspace.current
    work = session.mask_work if session is not None else None
    trial = work.trial if work is not None else None
    if work is None or trial is None:
        return
    await work.accept()
    await workspace.settings.update("mask", **{trial.knob.name: trial.amount})


# Masks from pictures


@command(
    "mask.from_alpha",
    title=tr("Mask what is transparent"),
    group=MASK,
    when=has_transparency,
    section="picture",
)
async def mask_from_alpha(workspace: Workspace) -> None:
    """Takes the photograph's transparent parts as the mask."""
    session, document = workspace.current, document_in_front(workspace)
    if session is not None and session.mask_work is not None and document is not None:
        picture = document.picture
        await session.mask_work.apply(Replace(tr("Mask from alpha"), lambda: transparent_pixels(picture)))


@command(
    "mask.from_difference",
    title=tr("Mask what the variant changed…"),
    group=MASK,
    when=has_shown_candidate,
    section="picture",
)
def mask_from_difference(workspace: Workspace) -> None:
    """Masks where the shown variant differs from the photograph, also outside the mask it was made for."""
    session = workspace.current
    if session is not None and session.candidates.shown is not None:
        _try_out(workspace, KNOBS["difference"], difference_from_document(session, session.candidates.shown))


@command(
    EXTEND_BY_LEAK,
    title=tr("Extend the mask by what changed at its edge"),
    group=MASK,
    when=has_leak_at_mask,
    section="picture",
)
async def extend_by_leak(workspace: Workspace) -> None:
    """Adds to the mask what the model changed right beside it, such as a shadow; Generate then lets it in."""
    session, report = workspace.current, _report(workspace)
    if session is not None and session.mask_work is not None and report is not None and report.heat:
        heat = report.heat
        await session.mask_work.apply(Extend(tr("Extend mask"), heat.extension, heat.rect_doc))


@command(
    "mask.from_next_difference",
    title=tr("Mask where this variant and the next differ…"),
    group=MASK,
    when=has_shown_candidates,
    section="picture",
)
def mask_from_next_difference(workspace: Workspace) -> None:
    """Masks where two variants do not agree."""
    session = workspace.current
    if session is not None and session.candidates.selected is not None:
        items, place = session.candidates.items, session.candidates.selected
        following = items[(place + 1) % len(items)]
        _try_out(workspace, KNOBS["difference"], difference_of_candidates(items[place], following))


def difference_from_document(session: DocumentSession, candidate: Candidate) -> MakeChange:
    """The change to a mask of what a candidate does to the photograph as it is now, by a number of levels.

    Raises:
        RuntimeError: the session has no document yet.
    """
    document, patch = session.document, candidate.patch
    if document is None:
        raise RuntimeError("compared before it was opened")
    return lambda levels: Differ(
        patch.region, lambda rect: document.cut(rect)[..., :3], lambda rect: patch.pixels, levels
    )


def difference_of_candidates(first: Candidate, second: Candidate) -> MakeChange:
    """The change to a mask of where two candidates differ, as far as both reach, by a number of levels."""
    one, other = first.patch, second.patch
    return lambda levels: Differ(
        one.region.intersected(other.region),
        lambda rect: one.pixels[rect.relative_to(one.region).slices],
        lambda rect: other.pixels[rect.relative_to(other.region).slices],
        levels,
    )


# Masks from elsewhere


async def load_mask(
    session: DocumentSession, source: Path | bytes, name: str, convention: MaskConvention | None = None
) -> bool:
    """Take a mask file, or the bytes of a picture, into the active mask; False when nothing differs.

    Raises:
        MaskError: it is no usable mask for this photograph, as `mask_files.load_mask` tells.
    """
    document, work = session.document, session.mask_work
    if document is None or work is None:
        return False
    make = partial(mask_files.load_mask, source, document.size, convention, name=name)
    return await work.apply(Replace(tr("Load mask “{name}”", name=name), make))


async def set_mask(session: DocumentSession, coverage: U8, title: str) -> bool:
    """Take exact coverage (H, W) into the active mask; False when nothing differs.

    Raises:
        MaskError: it was made for a photograph of another size.
    """
    document, work = session.document, session.mask_work
    if document is None or work is None:
        return False
    mask_files.check_size(tr("Copied mask"), coverage, document.size)
    return await work.apply(Replace(title, lambda: coverage))


async def save_mask(session: DocumentSession, path: Path, convention: MaskConvention) -> None:
    """Write the active mask.

    Raises:
        OutputError: it cannot be written there.
    """
    coverage = await copied_mask(session)
    if coverage is not None:
        await asyncio.to_thread(mask_files.save_mask, coverage, path, convention)


async def copied_mask(session: DocumentSession) -> U8 | None:
    """The active mask's coverage (H, W) as it is at one moment; None while nothing is open."""
    document = session.document
    if document is None:
        return None
    while True:
        mask = document.mask
        revision = mask.revision
        coverage = await asyncio.to_thread(mask.coverage.copy)
        if mask.revision == revision:
            return coverage


# Several masks


@command("mask.new", title=tr("New mask"), group=MASK, when=can_change, section="masks")
async def new_mask(workspace: Workspace) -> None:
    """Adds an empty mask beside those there are."""
    session, document = workspace.current, document_in_front(workspace)
    if session is not None and session.mask_work is not None and document is not None:
        prepared = await asyncio.to_thread(prepare_mask, document.size)
        await session.mask_work.until_free()
        document.add_mask(_free_name(document), prepared)


@command("mask.duplicate", title=tr("Duplicate the mask"), group=MASK, when=can_change, section="masks")
async def duplicate_mask(workspace: Workspace) -> None:
    """Adds a copy of the mask to work on."""
    session, document = workspace.current, document_in_front(workspace)
    if session is None or session.mask_work is None or document is None:
        return
    name = document.masks[document.active_mask].name
    coverage = await copied_mask(session)
    prepared = await asyncio.to_thread(prepare_mask, document.size, coverage)
    await session.mask_work.until_free()
    document.add_mask(tr("{name} copy", name=name), prepared)


@command("mask.delete", title=tr("Delete the mask"), group=MASK, when=has_masks, section="masks")
def delete_mask(workspace: Workspace) -> None:
    """Takes the mask away; the others stay."""
    document = document_in_front(workspace)
    if document is not None:
        document.remove_mask()


@command("mask.next", title=tr("Next mask"), group=MASK, when=has_masks, section="masks")
def next_mask(workspace: Workspace) -> None:
    """Works on the next mask of this photograph."""
    _step(workspace, 1)


@command("mask.previous", title=tr("Previous mask"), group=MASK, when=has_masks, section="masks")
def previous_mask(workspace: Workspace) -> None:
    """Works on the mask before this one."""
    _step(workspace, -1)


def _step(workspace: Workspace, steps: int) -> None:
    document = document_in_front(workspace)
    if document is not None:
        document.activate_mask((document.active_mask + steps) % len(document.masks))


def _free_name(document: Document) -> str:
    """The first number that no mask is called by."""
    taken = {each.name for each in document.masks}
    number = 1
    while tr("Mask {n}", n=number) in taken:
        number += 1
    return tr("Mask {n}", n=number)
