"""Money in the window: the price on Generate, a limit that asks, what was spent; and room for the history."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton

from app.base.geometry import Point
from app.base.work import Work
from app.ui.dialogs.space import SpaceDialog
from app.ui.dialogs.spending import SpendingDialog
from tests.mask_gateway import MaskGateway
from tests.ui.window.conftest import Window, eventually


@pytest_asyncio.fixture
async def gateway(maskroom_home: Path) -> AsyncIterator[MaskGateway]:
    found = MaskGateway()
    await found.start()
    with (maskroom_home / "providers.toml").open("a") as file:
        file.write(
            f'[providers.shop]\ndialect = "openai-multipart"\nbase_url = "{found.base_url}"\nmodel = "m"\n'
            'title = "Shop"\nneeds_key = false\nmonthly_limit = 1.0\n'
            'cards = [{ id = "m", title = "M", takes = ["n"], max_n = 4, '
            'price = { currency = "USD", amount = 0.4 } }]\n'
        )
    yield found
    await found.stop()


async def painted(window: Window, photograph: Path, variants: int = 1) -> None:
    session = await window.open(photograph)
    session.form.set_provider("shop")
    session.form.set_variants(variants)
    window.stroke(Point(150, 110), Point(170, 130))
    await session.planned()


def costs(window: Window) -> str:
    return window.desk.edit.box.cost.text()


async def test_the_price_stands_on_generate_and_what_was_spent_in_the_status_bar(
    window: Window, gateway: MaskGateway, photograph: Path
) -> None:
    await painted(window, photograph, variants=2)
    assert "$0.80" in costs(window)
    spent = window.widget("spent")
    assert isinstance(spent, QToolButton)
    assert not spent.isVisible()
    window.desk.actions.run("edit.generate")
    await eventually(lambda: window.session.candidates.items)
    await eventually(spent.isVisible)
    assert spent.text() == "≈ $0.40 this month"


async def test_a_limit_asks_where_generate_was_pressed_and_sends_only_what_is_allowed(
    window: Window, gateway: MaskGateway, photograph: Path
) -> None:
    await painted(window, photograph, variants=3)
    box = window.desk.edit.box
    box.generate.click()
    await eventually(box.question.isVisible)
    assert "$1.00" in box.question.text.text()
    assert "$1.20" in box.question.text.text()
    refuse, send = box.question.answers
    assert refuse.hasFocus()
    QTest.keyClick(refuse, Qt.Key.Key_Space)
    assert not box.question.isVisible()
    assert gateway.fields == []
    assert not window.workspace.worker.jobs
    box.generate.click()
    await eventually(box.question.isVisible)
    _refuse, send = box.question.answers
    send.click()
    await eventually(lambda: window.session.candidates.items)
    assert len(gateway.fields) == 1


async def test_the_spending_window_tells_session_month_and_photograph(
    window: Window, gateway: MaskGateway, photograph: Path
) -> None:
    await painted(window, photograph, variants=1)
    window.desk.actions.run("history.costs")
    dialog = next(each for each in window.desk.ledgers.open.values() if isinstance(each, SpendingDialog))
    await eventually(lambda: "Nothing was spent" in dialog.note.text())
    window.desk.actions.run("edit.generate")
    session = (0, 1)
    await eventually(
        lambda: dialog.providers.rowCount() == 1 and dialog.providers.item(*session).text() != "–"  # type: ignore[union-attr]
    )
    row = [dialog.providers.item(0, column).text() for column in range(5)]  # type: ignore[union-attr]
    assert row == ["Shop", "≈ $0.40", "≈ $0.40", "$1.00", "≈ $0.40"]
    assert dialog.months.rowCount() == 1
    dialog.close()
    await eventually(lambda: not window.desk.ledgers.open)


async def test_making_room_says_what_would_go_and_asks(
    window: Window, gateway: MaskGateway, photograph: Path, tmp_path: Path
) -> None:
    await painted(window, photograph)
    window.desk.actions.run("edit.generate")
    await eventually(lambda: window.session.candidates.items)
    await eventually(lambda: all(job.state.is_final for job in window.workspace.worker.jobs))
    await window.workspace.housekeeping.write_archive(tmp_path / "all.zip", Work())
    window.desk.actions.run("history.space")
    dialog = next(each for each in window.desk.ledgers.open.values() if isinstance(each, SpaceDialog))
    await eventually(lambda: "nothing would go" in dialog.outcome.text())
    assert dialog.table.rowCount() == 1
    assert not dialog.clean.isEnabled()
    dialog.by_size.click()
    dialog.gigabytes.edited.emit(0.1)
    dialog.gigabytes.box.setMinimum(0)
    dialog.gigabytes.box.setValue(0)
    await eventually(dialog.clean.isEnabled)
    assert "1 edit would go" in dialog.outcome.text()
    dialog.clean.click()
    delete, _keep = dialog.question.answers
    assert "cannot be undone" in dialog.question.text.text()
    delete.click()
    await eventually(lambda: dialog.table.rowCount() == 0)
    assert await window.workspace.history_actions.list(10) == ()
    came = await window.workspace.housekeeping.read_archive(tmp_path / "all.zip", Work())
    assert came.added == 1
    await eventually(lambda: dialog.table.rowCount() == 1)
    dialog.close()


@pytest.mark.parametrize("id", ["history.costs", "history.space"])
async def test_everything_in_these_windows_has_a_name_and_takes_the_keyboard(window: Window, id: str) -> None:
    window.desk.actions.run(id)
    [dialog] = window.desk.ledgers.open.values()
    await eventually(dialog.isVisible)
    for button in dialog.findChildren(QPushButton):
        assert button.text() or button.accessibleName()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert not [label for label in dialog.findChildren(QLabel) if "{" in label.text()]
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    await eventually(lambda: not window.desk.ledgers.open)
    assert QApplication.instance() is not None
