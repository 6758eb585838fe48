"""The ICC profile that the X server's root window carries for a monitor, and word when it becomes another one.

`_ICC_PROFILE` for the first monitor, `_ICC_PROFILE_1` and so on for the others ("ICC Profiles in X", 0.4), is where
colour managers put it. Qt has no way to ask for it, so this speaks through libxcb, which Qt's X11 platform loads
anyway, on a connection of its own.
"""

from __future__ import annotations

import ctypes
import logging
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

log = logging.getLogger(__name__)

_ANY_TYPE = 0
_EVENT_MASK, _PROPERTY_CHANGE = 1 << 11, 1 << 22
_MOST_WORDS = 1 << 24
"""Of four bytes: no profile is as large."""


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _ScreenIterator(ctypes.Structure):
    _fields_ = (("data", ctypes.POINTER(ctypes.c_uint32)), ("rem", ctypes.c_int), ("index", ctypes.c_int))


class _AtomReply(ctypes.Structure):
    _fields_ = (
        ("response_type", ctypes.c_uint8),
        ("pad", ctypes.c_uint8),
        ("sequence", ctypes.c_uint16),
        ("length", ctypes.c_uint32),
        ("atom", ctypes.c_uint32),
    )


class RootProfile(QObject):
    """Reads the property, and watches the root window's properties as long as it lives."""

    changed = Signal()
    """Some property of the root window changed: perhaps the profile."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Connect to the display that the environment names; without one there is never a profile."""
        super().__init__(parent)
        self._xcb = _load()
        self._connection: int | None = None
        self._root = 0
        self._notifier: QSocketNotifier | None = None
        if self._xcb is not None:
            self._connect(self._xcb)

    def read(self, monitor: int) -> bytes | None:
        """The profile of a monitor, counted from 0; None where there is none. One or two round trips."""
        xcb, connection = self._xcb, self._connection
        if xcb is None or connection is None:
            return None
        name = b"_ICC_PROFILE" if monitor == 0 else b"_ICC_PROFILE_%d" % monitor
        atom = self._atom(xcb, name)
        if not atom:
            return None
        cookie = xcb.xcb_get_property(connection, 0, self._root, atom, _ANY_TYPE, 0, _MOST_WORDS)
        reply = xcb.xcb_get_property_reply(connection, cookie, None)
        if not reply:
            return None
        try:
            length = xcb.xcb_get_property_value_length(reply)
            return ctypes.string_at(xcb.xcb_get_property_value(reply), length) if length > 0 else None
        finally:
            _libc().free(reply)

    def close(self) -> None:
        """Hang up; nothing is read or told afterwards."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        if self._xcb is not None and self._connection is not None:
            self._xcb.xcb_disconnect(self._connection)
        self._connection = None

    def _connect(self, xcb: Any) -> None:
        connection = xcb.xcb_connect(None, None)
        if xcb.xcb_connection_has_error(connection):
            xcb.xcb_disconnect(connection)
            log.info("no X display to ask for its colour profile")
            return
        screens = xcb.xcb_setup_roots_iterator(xcb.xcb_get_setup(connection))
        if not screens.rem:
            xcb.xcb_disconnect(connection)
            return
        # The first field of a screen is its root window.
        self._root, self._connection = int(screens.data[0]), connection
        mask = (ctypes.c_uint32 * 1)(_PROPERTY_CHANGE)
        xcb.xcb_change_window_attributes(connection, self._root, _EVENT_MASK, mask)
        xcb.xcb_flush(connection)
        descriptor = int(xcb.xcb_get_file_descriptor(connection))
        self._notifier = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._drain)

    def _atom(self, xcb: Any, name: bytes) -> int:
        cookie = xcb.xcb_intern_atom(self._connection, 1, len(name), name)
        reply = xcb.xcb_intern_atom_reply(self._connection, cookie, None)
        if not reply:
            return 0
        try:
            return int(ctypes.cast(reply, ctypes.POINTER(_AtomReply)).contents.atom)
        finally:
            _libc().free(reply)

    def _drain(self) -> None:
        """Take the events that came; which property it was is cheaper to find out by reading the profile."""
        xcb, seen = self._xcb, False
        if xcb is None or self._connection is None:
            return
        while event := xcb.xcb_poll_for_event(self._connection):
            _libc().free(event)
            seen = True
        if xcb.xcb_connection_has_error(self._connection):
            self.close()
        elif seen:
            self.changed.emit()


def _libc() -> Any:
    """The C library, whose memory xcb's answers are."""
    libc = ctypes.CDLL(None)
    libc.free.argtypes = (ctypes.c_void_p,)
    return libc


def _load() -> Any:
    """libxcb with the signatures of what is called; None where there is no such library."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return None
    pointer, whole, word = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32
    signatures: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "xcb_connect": (pointer, (ctypes.c_char_p, pointer)),
        "xcb_connection_has_error": (whole, (pointer,)),
        "xcb_disconnect": (None, (pointer,)),
        "xcb_flush": (whole, (pointer,)),
        "xcb_get_file_descriptor": (whole, (pointer,)),
        "xcb_get_setup": (pointer, (pointer,)),
        "xcb_setup_roots_iterator": (_ScreenIterator, (pointer,)),
        "xcb_poll_for_event": (pointer, (pointer,)),
        "xcb_change_window_attributes": (_Cookie, (pointer, word, word, pointer)),
        "xcb_intern_atom": (_Cookie, (pointer, ctypes.c_uint8, ctypes.c_uint16, ctypes.c_char_p)),
        "xcb_intern_atom_reply": (pointer, (pointer, _Cookie, pointer)),
        "xcb_get_property": (_Cookie, (pointer, ctypes.c_uint8, word, word, word, word, word)),
        "xcb_get_property_reply": (pointer, (pointer, _Cookie, pointer)),
        "xcb_get_property_value": (pointer, (pointer,)),
        "xcb_get_property_value_length": (whole, (pointer,)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(xcb, name)
        function.restype, function.argtypes = result, arguments
    return xcb
