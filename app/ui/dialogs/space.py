"""What the history takes on the disk, making room, and all of it as one file. Starred and applied results stay."""

from __future__ import annotations

import enum
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.base.cancel import CancelToken
from app.base.errors import RELOCATE
from app.base.text import tr, tr_count
from app.base.work import Work
from app.history.space import CleanPlan, CleanRules, SpaceUsed
from app.ui.dialogs.files import ask_archive, ask_target
from app.ui.dialogs.questions import QuestionBar
from app.ui.links import Links
from app.ui.tasks import OwnTasks, Tasks
from app.ui.theme import SPACE
from app.ui.widgets.fields import NumberField
from app.ui.widgets.figures import FiguresTable
from app.ui.widgets.labels import make_button, make_label
from app.ui.wording import bytes_text

if TYPE_CHECKING:
    from app.session.workspace import Workspace

_T = TypeVar("_T")

GIGABYTE = 1_000_000_000
PROGRESS_STEPS = 1000
REST_MILLISECONDS = 300
ARCHIVE_NAME = "maskroom-history.zip"


class Doing(enum.Enum):
    """What the dialog is busy with."""

    NOTHING = enum.auto()
    CLEANING = enum.auto()
    WRITING = enum.auto()
    READING = enum.auto()


class SpaceDialog(QDialog):
    """Shows what a clean-up would take before it is asked for; one long work at a time, which can be cancelled."""

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("space")
        self.setWindowTitle(tr("Space of the history"))
        self._workspace = workspace
        self.tasks = OwnTasks(tasks)
        self._links = Links()
        self._plan: CleanPlan | None = None
        self._cancel = CancelToken()
        self.doing = Doing.NOTHING
        self._share = 0.0
        self._make_controls()
        self._lay_out()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MILLISECONDS)
        self._rest.timeout.connect(lambda: self.tasks.start(self._read(), "space"))
        self._beat = QTimer(self)
        self._beat.setInterval(50)
        self._beat.timeout.connect(lambda: self.bar.setValue(round(self._share * PROGRESS_STEPS)))
        self._links.add(workspace.history_changed.connect(lambda id: self._rest.start()))
        self.resize(640, 560)
        self.tasks.start(self._read(), "space")

    def detach(self) -> None:
        """Let go of the session, and give up what is being done."""
        self._cancel.cancel()
        self._rest.stop()
        self._beat.stop()
        self._links.clear()

    def rules(self) -> CleanRules:
        """What the controls say."""
        before = ""
        if self.by_age.isChecked():
            days = timedelta(days=self.days.box.value())
            before = (datetime.now(UTC) - days).isoformat(timespec="milliseconds")
        most = round(self.gigabytes.box.value() * GIGABYTE) if self.by_size.isChecked() else None
        return CleanRules(most, before, self.bin.isChecked())

    def _make_controls(self) -> None:
        self.table = FiguresTable(
            "spaceDocuments",
            tr("Space by photograph"),
            (tr("Photograph"), tr("Edits"), tr("Starred or applied"), tr("Size")),
        )
        self.total = make_label(wrap=True)
        self.bin = QCheckBox(tr("Empty the bin"))
        self.bin.setObjectName("spaceBin")
        self.bin.setChecked(True)
        self.by_size, self.gigabytes = self._limit(
            "spaceSize", tr("Keep at most"), 0.1, 10_000, 5, " GB", decimals=1
        )
        self.by_age, self.days = self._limit("spaceAge", tr("Keep the last"), 1, 10_000, 90, tr(" days"))
        self.promise = make_label(
            tr("What is starred, applied or built upon is never touched. Spending stays known."),
            "muted",
            wrap=True,
        )
        self.outcome = make_label(wrap=True)
        self.outcome.setObjectName("spaceOutcome")
        self.clean = make_button("spaceClean", tr("Make room…"))
        self.export = make_button("spaceExport", tr("Export the history…"))
        self.import_ = make_button("spaceImport", tr("Import…"))
        self.relocate = make_button("spaceMove", tr("Move to another folder…"))
        self.stop = make_button("spaceCancel", tr("Cancel"))
        self.bar = QProgressBar()
        self.bar.setRange(0, PROGRESS_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.question = QuestionBar()
        for box in (self.bin, self.by_size, self.by_age):
            box.toggled.connect(lambda on: self._rules_changed())
        self.clean.clicked.connect(self._ask_to_clean)
        self.export.clicked.connect(lambda: self.tasks.start(self._write_archive(), "history"))
        self.import_.clicked.connect(lambda: self.tasks.start(self._read_archive(), "history"))
        self.relocate.clicked.connect(lambda: self._workspace.commands.get(RELOCATE).run(self._workspace))
        self.stop.clicked.connect(lambda: self._cancel.cancel())

    def _limit(
        self, name: str, title: str, least: float, most: float, value: float, suffix: str, decimals: int = 0
    ) -> tuple[QCheckBox, NumberField]:
        """A rule that can be switched on, with its number."""
        check = QCheckBox(title)
        check.setObjectName(name)
        field = NumberField(f"{name}Limit", title, slider=False)
        field.configure(minimum=least, maximum=most, decimals=decimals, suffix=suffix)
        field.show_value(value)
        field.setEnabled(False)
        check.toggled.connect(field.setEnabled)
        field.edited.connect(lambda number: self._rules_changed())
        return check, field

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(self.table, 1)
        column.addWidget(self.total)
        column.addSpacing(SPACE)
        column.addWidget(make_label(tr("Make room"), "heading"))
        rules = QHBoxLayout()
        rules.setSpacing(SPACE)
        for widget in (self.by_size, self.gigabytes, self.by_age, self.days, self.bin):
            rules.addWidget(widget)
            if widget in (self.gigabytes, self.days):
                rules.addSpacing(SPACE * 2)
        rules.addStretch(1)
        column.addLayout(rules)
        column.addWidget(self.promise)
        column.addWidget(self.outcome)
        column.addWidget(self.question)
        column.addWidget(self.bar)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.export)
        buttons.addWidget(self.import_)
        buttons.addWidget(self.relocate)
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.clean)
        column.addSpacing(SPACE)
        column.addLayout(buttons)
        self._mirror()

    def _rules_changed(self) -> None:
        self._plan = None
        self.question.dismiss()
        self._mirror()
        self._rest.start()

    async def _read(self) -> None:
        keeper = self._workspace.housekeeping
        used, plan = await keeper.used(), await keeper.plan(self.rules())
        self._show_used(used)
        # Rules that changed meanwhile are about to be counted anew.
        if not self._rest.isActive():
            self._plan = plan
            self._mirror()

    def _show_used(self, used: SpaceUsed) -> None:
        self.table.show_rows(
            [
                (
                    each.document_name,
                    str(each.entries),
                    str(each.dear) if each.dear else "–",
                    bytes_text(each.bytes),
                )
                for each in used.documents
            ]
        )
        self.total.setText(
            tr("{size} in all.", size=bytes_text(used.total))
            + (" " + _in_bin(used.in_bin) if used.in_bin else "")
        )

    def _mirror(self) -> None:
        is_busy, plan = self.doing is not Doing.NOTHING, self._plan
        self.bar.setVisible(is_busy)
        self.stop.setVisible(is_busy)
        self.export.setEnabled(not is_busy)
        self.import_.setEnabled(not is_busy)
        self.clean.setEnabled(not is_busy and plan is not None and bool(plan.ids))
        if is_busy:
            self.outcome.setText(
                {
                    Doing.CLEANING: tr("Making room…"),
                    Doing.WRITING: tr("Exporting the history…"),
                    Doing.READING: tr("Importing…"),
                }[self.doing]
            )
        elif plan is None:
            self.outcome.setText(tr("Counting…"))
        elif not plan.ids:
            self.outcome.setText(tr("By these rules nothing would go."))
        else:
            self.outcome.setText(_sentence(plan))

    def _ask_to_clean(self) -> None:
        plan = self._plan
        if plan is None:
            return
        self.question.ask(
            _sentence(plan) + " " + tr("This cannot be undone."),
            (tr("Delete them"), lambda: self._start_cleaning(plan)),
            (tr("Keep them"), lambda: None),
        )

    def _start_cleaning(self, plan: CleanPlan) -> None:
        self.tasks.start(self._clean(plan), "history")

    async def _clean(self, plan: CleanPlan) -> None:
        gone = await self._do(Doing.CLEANING, self._workspace.housekeeping.clean(plan, self._work()))
        self._workspace.notices.info(
            tr_count("1 edit is gone from the history.", "{count} edits are gone from the history.", gone),
            topic="space",
        )

    async def _write_archive(self) -> None:
        folder = Path(self._workspace.settings.value.files.export_folder or Path.home())
        path = await ask_target(self, tr("Export the history"), folder / ARCHIVE_NAME)
        if path is None:
            return
        await self._do(Doing.WRITING, self._workspace.housekeeping.write_archive(path, self._work()))
        self._workspace.notices.info(tr("The history is in {name}.", name=path.name), topic="space")

    async def _read_archive(self) -> None:
        path = await ask_archive(self, self._workspace.settings.value.files.open_folder)
        if path is None:
            return
        came = await self._do(Doing.READING, self._workspace.housekeeping.read_archive(path, self._work()))
        words = tr_count(
            "1 edit came in, {known} there already.",
            "{count} edits came in, {known} there already.",
            came.added,
            known=tr_count("1 was", "{count} were", came.known),
        )
        if came.broken:
            words += " " + tr_count(
                "1 was left out: an image of it is damaged.",
                "{count} were left out: an image of theirs is damaged.",
                came.broken,
            )
        self._workspace.notices.info(words, topic="space")

    def _work(self) -> Work:
        self._cancel = CancelToken()
        self._share = 0.0
        return Work(self._cancel, self._tell)

    def _tell(self, share: float) -> None:
        # In the worker's thread: the bar looks at it by itself.
        self._share = share

    async def _do(self, doing: Doing, work: Coroutine[Any, Any, _T]) -> _T:
        """Await one long work, with its progress. Raises what it raises."""
        self.doing = doing
        self._beat.start()
        self._mirror()
        try:
            return await work
        finally:
            self.doing = Doing.NOTHING
            self._beat.stop()
            self._mirror()
            self._rest.start()


def _sentence(plan: CleanPlan) -> str:
    return tr_count(
        "1 edit would go: {size}.",
        "{count} edits would go: {size}.",
        len(plan.ids),
        size=bytes_text(plan.bytes),
    )


def _in_bin(count: int) -> str:
    return tr_count("1 edit lies in the bin.", "{count} edits lie in the bin.", count)
