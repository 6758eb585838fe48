"""What was spent: in this session, this month and on this photograph, by provider, and month by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from app.base.errors import MaskroomError
from app.base.text import tr
from app.ui.links import Links
from app.ui.tasks import OwnTasks, Tasks
from app.ui.theme import SPACE
from app.ui.widgets.figures import FiguresTable
from app.ui.widgets.labels import make_label
from app.ui.wording import money_text

if TYPE_CHECKING:
    from app.history.spending import Spent
    from app.session.money import Totals
    from app.session.workspace import Workspace


class SpendingDialog(QDialog):
    """Follows the history while it is open."""

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("spending")
        self.setWindowTitle(tr("Spending"))
        self._workspace = workspace
        self.tasks = OwnTasks(tasks)
        self._links = Links()
        self.providers = FiguresTable(
            "spendingProviders",
            tr("Spending by provider"),
            (tr("Provider"), tr("This session"), tr("This month"), tr("Limit"), tr("This photograph")),
        )
        self.months = FiguresTable(
            "spendingMonths",
            tr("Spending by month"),
            (tr("Month"), tr("Images"), tr("Spent"), tr("Of it estimated")),
        )
        self.note = make_label(role="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(self.providers, 1)
        column.addWidget(self.note)
        column.addSpacing(SPACE)
        column.addWidget(make_label(tr("Month by month"), "heading"))
        column.addWidget(self.months, 1)
        self.resize(680, 520)
        self._links.add(
            workspace.history_changed.connect(lambda id: self.refresh()),
            workspace.current_changed.connect(self.refresh),
        )
        self.refresh()

    def refresh(self) -> None:
        self.tasks.start(self._read(), "spending")

    def detach(self) -> None:
        self._links.clear()

    async def _read(self) -> None:
        session = self._workspace.current
        source = session.source if session is not None else None
        totals = await self._workspace.money.totals(source.sha256 if source is not None else "")
        self._show(totals, await self._workspace.money.by_month())

    def _show(self, totals: Totals, months: Sequence[Spent]) -> None:
        parts = (totals.session, totals.month, totals.document)
        keys = dict.fromkeys((each.key, each.currency) for part in parts for each in part)
        rows = []
        for name, currency in keys:
            spent = [
                next((each for each in part if (each.key, each.currency) == (name, currency)), None)
                for part in parts
            ]
            session, month, document = (_amount(each) for each in spent)
            title, limit = self._about(name)
            rows.append((title, session, month, money_text(limit, currency) if limit else "–", document))
        self.providers.show_rows(rows)
        self.months.show_rows(
            [
                (
                    each.key,
                    str(each.images),
                    money_text(each.amount, each.currency) if each.amount else "–",
                    money_text(each.estimated, each.currency) if each.estimated else "–",
                )
                for each in sorted(months, key=lambda each: each.key, reverse=True)
            ]
        )
        self.note.setText(_note(totals, bool(rows)))

    def _about(self, provider: str) -> tuple[str, float | None]:
        """The title and the limit of a provider; the name alone where it is not set up any more."""
        try:
            profile = self._workspace.providers.get(provider)
        except MaskroomError:
            return provider, None
        return profile.title, profile.monthly_limit


def _amount(spent: Spent | None) -> str:
    if spent is None or not spent.amount:
        return "–"
    about = "≈ " if spent.estimated else ""
    return about + money_text(spent.amount, spent.currency)


def _note(totals: Totals, has_rows: bool) -> str:
    """What the figures leave out, in sentences."""
    if not has_rows:
        return tr("Nothing was spent yet. The built-in engine is free.")
    sentences = [tr("≈ is the published price, where the provider did not tell what it charged.")]
    pending = [money_text(each.pending, each.currency) for each in totals.month if each.pending]
    unsure = [money_text(each.unsure, each.currency) for each in totals.month if each.unsure]
    if pending:
        sentences.append(tr("Still under way: about {amounts}.", amounts=", ".join(pending)))
    if unsure:
        sentences.append(tr("Cut off and perhaps billed: about {amounts}.", amounts=", ".join(unsure)))
    return " ".join(sentences)
