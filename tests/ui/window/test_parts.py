"""Small parts by themselves: notices, tasks, wording, the grid of Compare, fields."""

import asyncio
import datetime
import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyleOptionComboBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.base.cancel import Cancelled
from app.base.errors import InputError
from app.base.geometry import Point, Rect
from app.base.notices import Level, Notice, Notices
from app.base.rate_limits import RateLimits
from app.jobs.types import Job, JobState
from app.ui.icons import icon
from app.ui.panels.compare_pane import LinkedView
from app.ui.panels.compare_view import grid_columns
from app.ui.panels.job_row import JobRow, Standing, job_facts, job_price, job_progress, job_times, job_words
from app.ui.panels.notices_bar import NoticesBar
from app.ui.tasks import Tasks
from app.ui.theme import DARK, Tokens, make_style_sheet
from app.ui.widgets.fields import ChoiceBox, NumberField
from app.ui.wording import (
    estimate_text,
    limits_text,
    money_text,
    percent_text,
    seconds_text,
    when_text,
)


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    found = QColor(colour)
    return 0.2126 * linear(found.red()) + 0.7152 * linear(found.green()) + 0.0722 * linear(found.blue())


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("ground", ["surround", "panel", "field"])
@pytest.mark.parametrize("text", ["text", "text_muted", "accent_line", "warning", "error"])
def test_text_is_legible(text: str, ground: str) -> None:
    """WCAG 2.1, success criterion 1.4.3: 4.5 : 1 for text."""
    assert _contrast(getattr(DARK, text), getattr(DARK, ground)) >= 4.5


def test_text_on_fills_is_legible() -> None:
    for fill in (DARK.accent, DARK.accent_hover):
        assert _contrast(DARK.on_accent, fill) >= 4.5
    for fill in (DARK.raised, DARK.selection):
        assert _contrast(DARK.text, fill) >= 4.5


def test_the_style_sheet_has_no_colour_of_its_own() -> None:
    white = Tokens(**dict.fromkeys(Tokens.__dataclass_fields__, "#ffffff"))
    sheet = make_style_sheet(white)
    assert "$" not in sheet
    assert set(re.findall(r"#[0-9a-fA-F]{6}\b", sheet)) == {"#ffffff"}


def test_icons_take_the_palettes_colour_and_grey_out(qapp: QApplication) -> None:
    size = QSize(32, 32)

    def colours(mode: QIcon.Mode) -> set[str]:
        image = icon("square-x").pixmap(size, mode).toImage()
        pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return {pixel.name() for pixel in pixels if pixel.alpha() == 255}

    palette = qapp.palette()
    assert palette.buttonText().color().name() in colours(QIcon.Mode.Normal)
    assert colours(QIcon.Mode.Normal) != colours(QIcon.Mode.Disabled)
    assert "#12ab34" in {
        icon("square-x", "#12ab34").pixmap(size).toImage().pixelColor(x, 16).name() for x in range(32)
    }


def test_notices_replace_by_topic_and_leave_by_escape_order(qtbot: QtBot) -> None:
    bar = NoticesBar()
    qtbot.addWidget(bar)
    bar.show_notice(Notice(Level.INFO, "saving", topic="export"))
    bar.show_notice(Notice(Level.ERROR, "broken", "Do this."))
    bar.show_notice(Notice(Level.INFO, "saved", topic="export"))
    assert [each.text for each in bar.shown] == ["saved", "broken"]
    assert bar.dismiss_newest()
    assert [each.text for each in bar.shown] == ["broken"]
    for number in range(5):
        bar.show_notice(Notice(Level.WARNING, f"warning {number}"))
    assert [each.text for each in bar.shown] == ["warning 4", "warning 3", "warning 2"]
    bar.clear()
    assert not bar.dismiss_newest()
    assert bar.isHidden()


def test_notices_float_over_the_view_and_leave_it_where_it_is(qtbot: QtBot) -> None:
    frame = QWidget()
    qtbot.addWidget(frame)
    frame.resize(600, 400)
    view = QWidget(frame)
    view.setGeometry(0, 30, 600, 370)
    bar, told = NoticesBar(frame), list[int]()
    bar.covering.connect(told.append)
    bar.float_over(view)
    frame.show()
    bar.show_notice(Notice(Level.ERROR, "A long sentence that is told. " * 8, "And what to do about it."))
    QApplication.sendPostedEvents()
    assert view.geometry().getRect() == (0, 30, 600, 370)
    assert bar.geometry().topLeft() == view.geometry().topLeft()
    assert bar.width() == 600
    assert bar.height() == told[-1] >= bar.heightForWidth(600) > 30
    view.resize(300, 370)
    QApplication.sendPostedEvents()
    assert bar.width() == 300
    assert bar.height() > 60
    bar.clear()
    QApplication.sendPostedEvents()
    assert told[-1] == 0


async def test_tasks_tell_failures_and_cancel_what_is_left() -> None:
    notices, told = Notices(), list[Notice]()
    notices.subscribe(told.append)
    tasks = Tasks(notices)
    cancelled = asyncio.Event()

    async def fail(error: Exception) -> None:
        raise error

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    tasks.start(fail(InputError("That is wrong.", "Do this.")), "one")
    tasks.start(fail(Cancelled()), "two")
    tasks.start(fail(KeyError("x")), "three")
    tasks.start(endless(), "four")
    await asyncio.sleep(0.05)
    assert [each.level for each in told] == [Level.ERROR, Level.ERROR]
    assert (told[0].text, told[0].hint) == ("That is wrong.", "Do this.")
    await tasks.aclose()
    assert cancelled.is_set()
    assert tasks.start(endless(), "late") is None


@pytest.mark.parametrize(
    ("seconds", "spent", "forecast"),
    [
        (0.42, "0.4 s", "about a second"),
        (7.4, "7 s", "about 7 s"),
        (43, "43 s", "about 45 s"),
        (125, "2 min 05 s", "about 2 min"),
    ],
)
def test_times_are_told_as_exactly_as_they_are_known(seconds: float, spent: str, forecast: str) -> None:
    assert seconds_text(seconds) == spent
    assert estimate_text(seconds) == forecast


def test_money_and_shares() -> None:
    assert money_text(0.042, "USD") == "$0.042"
    assert money_text(0.5, "USD") == "$0.50"
    assert money_text(3.456, "EUR") == "3.46 EUR"
    assert [percent_text(each) for each in (0, 0.0001, 0.0525, 0.6)] == ["0 %", "< 0.1 %", "5.2 %", "60 %"]


def test_ages() -> None:
    now = datetime.datetime(2026, 5, 4, 12, 0, tzinfo=datetime.UTC)
    assert when_text("2026-05-04T11:59:40.000+00:00", now) == "just now"
    assert when_text("2026-05-04T11:40:00.000Z", now) == "20 min ago"
    assert "2025" in when_text("2025-01-04T11:40:00.000Z", now)
    assert when_text("yesterday", now) == "yesterday"


def test_progress_is_told_or_guessed_but_never_reaches_the_end_by_guessing() -> None:
    job = Job("i", "p", "d", "t", JobState.RUNNING, created=0.0, started=10.0, expected_seconds=20.0)
    assert job_progress(job, 20.0) == 0.5
    assert job_progress(job, 500.0) == 0.95
    assert "10 s of about 20 s" in job_times(job, 20.0)
    assert "39 s, expected 20 s" in job_times(job, 49.0)
    assert job_times(replace(job, expected_seconds=0.02), 10.2) == "Running · 0.2 s"
    assert job_times(replace(job, expected_seconds=125.0), 20.0) == "Running · 10 s of about 2 min"
    assert job_price(replace(job, price=(0.134, "USD"))) == "≈ $0.134"
    assert job_price(replace(job, price=(0.0, "USD"))) == job_price(job) == ""
    waiting = Job("i", "p", "d", "t", JobState.QUEUED, created=0.0)
    for standing, told in (
        (Standing(), "Waiting"),
        (Standing(1), "Waiting · next"),
        (Standing(4), "Waiting · place 4"),
        (Standing(4, paused=True), "Waiting · the queue is paused"),
        (Standing(1, provider_paused=True), "Waiting · the provider is paused"),
    ):
        assert job_times(waiting, 9.0, standing) == told
    assert job_progress(Job("i", "p", "d", "t", JobState.QUEUED, created=0.0), 5.0) is None


def test_a_wait_counts_down_and_a_cancelled_request_may_have_been_billed() -> None:
    job = Job("i", "p", "d", "t", JobState.RUNNING, created=0.0, started=10.0, waiting_until=52.3)
    assert job_times(job, 40.4) == "Waits 12 s for the provider's limit"
    assert job_times(job, 52.2) == job_times(job, 99.0) == "Waits 1 s for the provider's limit"
    cancelled = Job("i", "p", "d", "t", JobState.CANCELLED, created=0.0, finished=1.0)
    assert job_words(cancelled) == ("", "")
    assert "may still bill" in job_words(replace(cancelled, sent=True))[1]


def test_ids_and_limits_are_told_as_far_as_they_are_known() -> None:
    job = Job("i", "p", "d", "t", JobState.RUNNING, created=0.0)
    assert job_facts(job) == ""
    told = replace(job, request_ids=("r1", "r2"), rate_limits=RateLimits(60, 12, "1s"))
    assert job_facts(told) == "Request r1, r2 · 12 of 60 requests left, reset 1s"
    assert limits_text(RateLimits(remaining=3)) == "3 requests left"
    assert limits_text(RateLimits(limit=5)) == "5 requests allowed"
    assert limits_text(RateLimits(reset="12s")) == "reset 12s"


@pytest.mark.parametrize(
    ("count", "width", "height", "aspect", "columns"),
    [
        (1, 800, 600, 1.5, 1),
        (2, 1200, 600, 1.0, 2),
        (2, 600, 1200, 1.0, 1),
        (4, 900, 900, 1.0, 2),
        (3, 900, 900, 3.0, 1),
    ],
)
def test_the_grid_shows_the_pictures_as_large_as_can_be(
    count: int, width: int, height: int, aspect: float, columns: int
) -> None:
    assert grid_columns(count, width, height, aspect) == columns


def test_the_linked_view_keeps_the_point_under_the_cursor() -> None:
    view = LinkedView()
    view.fit(Rect(100, 50, 200, 100), 400, 400)
    assert (view.scale, view.centre) == (2.0, Point(200, 100))
    cursor = Point(60, -30)
    before = view.centre + cursor.scaled(1 / view.scale)
    view.zoom_at(cursor, 1.25)
    after = view.centre + cursor.scaled(1 / view.scale)
    assert after.distance(before) < 1e-9
    view.pan(Point(25, 0))
    assert view.centre.x < after.x


def test_a_number_field_slides_types_and_shows_without_an_echo(qtbot: QtBot) -> None:
    field = NumberField("n", "Number")
    qtbot.addWidget(field)
    heard: list[float | None] = []
    field.edited.connect(heard.append)
    field.configure(minimum=1, maximum=2000, curve=3.0, suffix=" px")
    field.show_value(80)
    assert heard == []
    assert field.box.text() == "80 px"
    field.slider.setValue(field.slider.maximum())
    assert heard == [2000]
    field.box.selectAll()
    QTest.keyClicks(field.box, "12")
    QTest.keyClick(field.box, Qt.Key.Key_Return)
    assert heard[-1] == 12


def test_a_choice_shows_a_value_that_is_not_listed(qtbot: QtBot) -> None:
    box = ChoiceBox("c", "Choice")
    qtbot.addWidget(box)
    box.show_choices([("Automatic", None), ("low", "low")], "ultra")
    assert box.currentText() == "ultra"
    box.show_choices([("Automatic", None), ("low", "low")], None)
    assert [box.itemText(i) for i in range(box.count())] == ["Automatic", "low"]


def test_a_choice_without_room_ends_in_an_ellipsis(qtbot: QtBot) -> None:
    box = ChoiceBox("c", "Choice")
    qtbot.addWidget(box)
    box.show_choices([("A painter · 0.04 EUR", "painter")], "painter")
    option = QStyleOptionComboBox()
    box.resize(400, 26)
    box.initStyleOption(option)
    assert option.currentText == "A painter · 0.04 EUR"  # type: ignore[attr-defined]
    box.resize(110, 26)
    box.initStyleOption(option)
    assert option.currentText.endswith("…")  # type: ignore[attr-defined]
    assert box.currentText() == "A painter · 0.04 EUR"


def test_a_choice_that_takes_typing_shows_where_its_text_begins(qtbot: QtBot) -> None:
    box = ChoiceBox("c", "Choice")
    qtbot.addWidget(box)
    box.show_choices([("A title longer than the room there is", "long")], "long")
    box.set_typing(True)
    line = box.lineEdit()
    assert line is not None
    assert line.cursorPosition() == 0


def test_progress_is_painted_with_the_next_frame_and_takes_nothing_along(qtbot: QtBot) -> None:
    painted: list[QWidget] = []

    class Neighbour(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            painted.append(self)

    window, neighbour = QWidget(), Neighbour()
    neighbour.setMinimumSize(20, 20)
    job = Job("i", "p", "d", "t", JobState.RUNNING, created=0.0, started=10.0, progress=0.25)
    row = JobRow(job, lambda: 0.0, lambda job: Standing(), window)
    layout = QVBoxLayout(window)
    layout.addWidget(row)
    layout.addWidget(neighbour)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    QApplication.processEvents()
    painted.clear()
    neighbour.update()
    row.mirror(replace(job, progress=0.5))
    assert painted == []
    qtbot.waitUntil(lambda: bool(painted))
