"""How figures are told to people: times, prices, sizes, states. Pure functions, no widgets."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.states import JobState
from app.base.text import tr
from app.imaging.recipe import BlendMode

if TYPE_CHECKING:
    from app.base.geometry import Size
    from app.base.rate_limits import RateLimits
    from app.edits.types import Cost, EditPlan


def size_text(size: Size) -> str:
    """Such as "640 × 480", which no line break tears apart."""
    return f"{size.width}\u00a0×\u00a0{size.height}"


def region_text(plan: EditPlan, sent_bytes: int | None) -> str:
    """Such as "812 × 640 px · the model sees 1:1.7 · 1.3 MB"."""
    factor = round(1 / plan.scale, 1)
    parts = [tr("{size} px", size=size_text(plan.region.size)), tr("the model sees 1:{n:g}", n=factor)]
    if sent_bytes is not None:
        parts.append(bytes_text(sent_bytes))
    return " · ".join(parts)


def seconds_text(seconds: float) -> str:
    """Such as "0.4 s", "12 s", "2 min 05 s"."""
    if seconds < 1:
        return tr("{n} s", n=f"{seconds:.1f}")
    if seconds < 60:
        return tr("{n} s", n=round(seconds))
    minutes, rest = divmod(round(seconds), 60)
    return tr("{m} min {s} s", m=minutes, s=f"{rest:02d}")


def estimate_text(seconds: float) -> str:
    """A forecast, rounded so that it does not look more exact than it is."""
    if seconds < 1.5:
        return tr("about a second")
    if seconds < 60:
        rounded = round(seconds) if seconds < 10 else round(seconds / 5) * 5
        return tr("about {n} s", n=rounded)
    return tr("about {n} min", n=max(1, round(seconds / 60)))


def money_text(amount: float, currency: str) -> str:
    """Such as "$0.042" or "0.30 EUR"; small sums keep three places."""
    figure = f"{amount:.2f}" if amount >= 1 or round(amount, 2) == round(amount, 4) else f"{amount:.3f}"
    return f"${figure}" if currency == "USD" else f"{figure} {currency}"


def price_text(price: Cost | None, count: int = 1, *, at_most: bool = False) -> str:
    """The price of `count` images; empty when it is unknown. `at_most`: it depends on what is not chosen yet."""
    if price is None:
        return ""
    if price.amount == 0:
        return tr("free")
    total = money_text(price.amount * count, price.currency)
    return tr("up to {price}", price=total) if at_most else total


def bytes_text(count: int) -> str:
    """Such as "812 bytes", "43 kB", "3.1 MB"."""
    if count < 1000:
        return tr("{n} bytes", n=count)
    if count < 999_500:
        return tr("{n} kB", n=round(count / 1000))
    return tr("{n} MB", n=f"{count / 1_000_000:.1f}")


def limits_text(limits: RateLimits | None) -> str:
    """Such as "12 of 60 requests left, reset 1s"; empty when nothing is known."""
    if limits is None:
        return ""
    left, most = limits.remaining, limits.limit
    words = ""
    if left is not None and most is not None:
        words = tr("{left} of {most} requests left", left=left, most=most)
    elif left is not None:
        words = tr("{left} requests left", left=left)
    elif most is not None:
        words = tr("{most} requests allowed", most=most)
    reset = tr("reset {when}", when=limits.reset) if limits.reset else ""
    return ", ".join(part for part in (words, reset) if part)


def percent_text(share: float) -> str:
    """A share 0–1 as per cent, small ones with a decimal."""
    percent = share * 100
    if percent == 0:
        return "0 %"
    if percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"


def state_text(state: JobState) -> str:
    """The state in the user's words."""
    return {
        JobState.QUEUED: tr("Waiting"),
        JobState.RUNNING: tr("Running"),
        JobState.RECEIVING: tr("Receiving"),
        JobState.DONE: tr("Done"),
        JobState.FAILED: tr("Failed"),
        JobState.CANCELLED: tr("Cancelled"),
        JobState.INTERRUPTED: tr("Interrupted"),
    }[state]


def mask_looks() -> list[tuple[str, object]]:
    """The ways to show a mask: their names, and the values of the setting."""
    return [(tr("Colour"), "tint"), (tr("Outline"), "outline"), (tr("Black and white"), "alone")]


def when_text(created: str, now: datetime.datetime) -> str:
    """ISO 8601 time as "just now", "5 min ago", "14:03", or a date."""
    try:
        moment = datetime.datetime.fromisoformat(created)
    except ValueError:
        return created
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    age = (now - moment).total_seconds()
    if age < 60:
        return tr("just now")
    if age < 3600:
        return tr("{n} min ago", n=int(age // 60))
    local, today = moment.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%d %b %H:%M}" if local.year == today.year else f"{local:%d %b %Y}"


def file_title(path: Path) -> str:
    """A file with just enough of its folder to tell it from another of the same name."""
    return f"{path.name} — {path.parent.name}" if path.parent.name else path.name


GROUPS = ("file", "edit", "mask", "layer", "tool", "variant", "history", "view", "help")
"""The groups of commands in the order of their menus."""


def group_rank(group: str) -> int:
    """The place of a group among the menus; unknown ones come last."""
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


def group_title(group: str) -> str:
    """The menu in which the commands of `group` stand."""
    return {
        "file": tr("File"),
        "edit": tr("Edit"),
        "mask": tr("Mask"),
        "layer": tr("Layer"),
        "tool": tr("Tools"),
        "variant": tr("Variants"),
        "history": tr("History"),
        "view": tr("View"),
        "help": tr("Help"),
    }.get(group, group.capitalize())


def blend_mode_title(mode: BlendMode) -> str:
    """What a blend mode is called."""
    return {
        BlendMode.NORMAL: tr("Normal"),
        BlendMode.MULTIPLY: tr("Multiply"),
        BlendMode.SCREEN: tr("Screen"),
        BlendMode.OVERLAY: tr("Overlay"),
        BlendMode.LIGHTEN: tr("Lighten"),
        BlendMode.DARKEN: tr("Darken"),
        BlendMode.LUMINOSITY: tr("Luminosity"),
        BlendMode.COLOUR: tr("Colour"),
    }[mode]
