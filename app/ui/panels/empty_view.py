"""What stands in the place of the canvas while no photograph is open: how to begin, one click away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImageReader, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.icons import icon
from app.ui.theme import BUTTON_ICON, DARK, SPACE
from app.ui.widgets.labels import make_label

THUMBNAIL = QSize(120, 84)
MOST_RECENT = 5
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".avif")


def sample_files(folder: Path) -> tuple[Path, ...]:
    """The photographs in `folder`, by name; none when there is no such folder."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES))


def _small_picture(path: Path, ratio: float) -> QPixmap:
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    device = THUMBNAIL * ratio
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(device, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    image = reader.read()
    if image.isNull():
        return QPixmap()
    left, top = (image.width() - device.width()) // 2, (image.height() - device.height()) // 2
    pixmap = QPixmap.fromImage(image.copy(left, top, device.width(), device.height()))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class PhotographButton(QToolButton):
    """One photograph that a click opens."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        title = path.stem.replace("_", " ").replace("-", " ").capitalize()
        self.setProperty("role", "photograph")
        self.setText(title)
        self.setAccessibleName(tr("Open the sample “{title}”", title=title))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(THUMBNAIL)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def load(self) -> None:
        self.setIcon(QIcon(_small_picture(self.path, self.devicePixelRatioF())))


class EmptyView(QWidget):
    """Drop, open, samples, recent files."""

    open_wanted = Signal()
    files_wanted = Signal(list)

    def __init__(self, samples: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "surround")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("No photograph is open"))
        sign = make_label()
        sign.setPixmap(icon("image-plus", DARK.text_muted).pixmap(48, 48))
        sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        title = make_label(tr("Drop a photograph here"), "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open = QPushButton(tr("Open a photograph…"))
        self.open.setProperty("role", "primary")
        self.open.setIcon(icon("folder-open", DARK.on_accent))
        self.open.setIconSize(BUTTON_ICON)
        self.open.clicked.connect(self.open_wanted)
        tip = make_label(tr("or paste one with Ctrl+V"), "muted")
        tip.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addStretch(3)
        column.addWidget(sign)
        column.addWidget(title)
        column.addSpacing(SPACE)
        column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(tip)
        column.addSpacing(SPACE * 3)
        self._buttons: list[PhotographButton] = []
        column.addWidget(self._make_samples(samples), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(SPACE * 2)
        self._recent = QWidget()
        self._recent_column = QVBoxLayout(self._recent)
        self._recent_column.setContentsMargins(0, 0, 0, 0)
        self._recent_column.setSpacing(2)
        column.addWidget(self._recent, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(4)

    def load_pictures(self) -> None:
        """Read the small pictures of the samples; kept out of the first paint."""
        for button in self._buttons:
            button.load()

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List the files that were opened last, as far as they still exist."""
        while (item := self._recent_column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        found = [path for path in paths if path.is_file()][:MOST_RECENT]
        self._recent.setVisible(bool(found))
        if not found:
            return
        heading = make_label(tr("Recent"), "muted")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._recent_column.addWidget(heading)
        for path in found:
            button = QToolButton()
            button.setText(path.name)
            button.setToolTip(str(path))
            button.setIcon(icon("clock"))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setAccessibleName(tr("Open {name} again", name=path.name))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda checked=False, path=path: self.files_wanted.emit([path]))
            self._recent_column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = max(1, (event.size().width() - SPACE * 4) // (THUMBNAIL.width() + SPACE * 3))
        for index, button in enumerate(self._buttons):
            button.setVisible(index < room)

    def _make_samples(self, samples: Sequence[Path]) -> QWidget:
        frame = QFrame()
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        if not samples:
            return frame
        heading = make_label(tr("Or try one of these"), "muted")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(heading)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for path in samples:
            button = PhotographButton(path)
            button.clicked.connect(lambda checked=False, path=path: self.files_wanted.emit([path]))
            self._buttons.append(button)
            row.addWidget(button)
        column.addLayout(row)
        return frame
