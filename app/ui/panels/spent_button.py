"""What was spent this month, small in the status bar; pressed, it shows all of it. Hidden while nothing was."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QToolButton, QWidget

from app.base.text import tr
from app.ui.links import Links
from app.ui.wording import money_text

if TYPE_CHECKING:
    from app.session.money import Totals
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks

REST_MILLISECONDS = 300


class SpentButton(QToolButton):
    """Follows the history."""

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("spent")
        self.setAccessibleName(tr("Spending"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._workspace = workspace
        self._tasks = tasks
        self._links = Links()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MILLISECONDS)
        self._rest.timeout.connect(lambda: tasks.start(self._read(), "spending"))
        self._links.add(workspace.history_changed.connect(lambda id: self._rest.start()))
        self.hide()
        self._rest.start()

    def detach(self) -> None:
        self._rest.stop()
        self._links.clear()

    async def _read(self) -> None:
        totals = await self._workspace.money.totals()
        month, session = _sums(totals)
        self.setText(tr("{amount} this month", amount=month) if month else "")
        self.setToolTip(
            tr("Spent since the start: {amount}. Press for all.", amount=session or tr("nothing"))
        )
        self.setVisible(bool(month))


def _sums(totals: Totals) -> tuple[str, str]:
    """The month's and the session's money, each with its currencies added up apart."""
    words = []
    for part in (totals.month, totals.session):
        by_currency: defaultdict[str, list[float]] = defaultdict(list)
        for spent in part:
            by_currency[spent.currency].append(spent.amount)
        sums = {currency: math.fsum(amounts) for currency, amounts in by_currency.items()}
        about = "≈ " if any(spent.estimated for spent in part) else ""
        total = " + ".join(money_text(total, currency) for currency, total in sums.items() if total)
        words.append(total and about + total)
    return words[0], words[1]
