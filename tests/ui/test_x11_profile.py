"""The profile on the X server's root window, on a server of the test's own: read, and followed when it changes."""

import ctypes
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.ui.x11_profile import RootProfile
from tests.imaging.pictures import swapped_profile

pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")
REPLACE, CARDINAL = 0, 6


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new X server, which is what DISPLAY names."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "320x240x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], 60)
        assert ready, "the X server did not start"
        name = f":{os.read(reading, 16).decode().strip()}"
        monkeypatch.setenv("DISPLAY", name)
        yield name
    finally:
        os.close(reading)
        server.terminate()
        server.wait(20)


class Colourist:
    """What a colour manager does: names the profile of a monitor on the root window."""

    def __init__(self) -> None:
        self._x: Any = ctypes.CDLL("libX11.so.6")
        pointer, window, whole = ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int
        for name, result, arguments in (
            ("XOpenDisplay", pointer, (ctypes.c_char_p,)),
            ("XDefaultRootWindow", window, (pointer,)),
            ("XInternAtom", window, (pointer, ctypes.c_char_p, whole)),
            (
                "XChangeProperty",
                whole,
                (pointer, window, window, window, whole, whole, ctypes.c_char_p, whole),
            ),
            ("XDeleteProperty", whole, (pointer, window, window)),
            ("XSync", whole, (pointer, whole)),
            ("XCloseDisplay", whole, (pointer,)),
        ):
            function = getattr(self._x, name)
            function.restype, function.argtypes = result, arguments
        self._display = self._x.XOpenDisplay(None)
        self._root = self._x.XDefaultRootWindow(self._display)

    def name_profile(self, icc: bytes | None, atom: bytes = b"_ICC_PROFILE") -> None:
        where = self._display, self._root, self._x.XInternAtom(self._display, atom, 0)
        if icc is None:
            self._x.XDeleteProperty(*where)
        else:
            self._x.XChangeProperty(*where, CARDINAL, 8, REPLACE, icc, len(icc))
        self._x.XSync(self._display, 0)

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)


def test_the_profile_of_each_monitor_is_read_and_followed(display: str, qtbot: QtBot) -> None:
    colourist, root = Colourist(), RootProfile()
    assert root.read(0) is None
    with qtbot.waitSignal(root.changed):
        colourist.name_profile(swapped_profile())
    assert root.read(0) == swapped_profile()
    assert root.read(1) is None
    second = bytes(range(256)) * 3000
    with qtbot.waitSignal(root.changed):
        colourist.name_profile(second, b"_ICC_PROFILE_1")
    assert root.read(1) == second
    with qtbot.waitSignal(root.changed):
        colourist.name_profile(None)
    assert root.read(0) is None
    colourist.close()
    root.close()
    root.close()
    assert root.read(1) is None


def test_without_a_display_there_is_no_profile(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setenv("DISPLAY", ":98765")
    root = RootProfile()
    assert root.read(0) is None
    root.close()
