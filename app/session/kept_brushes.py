"""Keeps the brush of each tool in the settings while it is changed, and has it lie ready at the next start.

Lives on the event loop's thread; the settings are written in another, a moment after the last change.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from app.session.toolbox import ToolBox, ToolKind
from app.settings.model import BrushesSettings, Settings, options_of
from app.settings.store import SettingsStore

DELAY = 1.0
"""Seconds of rest after the last change."""
_AUTO = "auto"
_PLACES = tuple(
    (name, ToolKind(name.partition("_")[0]), name.partition("_")[2]) for name in options_of(BrushesSettings)
)
"""Name of a setting, and the tool and the value of its brush that it keeps."""


class KeptBrushes:
    """Between the tools and the settings."""

    def __init__(self, toolbox: ToolBox, settings: SettingsStore) -> None:
        self._toolbox = toolbox
        self._settings = settings
        self._ready = settings.value.brush
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None
        self._take_up(settings.value.brushes)
        toolbox.changed.connect(self._soon)
        settings.changed.connect(self._follow)

    async def aclose(self) -> None:
        """Keep what was changed last."""
        if self._timer is not None:
            self._start()
        if self._work is not None:
            await asyncio.wait({self._work})

    def _take_up(self, kept: BrushesSettings) -> None:
        brushes = dict(self._toolbox.brushes)
        for name, tool, value in _PLACES:
            if getattr(kept, name) != _AUTO:
                brushes[tool] = replace(brushes[tool], **{value: getattr(kept, name)})
        self._toolbox.take_brushes(brushes)

    def _values(self) -> dict[str, Any]:
        """What is to be kept: nothing of a brush that is as usual."""
        now, usual = self._toolbox.brushes, self._toolbox.usual_brushes
        found: dict[str, Any] = {}
        for name, tool, value in _PLACES:
            number = getattr(now[tool], value)
            found[name] = _AUTO if number == getattr(usual[tool], value) else number
        return found

    def _soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(DELAY, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        before = self._work
        self._work = self._loop.create_task(self._write(before, self._values()))

    async def _write(self, before: asyncio.Task[None] | None, values: dict[str, Any]) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._settings.update("brushes", **values)

    def _follow(self, settings: Settings) -> None:
        """Who sets another brush to lie ready at the start means to find it there."""
        if settings.brush != self._ready:
            self._ready = settings.brush
            values = {name: _AUTO for name, _, _ in _PLACES}
            self._work = self._loop.create_task(self._write(self._work, values))
