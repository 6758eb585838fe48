"""Trying a provider from its form: reaching it costs nothing, trying its mask sends one small edit.

Whatever is found is said here in words; nothing is changed by itself.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.base.errors import MaskroomError
from app.base.states import MaskConvention
from app.base.text import tr
from app.session.mask_probe import (
    MaskVerdict,
    Probe,
    ProbeResult,
    mended,
    prepare_probe,
    run_probe,
    verdict_sentence,
)
from app.session.provider_check import ProviderCheck, check_provider
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_button, make_label
from app.ui.wording import price_text, size_text

if TYPE_CHECKING:
    from app.gateways.types import Profile
    from app.session.workspace import Workspace
    from app.ui.tasks import OwnTasks


class _Stage(enum.Enum):
    IDLE = enum.auto()
    RUNNING = enum.auto()
    ASKING = enum.auto()
    """Says what the mask test costs, and waits for a yes."""


class ProviderTest(QFrame):
    """Test, and Try the mask, with room for what they find."""

    switch_wanted = Signal(object, bool)
    """A mask convention and whether it is inverted: what the mask test speaks for."""

    def __init__(self, workspace: Workspace, tasks: OwnTasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("providerTestBox")
        self.setProperty("role", "card")
        self._workspace = workspace
        self._tasks = tasks
        self._profile: Callable[[], tuple[Profile, str | None]] | None = None
        self._may_probe: Callable[[], str] = lambda: ""
        self._task: asyncio.Task[object] | None = None
        self._stage = _Stage.IDLE
        self._probe: Probe | None = None
        self._mended: tuple[MaskConvention, bool] | None = None
        self._make()
        self._show(_Stage.IDLE)

    def set_subject(
        self, profile: Callable[[], tuple[Profile, str | None]] | None, may_probe: Callable[[], str]
    ) -> None:
        """What is tested: gives the profile and a typed key, or raises MaskroomError; None = nothing.

        `may_probe` gives a sentence why the mask cannot be tried now, or "".
        """
        self.cancel()
        self._profile, self._may_probe = profile, may_probe
        self.found.setText("")
        self._show(_Stage.IDLE)

    def cancel(self) -> None:
        """Stop what runs; a request that was sent may be billed all the same."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
        self._task = None

    def run_test(self) -> None:
        """Reach the provider and say what was found."""
        try:
            profile, key = self._subject()
        except MaskroomError as error:
            self._say_error(error)
            return
        self._run(tr("Asking {title}…", title=profile.title), lambda: self._test(profile, key))

    def _subject(self) -> tuple[Profile, str | None]:
        assert self._profile is not None, "tested before anything was shown"
        return self._profile()

    def _make(self) -> None:
        self.test = self._button("providerTest", tr("Test"), self.run_test)
        self.test.setToolTip(tr("Reach the provider and read its list of models; costs nothing"))
        self.probe = self._button("providerProbe", tr("Try the mask…"), self._ask)
        self.probe.setToolTip(tr("Send one small edit to see which pixels of the mask are edited"))
        self.send = self._button("providerProbeSend", tr("Send it"), self._send)
        self.leave = self._button("providerProbeLeave", tr("Not now"), lambda: self._show(_Stage.IDLE))
        self.stop = self._button("providerTestCancel", tr("Cancel"), self._stop)
        self.switch = self._button("providerSwitch", tr("Set “Invert”"), self._switch)
        self.found = make_label(wrap=True, selectable=True)
        self.found.setObjectName("providerFound")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        self._buttons = (self.test, self.probe, self.send, self.leave, self.stop, self.switch)
        for button in self._buttons:
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3 // 2, SPACE * 3 // 2, SPACE * 3 // 2, SPACE * 3 // 2)
        column.setSpacing(SPACE)
        column.addLayout(buttons)
        column.addWidget(self.found)

    def _button(self, name: str, title: str, pressed: Callable[[], object]) -> QPushButton:
        button = make_button(name, title)
        button.clicked.connect(lambda: pressed())
        return button

    def _show(self, stage: _Stage, text: str | None = None) -> None:
        self._stage = stage
        if text is not None:
            self.found.setText(text)
        switches = stage is _Stage.IDLE and self._mended is not None
        shown = {
            _Stage.IDLE: (self.switch, self.test, self.probe) if switches else (self.test, self.probe),
            _Stage.RUNNING: (self.stop,),
            _Stage.ASKING: (self.leave, self.send),
        }[stage]
        had_focus = any(button.hasFocus() for button in self._buttons)
        for button in shown:
            button.show()
        if had_focus:
            # Before the others go: what is hidden hands its focus to anybody.
            shown[0].setFocus()
        for button in self._buttons:
            button.setVisible(button in shown)
        self.found.setVisible(bool(self.found.text()))

    def _run(self, words: str, work: Callable[[], Coroutine[object, object, object]]) -> None:
        self.cancel()
        self._mended = None
        self._show(_Stage.RUNNING, words)
        self._task = self._tasks.start(self._told(work), "providers")

    async def _told(self, work: Callable[[], Coroutine[object, object, object]]) -> None:
        """Await `work` and leave no button of a running test behind, however it ends."""
        try:
            await work()
        except MaskroomError as error:
            self._say_error(error)
        finally:
            if self._stage is _Stage.RUNNING and self._task is asyncio.current_task():
                self._show(_Stage.IDLE, tr("Cancelled."))

    def _stop(self) -> None:
        self.cancel()
        self._show(_Stage.IDLE, tr("Cancelled."))

    async def _test(self, profile: Profile, key: str | None) -> None:
        self._show_check(await check_provider(self._workspace, profile, key))

    def _show_check(self, check: ProviderCheck) -> None:
        words = list(check.sentences())
        able = [model.title for model in check.models if model.can_edit]
        if able:
            words.append(tr("Can edit: {models}.", models=", ".join(able)))
        self._show(_Stage.IDLE, "\n".join(words))

    def _ask(self) -> None:
        problem = self._may_probe()
        if problem:
            self._show(_Stage.IDLE, problem)
            return
        try:
            profile, _key = self._subject()
            self._probe = probe = prepare_probe(self._workspace, profile, profile.default_model)
        except MaskroomError as error:
            self._say_error(error)
            return
        price = price_text(probe.price)
        self._show(
            _Stage.ASKING,
            tr("This sends one edit of {size} px to {model}. {price}",
               size=size_text(probe.request.plan.size_send),
               model=f"“{profile.default_model}”" if profile.default_model else profile.title,
               price=tr("It costs about {price}.", price=price) if price else tr("Its price is unknown.")),
        )  # fmt: skip

    def _send(self) -> None:
        probe = self._probe
        if probe is not None:
            self._run(tr("Waiting for the picture…"), lambda: self._try_mask(probe))

    async def _try_mask(self, probe: Probe) -> None:
        self._show_verdict(await run_probe(self._workspace, probe))

    def _show_verdict(self, result: ProbeResult) -> None:
        profile, _key = self._subject()
        now = profile.mask_convention, profile.invert_mask
        speaks_for = mended(*now, result.verdict)
        self._mended = None if speaks_for == now else speaks_for
        inverted = result.verdict is MaskVerdict.INVERTED
        self.switch.setText(tr("Set “Invert”") if inverted else tr("Set it to “no effect”"))
        self._show(_Stage.IDLE, verdict_sentence(result))

    def _switch(self) -> None:
        if self._mended is not None:
            convention, invert = self._mended
            self._mended = None
            self._show(_Stage.IDLE, convention.meaning(invert))
            self.switch_wanted.emit(convention, invert)

    def _say_error(self, error: MaskroomError) -> None:
        self._show(_Stage.IDLE, f"{error.message} {error.hint}".strip())
