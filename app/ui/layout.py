"""How the panels stand, as a text for the settings, so that they stand so again at the next start."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from app.ui.desk import Desk


class Layout(msgspec.Struct, frozen=True):
    """The widths of canvas and side panel, whether the panels are shown, and what stands in the side panel."""

    widths: tuple[int, int]
    panels: bool
    side: list[int]


def layout_text(desk: Desk) -> str:
    """How the panels stand now."""
    # A panel that is hidden has no width; the one it had comes back with it.
    left, right = desk.split.sizes()
    shown = not desk.side.isHidden()
    layout = Layout((left, right), shown, desk.side.arrangement())
    return base64.b64encode(msgspec.json.encode(layout)).decode("ascii")


def lay_out_as(desk: Desk, text: str) -> None:
    """Have the panels stand as `layout_text` told; a text that makes no sense changes nothing."""
    try:
        layout = msgspec.json.decode(base64.b64decode(text), type=Layout)
        if len(layout.side) < 2:
            return
    except (ValueError, msgspec.MsgspecError):
        return
    if min(layout.widths) > 0:
        desk.split.setSizes(list(layout.widths))
    desk.side.arrange_as(layout.side)
    for widget in (desk.side, desk.tools, desk.options):
        widget.setVisible(layout.panels)
