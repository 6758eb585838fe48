"""One set of colour and spacing tokens, and the QPalette and style sheet that are made from it.

Nothing else in the window names a colour. Text on its ground has a contrast of at least 4.5 : 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

SPACE = 8
"""The grid: margins and gaps are multiples of half of this."""
BUTTON_ICON = QSize(24, 16)
"""Wider than the icon it holds, which gives it some air before the text."""
ROW_HEIGHT = 30
LABEL_WIDTH = 84
"""Width of the label column of forms, so that the controls of all panels line up."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one appearance, as #rrggbb."""

    surround: str
    """Behind the photograph: a neutral grey, so that it does not colour what is judged on it."""
    panel: str
    raised: str
    raised_hover: str
    field: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    text_disabled: str
    accent: str
    """Fills that carry `on_accent` text."""
    accent_hover: str
    on_accent: str
    accent_line: str
    """Thin marks on panels: focus rings, handles, the chosen tab."""
    selection: str
    good: str
    layer_mask: str
    """The tint over what a layer covers while its mask is painted."""
    warning: str
    error: str


DARK = Tokens(
    surround="#282828",
    panel="#323232",
    raised="#434343",
    raised_hover="#4e4e4e",
    field="#272727",
    border="#454545",
    border_strong="#626262",
    text="#e6e6e6",
    text_muted="#b0b0b0",
    text_disabled="#7c7c7c",
    accent="#2969c0",
    accent_hover="#2f72cc",
    on_accent="#ffffff",
    accent_line="#6caeff",
    selection="#3d5472",
    good="#7fcf8e",
    layer_mask="#2fd6b4",
    warning="#e5b04b",
    error="#ff8a80",
)


def make_palette(tokens: Tokens) -> QPalette:
    """The palette that Fusion draws with where the style sheet says nothing."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.panel,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.field,
        QPalette.ColorRole.AlternateBase: tokens.panel,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.text_muted,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.BrightText: tokens.on_accent,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Link: tokens.accent_line,
        QPalette.ColorRole.LinkVisited: tokens.accent_line,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Light: tokens.raised_hover,
        QPalette.ColorRole.Midlight: tokens.raised,
        QPalette.ColorRole.Mid: tokens.border,
        QPalette.ColorRole.Dark: tokens.surround,
        QPalette.ColorRole.Shadow: "#000000",
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
        QPalette.ColorRole.HighlightedText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.text_disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(tokens.border))
    return palette


# WORKAROUND: a style sheet on a spin box without buttons leaves no room for its text (Qt 6.11), so the
# buttons are there and have no size.
_STYLE = Template("""
* { outline: none; }
QWidget { color: $text; }
QWidget:disabled { color: $text_disabled; }
QMainWindow, QDialog, QWidget#sidePanel, QScrollArea, QScrollArea > QWidget > QWidget { background: $panel; }
QMainWindow::separator { background: $surround; width: 1px; height: 1px; }
QSplitter::handle { background: $surround; }
QToolTip { background: $raised; color: $text; border: 1px solid $border_strong; padding: 4px 6px; }

QMenuBar { background: $panel; padding: 2px 4px; border-bottom: 1px solid $surround; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $panel; border: 1px solid $border_strong; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 24px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $text_disabled; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }

QLabel[role="muted"] { color: $text_muted; }
QLabel[role="heading"] { color: $text; font-weight: 600; }
QLabel[role="title"] { color: $text; font-size: 18px; font-weight: 600; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="error"] { color: $error; }

QCheckBox::indicator:unchecked { background: $field; border: 1px solid $border_strong; border-radius: 3px;
    width: 12px; height: 12px; }
QCheckBox::indicator:unchecked:hover, QCheckBox::indicator:unchecked:focus { border-color: $accent_line; }
QCheckBox::indicator:unchecked:disabled { border-color: $border; }
QPushButton { background: $raised; border: 1px solid $border_strong; border-radius: 4px;
    padding: 0 12px; min-height: 26px; }
QPushButton:hover { background: $raised_hover; }
QPushButton:pressed { background: $border; }
QPushButton:focus { border-color: $accent_line; }
QPushButton:disabled { background: $panel; border-color: $border; }
QPushButton[role="line"] { background: transparent; border-color: transparent; padding: 0 2px; min-height: 20px;
    text-align: left; }
QPushButton[role="line"]:hover { background: $raised; }
QPushButton[role="line"]:focus { border-color: $accent_line; }
QPushButton[role="primary"], QPushButton:default {
    background: $accent; border-color: $accent; color: $on_accent; }
QPushButton[role="primary"] { font-weight: 600; min-height: 30px; }
QPushButton[role="primary"]:hover, QPushButton:default:hover {
    background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:focus, QPushButton:default:focus { border-color: $on_accent; }
QPushButton:default:disabled { background: $raised; border-color: $raised; color: $text_disabled; }
QPushButton[role="primary"]:disabled { background: $raised; border-color: $raised; color: $text_disabled; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 3px; }
QToolButton:hover { background: $raised; }
QToolButton:pressed { background: $border; }
QToolButton::menu-indicator { image: none; }
QToolButton:checked { background: $selection; border-color: $accent_line; }
QToolButton:focus { border-color: $accent_line; }
QToolButton:checked:focus { border-color: $on_accent; }

QToolBar { background: $panel; border: none; spacing: 4px; padding: 4px; }
QToolBar#tools { border-right: 1px solid $surround; padding: 6px; }
QToolBar#tools QToolButton { padding: 4px; }
QToolBar#tools QToolButton#qt_toolbar_ext_button { padding: 0; border: none; }
QToolBar#options { border-bottom: 1px solid $surround; padding: 4px 8px; }
QToolBar::separator { background: $border; width: 1px; height: 1px; margin: 6px; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
    background: $field; border: 1px solid $border;
    border-radius: 4px; padding: 0 6px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit, QAbstractSpinBox, QComboBox { min-height: 24px; }
QPlainTextEdit { padding: 2px 2px; }
QLineEdit:hover, QPlainTextEdit:hover, QAbstractSpinBox:hover, QComboBox:hover {
    border-color: $border_strong; }
QLineEdit:focus, QPlainTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
    border-color: $accent_line; }
QLineEdit:read-only { background: $panel; color: $text_muted; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {
    background: transparent; border: none; padding: 0 6px; min-height: 0; }
QComboBox QLineEdit { padding: 0; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: 0; height: 0; }
QAbstractSpinBox::down-button {
    subcontrol-origin: border; subcontrol-position: bottom right; width: 0; height: 0; }
QAbstractSpinBox[unset="true"] { color: $text_muted; }
QComboBox { background: $raised; padding-right: 4px; }
QComboBox:hover { background: $raised_hover; }
QComboBox:editable { background: $field; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $border_strong; padding: 4px;
    selection-background-color: $accent; selection-color: $on_accent; }
QComboBox QAbstractItemView::item { min-height: 24px; }

QSlider { min-height: 22px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $field; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent_line; }
QSlider[unset="true"]::sub-page:horizontal, QSlider::sub-page:horizontal:disabled {
    background: $border_strong; }
QSlider::handle:horizontal {
    width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: $text;
    border: 1px solid $surround; }
QSlider::handle:horizontal:hover { background: $on_accent; }
QSlider::handle:horizontal:focus { border: 2px solid $accent_line; width: 10px; height: 10px; }
QSlider[unset="true"]::handle:horizontal { background: $text_disabled; }

QProgressBar { background: $field; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $accent_line; border-radius: 2px; }

QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $text_muted; padding: 6px 12px; border: none;
    border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; background: $raised; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent_line; }
QTabBar::tab:focus { color: $on_accent; }
QTabBar#documents { background: $panel; }
QTabBar#documents::tab { background: $panel; padding: 6px 8px 6px 12px; border-right: 1px solid $surround; }
QTabBar#documents::tab:selected { background: $surround; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $border_strong; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $text_disabled; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QAbstractItemView { background: $panel; border: none; }
QListView::item:focus { border: none; }
QListWidget::item { min-height: 28px; padding: 0 8px; border-radius: 4px; }
QListWidget::item:selected { background: $accent; color: $on_accent; }
QListWidget::item:disabled { color: $text_disabled; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $text_muted; border: none;
    border-bottom: 1px solid $border; padding: 4px 8px; }
QTableView { background: $field; border: 1px solid $border; border-radius: 4px; }
QTableView:focus { border-color: $border_strong; }
QTableView::item { padding: 0 8px; border: none; }
QTableView::item:selected { background: $selection; color: $text; }
QStatusBar { background: $panel; border-top: 1px solid $surround; color: $text_muted; }
QStatusBar::item { border: none; }
QStatusBar QToolButton { color: $text_muted; padding: 1px 8px; }
QStatusBar QLabel { color: $text_muted; padding: 0 8px; }
QCheckBox { spacing: 8px; }
QCheckBox:focus { color: $accent_line; }

QFrame[role="line"] { background: $border; max-height: 1px; min-height: 1px; border: none; }
QFrame[role="card"] { background: $raised; border-radius: 6px; border: none; }
QFrame[role="notice"] { background: $raised; border: none; border-left: 4px solid $accent_line; }
QFrame[role="notice"][level="warning"] { border-left-color: $warning; }
QFrame[role="notice"][level="error"] { border-left-color: $error; }
QFrame#maskOperation, QFrame#layerPainting, QFrame#extendBar {
    background: $panel; border: 1px solid $border_strong; border-radius: 8px; }
QFrame#historyFilters, QFrame#promptBook { background: $panel; border: 1px solid $border_strong; }
QFrame#candidates { background: $panel; border: 1px solid $border_strong; border-radius: 8px; }
QFrame#candidates:focus { border-color: $accent_line; }
QFrame#candidates QToolButton { padding: 3px; }
QFrame#leakReport { background: $panel; border: 1px solid $border_strong; border-radius: 8px; }
QWidget[role="surround"] { background: $surround; }
QToolButton[role="photograph"] {
    background: $panel; border: 1px solid $border; border-radius: 6px; padding: 6px; }
QToolButton[role="photograph"]:hover { border-color: $border_strong; background: $raised; }
QToolButton[role="photograph"]:focus { border-color: $accent_line; }
""")


def make_style_sheet(tokens: Tokens) -> str:
    """The style sheet for `tokens`; only what a palette cannot say."""
    return _STYLE.substitute({name: getattr(tokens, name) for name in Tokens.__dataclass_fields__})


def apply_theme(application: QApplication, tokens: Tokens = DARK) -> None:
    """Dress the whole application in Fusion with `tokens`."""
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(make_palette(tokens))
    font = QFont(application.font())
    font.setPixelSize(13)
    application.setFont(font)
    application.setStyleSheet(make_style_sheet(tokens))
