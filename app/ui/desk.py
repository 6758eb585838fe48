"""The desk: all panels of the window around one workspace, and who follows whom.

It is made after the window's first paint, because it pulls in the rooms that load large libraries. It moves
signals between the session and the panels and holds no state that the session has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QMenu,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.base.resources import resource_path
from app.base.text import tr
from app.document.pen import PenDynamics
from app.session.layer_actions import is_painting
from app.session.mask_actions import accept_trial
from app.ui.actions import Actions
from app.ui.canvas.mask_look import MaskStyle
from app.ui.canvas.widget import CanvasWidget
from app.ui.commands import (
    document_commands,
    file_commands,
    help_commands,
    layer_commands,
    mask_commands,
    turn_commands,
    view_commands,
)
from app.ui.display import DisplayColours
from app.ui.files import FileFlows
from app.ui.follow import FollowCurrent
from app.ui.gateway_dialogs import GatewayDialogs
from app.ui.history_commands import history_commands
from app.ui.history_dialogs import HistoryDialogs
from app.ui.layout import lay_out_as, layout_text
from app.ui.leak_map import LeakMap
from app.ui.mask_files import MaskFlows
from app.ui.panels.candidates_strip import CandidatesStrip
from app.ui.panels.canvas_host import CanvasHost
from app.ui.panels.compare_view import CompareView
from app.ui.panels.documents import DocumentTabs
from app.ui.panels.edit_panel import EditPanel
from app.ui.panels.empty_view import EmptyView, sample_files
from app.ui.panels.extend_bar import ExtendBar
from app.ui.panels.heat_legend import HeatLegend
from app.ui.panels.history_panel import HistoryPanel
from app.ui.panels.history_room import HistoryRoom
from app.ui.panels.jobs_panel import JobsPanel
from app.ui.panels.layers_panel import LayersPanel
from app.ui.panels.mask_operation_bar import MaskOperationBar
from app.ui.panels.mask_picker import MaskPicker
from app.ui.panels.navigator import Navigator
from app.ui.panels.notices_bar import NoticesBar
from app.ui.panels.options_bar import OptionsBar
from app.ui.panels.painting_bar import PaintingBar
from app.ui.panels.previews import Previews
from app.ui.panels.prompt_book import PromptBook
from app.ui.panels.side import LAYERS, USUAL_WIDTH, SidePanel
from app.ui.panels.spent_button import SpentButton
from app.ui.panels.status import StatusBar
from app.ui.panels.steps_panel import StepsPanel
from app.ui.program_dialogs import ProgramDialogs
from app.ui.theme import DARK
from app.ui.tool_bar import ToolBar
from app.ui.transfer import Offer
from app.ui.wording import file_title

if TYPE_CHECKING:
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks
    from app.ui.transfer import Transfer
    from app.ui.window import MainWindow

MASK_LIST = ("mask.new", "mask.duplicate", "mask.rename", "mask.delete")


class Desk:
    """Builds the panels into a window and joins them."""

    def __init__(self, window: MainWindow, workspace: Workspace, tasks: Tasks, transfer: Transfer) -> None:
        self.window = window
        self.workspace = workspace
        self.tasks = tasks
        self.transfer = transfer
        self.gateways = GatewayDialogs(workspace, tasks, window)
        self.ledgers = HistoryDialogs(workspace, tasks, window)
        self._make_panels()
        self._register_commands()
        self.actions = Actions(workspace, tasks, window, self.host)
        self.dialogs = ProgramDialogs(workspace, tasks, self.actions, window)
        self.tools = ToolBar(self.actions)
        self._lay_out()
        self.follow = FollowCurrent(self)
        self._connect()
        self.mirror_settings()
        lay_out_as(self, workspace.settings.value.window.state)

    # Used by commands

    def toggle_panels(self) -> None:
        """Hide everything but the photograph, or bring it all back."""
        show = not self.side.isVisible()
        for widget in (self.side, self.tools, self.options):
            widget.setVisible(show)

    def toggle_full_screen(self) -> None:
        full = self.window.isFullScreen()
        if full:
            self.window.showNormal()
        else:
            self.window.showFullScreen()

    def focus_next_panel(self) -> None:
        """Go from panel to panel that is seen: canvas, tools, options, edit, requests, and what is below."""
        stops = [
            stop
            for stop in (
                # Where one panel is seen at a time, the tabs lead to the others.
                *(self._front(), self.tools, self.options, self.side.tabs, self.edit.prompt),
                *(self.jobs.pause, self._layers_stop, self.history.search, self.steps.view),
            )
            if stop.isVisible()
        ]
        focused = QApplication.focusWidget()
        here = [focused is not None and (stop is focused or stop.isAncestorOf(focused)) for stop in stops]
        target = stops[(here.index(True) + 1) % len(stops) if any(here) else 0]
        if isinstance(target, QToolBar):
            focusable = [w for w in target.findChildren(QWidget) if w.focusPolicy() and w.isVisible()]
            target = focusable[0] if focusable else target
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def step_document(self, steps: int) -> None:
        documents = self.workspace.documents
        if self.workspace.current in documents:
            place = (documents.index(self.workspace.current) + steps) % len(documents)
            self.workspace.set_current(documents[place])

    def open_compare(self) -> None:
        session = self.workspace.current
        if session is not None and session.candidates.items:
            self.compare.open(session)
            self.centre.setCurrentWidget(self.compare)
            self.compare.setFocus()

    def close_compare(self) -> None:
        """Back to the canvas, with the strip if candidates are left."""
        if self.centre.currentWidget() is self.compare:
            self.compare.leave()
            self.workspace.tidying.soon()
            self.centre.setCurrentWidget(self.host)
            target: QWidget = self.strip if not self.strip.isHidden() else self.canvas
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_part(self, part: int) -> None:
        """Go to LAYERS, or to what tunes the variant that is shown, or to STEPS."""
        if not self.side.isVisible():
            self.toggle_panels()
        self.side.reveal(part)
        target: QWidget = self.steps.view
        if part == LAYERS:
            target = self._layers_stop
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def _layers_stop(self) -> QWidget:
        """Where one comes to the Layers panel: the list, or what tunes a variant that is not applied."""
        return self.layers.list if self.layers.list.isVisible() else self.layers.tuning.opacity.box

    def escape(self) -> bool:
        """Esc that nobody used: stop work on the mask, dismiss a message, leave the candidates; else False."""
        session = self.workspace.current
        work = session.mask_work if session is not None else None
        if work is not None and (work.trial is not None or work.is_busy):
            work.cancel()
            return True
        if session is not None and session.selecting is not None and session.selecting.cancel():
            return True
        if self.files.cancel_saving() or self.notices.dismiss_newest():
            return True
        if self.history.is_large:
            self.room.set_open(False)
            return True
        if is_painting(self.workspace):
            self.actions.run("layer.end_painting")
            return True
        if session is not None and session.candidates.items:
            session.candidates.clear()
            return True
        return False

    def open_files(self, paths: Sequence[Path]) -> None:
        self.tasks.start(self.files.open_files(paths), "open")

    def remember_layout(self) -> None:
        """Keep how the panels stand for the next start."""
        state = layout_text(self)
        if state != self.workspace.settings.value.window.state:
            self.tasks.start(self.workspace.settings.update("window", state=state), "settings")

    def detach(self) -> None:
        """Let go of the session before the window goes."""
        self.gateways.detach()
        self.ledgers.detach()
        self.follow.detach()
        self.actions.detach()
        for panel in (
            self.documents,
            self.edit,
            self.previews,
            self.jobs,
            self.history,
            self.prompts,
            self.steps,
            self.layers,
            self.navigator,
            self.strip,
            self.options,
            self.mask_bar,
            self.mask_picker,
            self.status,
            self.spent,
        ):
            panel.detach()
        self.leak_map.detach()
        self.display.detach()
        self.compare.leave()
        self.canvas.set_session(None)
        self.transfer.clear()

    # Making

    def _make_panels(self) -> None:
        workspace, tasks = self.workspace, self.tasks
        self.display = DisplayColours(workspace, tasks, self.window)
        self.status = StatusBar(workspace, tasks)
        self.spent = SpentButton(workspace, tasks)
        self.status.addPermanentWidget(self.spent)
        self.files = FileFlows(workspace, self.transfer, self.window, self.status.show_activity)
        self.canvas = CanvasWidget(workspace.toolbox, surround=QColor(DARK.surround))
        self.strip = CandidatesStrip(workspace, tasks, self.transfer)
        self.host = CanvasHost(self.canvas, self.strip)
        self.mask_files = MaskFlows(workspace, self.window)
        self.mask_bar = MaskOperationBar(self.host, self.canvas)
        self.extend_bar = ExtendBar(self.host, self.canvas)
        self.mask_picker = MaskPicker()
        self.navigator = Navigator(self.canvas)
        self.host.set_corner(self.navigator)
        self.legend = HeatLegend()
        self.host.set_legend(self.legend)
        self.compare = CompareView(tasks)
        self.empty = EmptyView(sample_files(resource_path("samples")))
        self.documents = DocumentTabs(workspace)
        self.notices = NoticesBar(title_of=lambda id: workspace.commands.get(id).title)
        self.options = OptionsBar(workspace.toolbox)
        self.edit = EditPanel(workspace)
        self.prompts = PromptBook(self.edit.prompt, workspace.history_shelf, tasks)
        self.previews = Previews(workspace, tasks, self.window)
        self.jobs = JobsPanel(workspace, self.previews)
        self.history = HistoryPanel(workspace, tasks, self.transfer, self.previews)
        self.steps = StepsPanel()
        self.layers = LayersPanel(tasks)
        self.leak_map = LeakMap(self.canvas, self.legend, self.strip.leak, self.layers.leak)
        self.painting_bar = PaintingBar(self.host)
        self.side = SidePanel(self.edit, self.layers, self.jobs, self.history, self.steps)

    def _register_commands(self) -> None:
        for each in (
            *file_commands(self),
            *document_commands(self),
            *mask_commands(self),
            *layer_commands(self),
            *view_commands(self),
            *turn_commands(self),
            *history_commands(self),
            *help_commands(self),
        ):
            self.workspace.commands.add(each)

    def _lay_out(self) -> None:
        self.centre = QStackedWidget()
        for view in (self.empty, self.host, self.compare):
            self.centre.addWidget(view)
        self.room = HistoryRoom(self.centre, self.side, self.history)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.documents)
        column.addWidget(self.centre, 1)
        middle = QWidget()
        middle.setLayout(column)
        self.notices.setParent(middle)
        self.notices.float_over(self.centre)
        middle.setMinimumWidth(360)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(2)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(middle)
        self.split.addWidget(self.side)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setSizes([10_000, USUAL_WIDTH])
        self.options.addWidget(self.mask_picker)
        self.layers.set_actions(self.actions)
        self.mask_picker.set_actions([self.actions.action(id) for id in MASK_LIST])
        self.window.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.options)
        self.window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.tools)
        bar = self.window.menuBar()
        self.actions.fill_menu_bar(bar)
        self.recent = QMenu(tr("Open recent"), bar)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.actions.insert_menu(bar, "file.open", self.recent)
        self.window.setStatusBar(self.status)
        self.window.setCentralWidget(self.split)

    def _connect(self) -> None:
        run, tasks, files = self.actions.run, self.tasks, self.files
        self.empty.open_wanted.connect(lambda: run("file.open"))
        self.empty.files_wanted.connect(self.open_files)
        self.documents.close_wanted.connect(lambda session: tasks.start(files.close(session), "close"))
        self.edit.generate_wanted.connect(lambda: run("edit.generate"))
        self.edit.box.send_anyway.connect(self.follow.send_over_limit)
        self.spent.clicked.connect(lambda: run("history.costs"))
        self.edit.cancel_wanted.connect(self.follow.cancel_jobs)
        self.edit.manage.clicked.connect(lambda: run("providers.manage"))
        self.edit.refresh.clicked.connect(lambda: run("providers.models"))
        self.edit.region_reset.clicked.connect(lambda: run("region.reset"))
        self.edit.box.inspect.clicked.connect(lambda: run("edit.inspect"))
        self.edit.references_wanted.connect(lambda: tasks.start(files.ask_references(), "references"))
        self.edit.references_offered.connect(
            lambda offer: tasks.start(files.take_references(offer), "references")
        )
        self.jobs.cancel_wanted.connect(self.workspace.worker.cancel)
        self.jobs.resend_wanted.connect(self.follow.resend)
        self.jobs.cancel_all_wanted.connect(lambda: run("edit.cancel"))
        self.jobs.pause_wanted.connect(lambda: run("jobs.pause"))
        verbs = self.history.verbs
        verbs.resend_wanted.connect(self.follow.resend)
        verbs.save_wanted.connect(lambda e, r: tasks.start(files.save_result(e, r), "export"))
        verbs.save_raw_wanted.connect(lambda e, r: tasks.start(files.save_raw(e, r), "export"))
        verbs.reference_wanted.connect(
            lambda path: tasks.start(files.take_references(Offer(files=(path,))), "references")
        )
        self.room.left.connect(self.follow.show_middle)
        self.history.current_changed.connect(self.actions.refresh_soon)
        self.strip.apply_wanted.connect(lambda: run("candidate.apply"))
        self.strip.apply_all_wanted.connect(lambda: run("candidate.applyAll"))
        self.strip.compare_wanted.connect(lambda: run("compare.open"))
        for leak in (self.strip.leak, self.layers.leak):
            leak.command_wanted.connect(run)
        self.painting_bar.finish_wanted.connect(lambda: run("layer.end_painting"))
        self.strip.tune_wanted.connect(lambda: self.show_part(LAYERS))
        self.strip.paint_in_wanted.connect(lambda: run("candidate.paint_in"))
        self.strip.left.connect(self.canvas.setFocus)
        self.mask_bar.accepted.connect(lambda: tasks.start(accept_trial(self.workspace), "mask"))
        self.mask_bar.left.connect(self.canvas.setFocus)
        self.extend_bar.accepted.connect(self.follow.extend_canvas)
        self.extend_bar.left.connect(self.canvas.setFocus)
        self.strip.original_held.connect(self.canvas.show_original)
        self.compare.apply_wanted.connect(lambda: run("candidate.apply"))
        self.compare.closed.connect(self.close_compare)
        self.notices.command_wanted.connect(lambda id: self._front().setFocus())
        self.notices.command_wanted.connect(run)
        self.notices.covering.connect(self.host.keep_below)
        self.canvas.view_changed.connect(lambda: self.status.show_view(self.canvas.navigation.view))
        self.canvas.view_changed.connect(self.follow.keep_view)
        self.navigator.reshaped.connect(self.host.place)
        self.canvas.panels_toggled.connect(self.toggle_panels)
        self.display.changed.connect(lambda: self.status.show_display(self.display.name))
        references = self.edit.references.list
        for shows in (self.canvas.source, self.strip, self.compare, self.history.model.pictures, references):
            self.display.lead(shows.set_display)

    def mirror_settings(self) -> None:
        """Take up the looks of mask and canvas, the pen, and the list of recent files."""
        settings = self.workspace.settings.value
        canvas, pen = settings.canvas, settings.pen
        self.follow.mirror_overlay()
        self.canvas.mask_style = MaskStyle(canvas.mask_look)
        self.canvas.shows_grid = canvas.pixel_grid
        self.canvas.set_pen(PenDynamics(pen.pressure_size, pen.pressure_opacity, pen.curve), pen.smoothing)
        self.navigator.setVisible(canvas.navigator)
        self.empty.show_recent([Path(name) for name in settings.files.recent])

    def _fill_recent(self) -> None:
        self.recent.clear()
        files = [Path(name) for name in self.workspace.settings.value.files.recent]
        for path in [path for path in files if path.is_file()]:
            action = self.recent.addAction(file_title(path))
            action.setToolTip(str(path))
            action.triggered.connect(lambda checked=False, path=path: self.open_files([path]))
        if self.recent.isEmpty():
            self.recent.addAction(tr("No file was opened yet")).setEnabled(False)

    def _front(self) -> QWidget:
        front = self.centre.currentWidget()
        if front is self.host:
            return self.canvas
        return self.compare if front is self.compare else self.empty.open
