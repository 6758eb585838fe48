"""Which process an unfinished entry belongs to, and whether that process still lives.

A process id alone is given out again soon, so an owner is the id and the moment when the process started,
in whatever unit the system tells it: `<pid>@<start>`. Two owners are the same process exactly when the
texts are equal.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def this_process() -> str:
    """The owner's text for the running process."""
    pid = os.getpid()
    return f"{pid}@{_start_of(pid) or ''}"


def is_alive(owner: str) -> bool:
    """Whether the process that wrote `owner` still runs on this machine."""
    pid, _, start = owner.partition("@")
    if not pid.isdecimal():
        return False
    found = _start_of(int(pid))
    return found is not None and found == start


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    def _start_of(pid: int) -> str | None:
        """When process `pid` started, in 100 ns since 1601; None when it does not run."""
        limited_information, still_active = 0x1000, 259
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(limited_information, False, pid)
        if not handle:
            return None
        try:
            code = wintypes.DWORD()
            times = [wintypes.FILETIME() for _ in range(4)]
            told = kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(code))
            told = told and kernel.GetProcessTimes(wintypes.HANDLE(handle), *map(ctypes.byref, times))
            if not told or code.value != still_active:
                return None
            return str((times[0].dwHighDateTime << 32) | times[0].dwLowDateTime)
        finally:
            kernel.CloseHandle(wintypes.HANDLE(handle))

elif sys.platform == "linux":

    def _start_of(pid: int) -> str | None:
        """When process `pid` started, in clock ticks of a certain boot; None when it does not run."""
        try:
            status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        # The second field, the program's name in parentheses, may itself hold spaces and parentheses.
        fields = status.rpartition(")")[2].split()
        state, ticks = fields[0], fields[19]
        return None if state in "ZX" else f"{boot}.{ticks}"

else:

    def _start_of(pid: int) -> str | None:
        """When process `pid` started, in the words of `ps`; None when it does not run."""
        reply = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        )
        return reply.stdout.strip() or None
