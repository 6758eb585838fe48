#!/usr/bin/env python3
"""Everything a checkout can do, from a bare Python: set up, run, test, measure, package.

A newcomer has a Python and this file, nothing else. So it imports the standard library only, speaks syntax
that an old Python can still read (to be told which one is needed), and answers every foreseeable trouble with
one sentence instead of a traceback. It must not import `app`: the commands run in the environment it makes.

The set-up is recorded in a stamp inside the environment. A matching stamp means there is nothing to do; a
stamp of unfinished work means that an earlier set-up was interrupted, and the environment is made anew.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP_NAME = "maskroom-setup.json"
REQUIREMENTS = ROOT / "packaging" / "requirements.txt"
# Other people's programs that speak to ours in tests, away from what Maskroom itself is built of.
PEERS_VENV = ROOT / ".venv-peers"
PEERS_REQUIREMENTS = ROOT / "packaging" / "requirements-peers.txt"
PEERS_NODE = PEERS_VENV / "node"
AIMOCK = "@copilotkit/aimock"
AIMOCK_VERSION = "1.43.0"
AIMOCK_INTEGRITY = (
    "sha512-V8D8cjSMtAR4rHaD2ulp3DR/ZguXQjDNOqwKDNvjb/OJL/KR1I0SDf5xpRCd+TYKjhmf9fM8Xpg3QBKPmV9Kmw=="
)
BENCHMARKS = ROOT / "tests" / "benchmarks"
PEERS = ROOT / "tests" / "peers"
BESIDE = ("tests/ui", "tests/session", "tests/kills")
"""The tests that take half of the time."""

OLDEST_PYTHON = (3, 11)
OLDEST_PIP = (22, 3)

FAILED = 1
CANNOT_SET_UP = 3
INTERRUPTED = 130

# What PySide6's own wheel expects from the system: soname -> Debian's package for it.
QT_OFFSCREEN = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
}
QT_WINDOW = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

# The installers' words for two troubles that are nobody's fault.
DISK_FULL = ("No space left on device", "not enough free space", "Errno 28")
NO_NETWORK = (
    "NameResolutionError",
    "NewConnectionError",
    "ConnectTimeoutError",
    "Failed to establish a new connection",
    "Temporary failure",
    "Could not resolve",
    "Read timed out",
    "Network is unreachable",
    "ProxyError",
    "Connection refused",
)


class Problem(Exception):
    """A trouble that only a person can mend; the text is what they are told."""


# --- What the machine has -----------------------------------------------------------------------------------


def python_problem(version: tuple[int, ...]) -> str | None:
    """Return what to say about a Python of this version, or None when it will do."""
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return None
    needed = ".".join(map(str, OLDEST_PYTHON))
    return (
        "Maskroom needs Python {0} or newer, and this is Python {1}.\n"
        "Install one (Debian 12 and Ubuntu 24.04 bring it as python3; elsewhere from python.org or the "
        "system's packages)\nand start again with it, for example: python{0} packaging/dev.py run"
    ).format(needed, ".".join(map(str, version[:3])))


def newer_python() -> str | None:
    """Find a Python beside the one that runs, new enough, by the names that distributions give it."""
    for minor in (13, 12, 14, 11):
        found = shutil.which(f"python3.{minor}")
        test = f"import sys; sys.exit(sys.version_info[:2] < {OLDEST_PYTHON!r})"
        if found and subprocess.call([found, "-c", test], stderr=subprocess.DEVNULL) == 0:
            return found
    return None


def missing_sonames(wanted: dict[str, str]) -> list[str]:
    """Return the shared libraries among `wanted` that the system's loader does not find."""
    if not sys.platform.startswith("linux"):
        return []
    missing = []
    for soname in wanted:
        try:
            ctypes.CDLL(soname, mode=os.RTLD_LAZY)
        except OSError:
            missing.append(soname)
    return missing


def qt_libraries(window: bool) -> dict[str, str]:
    """Return what Qt needs to draw: into memory, or also into a window."""
    return {**QT_OFFSCREEN, **QT_WINDOW} if window else QT_OFFSCREEN


def can_make_environments() -> bool:
    """Tell whether this Python brings venv and ensurepip; Debian packs them apart."""
    return all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip"))


def no_display() -> bool:
    """Tell whether a window would have nowhere to open."""
    told = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in told)


# --- What is installed, and how -----------------------------------------------------------------------------


def wish_list(window: bool, environment: bool) -> tuple[list[str], list[str]]:
    """Return what the system lacks, libraries and parts of Python, and Debian's packages for it."""
    wanted = qt_libraries(window)
    missing = missing_sonames(wanted)
    packages = sorted({wanted[soname] for soname in missing})
    if environment and not can_make_environments():
        missing.append("Python's venv and ensurepip")
        packages.append("python{}.{}-venv".format(*sys.version_info[:2]))
    return missing, packages


def see_to_system(window: bool, environment: bool) -> None:
    """Install what the system lacks, where that is ours to do; else raise Problem with the line to run."""
    missing, packages = wish_list(window, environment)
    if not missing:
        return
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        print("Installing from the system's packages: " + " ".join(packages), flush=True)
        options = ["-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
        # A failed update is no error to apt, but it tells why the install fails after it.
        watched("apt-get", [apt, "update", "-q"], [apt, "install", *options, *packages])
        return
    first, more = missing[:3], len(missing) - 3
    what = "This system lacks " + ", ".join(first) + (f" and {more} more" if more > 0 else "") + "."
    if apt:
        line = "sudo apt-get install " + " ".join(packages)
    elif shutil.which("dnf"):
        libraries = [f"'{name}()(64bit)'" for name in missing if name.startswith("lib")]
        line = "sudo dnf install " + " ".join(libraries or ["python3"])
    else:
        line = "(your system's packages that hold) " + " ".join(missing)
    raise Problem(f"{what}\nInstall it with:\n    {line}")


def watched(name: str, *commands: Sequence[str]) -> None:
    """Run the commands of an installer and pass on what they say as it comes.

    Raises:
        Problem: the last command failed; the sentence ends in its last word.
    """
    environment = {key: value for key, value in os.environ.items() if key not in REDIRECTIONS}
    environment.update(DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
    said = []
    code = 0
    for command in commands:
        with subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=str(ROOT),
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line.rstrip())
                if not line.startswith("Requirement already satisfied"):
                    print("  " + line.rstrip(), flush=True)
            code = process.wait()
    if code != 0:
        raise Problem(installer_problem(name, said))


# Settings a person may have for pip that would send packages anywhere but into .venv.
REDIRECTIONS = (
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_REQUIRE_HASHES",
    "PYTHONHOME",
    "PYTHONPATH",
)


def installer_problem(name: str, said: Sequence[str]) -> str:
    """Turn the output of a failed installer into a sentence that ends in its own last line."""
    everything = "\n".join(said)
    lines = [line for line in said if line.strip() and not line.startswith("[notice]")]
    errors = [line for line in lines if line.lstrip().lower().startswith(("error", "e:"))]
    last = (errors or lines or ["(nothing)"])[-1].strip()
    if any(word in everything for word in DISK_FULL):
        reason = "The disk is full: free about 1 GB and start again."
    elif "CERTIFICATE_VERIFY_FAILED" in everything:
        reason = (
            "The package server's certificate is not trusted here; behind a proxy, name its file in PIP_CERT."
        )
    elif any(word in everything for word in NO_NETWORK):
        reason = "The network cannot be reached; the first set-up needs it. Start again when it is back."
    elif "DO NOT MATCH THE HASHES" in everything:
        reason = "A downloaded package is not the one that was pinned; nothing of it was installed."
    else:
        reason = f"{name} could not finish."
    return f"{reason}\n{name} said: {last}"


# --- The environment ----------------------------------------------------------------------------------------


def venv_python(venv: Path = VENV) -> Path:
    """Return an environment's interpreter, whether it is there or not."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wanted_stamp(*inputs_read: bytes) -> dict[str, str]:
    """Describe an environment made of these inputs, in this checkout and by this Python."""
    inputs = hashlib.sha256()
    for content in inputs_read:
        inputs.update(content)
    return {
        "state": "ready",
        "python": "{}.{}".format(*sys.version_info[:2]),
        "checkout": str(ROOT),
        "inputs": inputs.hexdigest(),
    }


def read_stamp(venv: Path = VENV) -> dict[str, str] | None:
    """Return the stamp as it was left; {} when it cannot be read, None when there is none."""
    try:
        stamp = json.loads((venv / STAMP_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: dict[str, str], venv: Path = VENV) -> None:
    """Replace the stamp in one step: half a stamp would look like an interrupted set-up."""
    fresh = (venv / STAMP_NAME).with_suffix(".new")
    fresh.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
    fresh.replace(venv / STAMP_NAME)


def environment_is_usable(wanted: dict[str, str], venv: Path = VENV) -> bool:
    """Tell whether packages can be installed into `venv` as it stands, or it must be made anew.

    An environment without a stamp was made by somebody's own hand; it is taken over when its pip answers.
    """
    stamp = read_stamp(venv)
    if stamp is not None and any(stamp.get(key) != wanted[key] for key in ("state", "python", "checkout")):
        return False
    if not venv_python(venv).exists():
        return False
    asked = subprocess.run(
        [str(venv_python(venv)), "-I", "-m", "pip", "--version"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    words = asked.stdout.decode("utf-8", "replace").split()
    if asked.returncode != 0 or len(words) < 2:
        return False
    number = tuple(int(part) for part in words[1].split(".")[:2] if part.isdigit())
    if number < OLDEST_PIP:
        print(f"pip {words[1]} in {venv.name} is too old to check the pinned packages.", flush=True)
        return False
    return True


def make_environment(venv: Path = VENV) -> None:
    """Make `venv` anew, whatever stands there; what a link leads to is somebody else's and stays."""
    if venv.is_symlink():
        venv.unlink()
    print(f"Making the environment in {venv.name} …", flush=True)
    # The interpreter below a virtual environment, so that it can be replaced from inside itself.
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [base, "-I", "-m", "venv", "--clear", str(venv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode != 0:
        said = made.stdout.decode("utf-8", "replace").splitlines()
        raise Problem(f"The environment {venv.name} could not be made.\n" + installer_problem("venv", said))


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second set-up of the same checkout wait for the first, where the system has file locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with REQUIREMENTS.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another set-up of this checkout is running; waiting for it …", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def set_up(window: bool) -> None:
    """Bring system and environment to what this checkout calls for; do nothing when they are there.

    Args:
        window: whether the libraries for a window on the screen are wanted, too.

    Raises:
        Problem: with a sentence, when a person has to do something first.
    """
    wanted = wanted_stamp(REQUIREMENTS.read_bytes(), (ROOT / "pyproject.toml").read_bytes())
    if read_stamp() == wanted and not missing_sonames(qt_libraries(window)):
        return
    with one_at_a_time():
        see_to_system(window, environment=not venv_python().exists())
        if read_stamp() == wanted:
            return
        make_ready(VENV, wanted)
        print("Installing the pinned packages …", flush=True)
        install_pinned(VENV, REQUIREMENTS)
        watched("pip", [*pip(VENV), "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        write_stamp(wanted)
        print("Maskroom is set up.", flush=True)


def set_up_peers() -> None:
    """Bring the environment of other people's programs to what this checkout calls for.

    Raises:
        Problem: with a sentence, when a person has to do something first.
    """
    npm = shutil.which("npm")
    wanted = wanted_stamp(PEERS_REQUIREMENTS.read_bytes(), AIMOCK_INTEGRITY.encode(), b"npm" if npm else b"")
    if read_stamp(PEERS_VENV) == wanted:
        return
    with one_at_a_time():
        make_ready(PEERS_VENV, wanted)
        print("Installing the pinned peers …", flush=True)
        install_pinned(PEERS_VENV, PEERS_REQUIREMENTS)
        if npm is not None:
            install_aimock(npm)
        write_stamp(wanted, PEERS_VENV)


def make_ready(venv: Path, wanted: dict[str, str]) -> None:
    """See that packages can be installed into `venv`, and mark it as unfinished."""
    if not environment_is_usable(wanted, venv):
        see_to_system(window=False, environment=True)
        make_environment(venv)
    write_stamp({"state": "unfinished"}, venv)


def pip(venv: Path) -> list[str]:
    """Return the start of a command that installs into `venv`."""
    command = [str(venv_python(venv)), "-I", "-m", "pip", "install", "--no-input"]
    return [*command, "--disable-pip-version-check", "--progress-bar", "off"]


def install_pinned(venv: Path, requirements: Path) -> None:
    """Install what a file pins, and nothing that is not the very package it names."""
    watched("pip", [*pip(venv), "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)])


def install_aimock(npm: str) -> None:
    """Install the one peer that comes from npm, and refuse another than the pinned one."""
    PEERS_NODE.mkdir(exist_ok=True)
    options = [
        "--prefix",
        str(PEERS_NODE),
        "--no-package-lock",
        "--ignore-scripts",
        "--no-fund",
        "--no-audit",
    ]
    watched("npm", [npm, "install", *options, f"{AIMOCK}@{AIMOCK_VERSION}"])
    # npm has held what it downloaded against this; whether it is what was pinned, it cannot know.
    listed = json.loads((PEERS_NODE / "node_modules" / ".package-lock.json").read_text(encoding="utf-8"))
    if listed["packages"][f"node_modules/{AIMOCK}"].get("integrity") != AIMOCK_INTEGRITY:
        shutil.rmtree(PEERS_NODE)
        raise Problem(f"The downloaded {AIMOCK} is not the one that was pinned; it was removed.")


# --- The commands -------------------------------------------------------------------------------------------


def in_environment(*arguments: str) -> int:
    """Run the environment's Python in the checkout and return its exit code."""
    sys.stdout.flush()
    return subprocess.call([str(venv_python()), *arguments], cwd=str(ROOT))


def run(arguments: Sequence[str]) -> int:
    """Open the window; this process becomes the application where the system allows it."""
    if no_display():
        raise Problem(
            "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set.\n"
            "Start Maskroom from a desktop session; its command line works without one: .venv/bin/maskroom"
        )
    set_up(window=True)
    # -P keeps a folder named `app` where the person happens to stand from being taken for ours.
    command = [str(venv_python()), "-P", "-m", "app", *arguments]
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.call(command)


def test(arguments: Sequence[str]) -> int:
    """Check style, types and behaviour, all of them, and name what failed; or only `peers` or `kills`."""
    set_up(window=False)
    if arguments[:1] == ["kills"]:
        return in_environment("-m", "tests.kills.campaign", *arguments[1:])
    if arguments[:1] == ["peers"]:
        set_up_peers()
        # One of them waits for minutes, which is no hang to be dumped.
        return in_environment("-m", "pytest", "-o", "faulthandler_timeout=0", str(PEERS), *arguments[1:])
    sources = ("app", "tests", "packaging")
    checks = (
        ("ruff check", ("-m", "ruff", "check", *sources)),
        ("ruff format", ("-m", "ruff", "format", "--check", *sources)),
        ("mypy", ("-m", "mypy", "--strict", "app", "packaging/dev.py")),
    )
    failed = []
    for name, command in checks:
        print(f"== {name}", flush=True)
        if in_environment(*command) != 0:
            failed.append(name)
    print("== pytest", flush=True)
    if (in_environment("-m", "pytest", *arguments) if arguments else behaviour()) != 0:
        failed.append("pytest")
    print("Failed: {}.".format(", ".join(failed)) if failed else "All checks passed.", flush=True)
    return FAILED if failed else 0


def behaviour() -> int:
    """Run all tests in two halves beside each other, since each keeps one processor busy."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        window = subprocess.Popen(
            [str(venv_python()), "-m", "pytest", "-p", "no:cacheprovider", *BESIDE],
            cwd=str(ROOT),
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            others = in_environment("-m", "pytest", *(f"--ignore={folder}" for folder in BESIDE))
        finally:
            code = window.wait()
        said.seek(0)
        print("== pytest, beside the others: {}".format(", ".join(BESIDE)), flush=True)
        shutil.copyfileobj(said, sys.stdout)
        sys.stdout.flush()
    return others or code


def bench(name: str | None, arguments: Sequence[str]) -> int:
    """Run one benchmark with its own arguments, or all of them one after the other."""
    scripts = {path.stem[len("bench_") :]: path for path in sorted(BENCHMARKS.glob("bench_*.py"))}
    if name is not None and name not in scripts:
        raise Problem("There is no benchmark {!r}; there are: {}.".format(name, ", ".join(scripts) or "none"))
    set_up(window=False)
    failed = []
    for each in [name] if name is not None else scripts:
        print(f"== {each}", flush=True)
        if in_environment(str(scripts[each]), *arguments) != 0:
            failed.append(each)
    if failed:
        print("Failed: {}.".format(", ".join(failed)))
    return FAILED if failed else 0


def package() -> int:
    """Build the wheel into dist/, with the pinned build tools."""
    set_up(window=False)
    return in_environment("-m", "hatchling", "build", "--target", "wheel", "--directory", str(ROOT / "dist"))


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="dev.py", description="Do everything from a checkout of Maskroom.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    commands.add_parser("setup", help="prepare the environment and what Qt needs, and stop")
    commands.add_parser("run", help="open the window: run [FILE…]")
    commands.add_parser(
        "test",
        help="check style, types and behaviour: test [pytest arguments…]; "
        "test peers: with other people's programs, some minutes; "
        "test kills [--count N]: kill the program and look what is left",
    )
    benchmark = commands.add_parser("bench", help="measure: bench [NAME [its options…]], all without a name")
    benchmark.add_argument("name", nargs="?", metavar="NAME")
    commands.add_parser("package", help="build the wheel into dist/")
    return parser


def dispatch(arguments: Sequence[str]) -> int:
    """Do one command and return the exit code."""
    parser = build_parser()
    options, rest = parser.parse_known_args(list(arguments))
    if options.command == "run":
        return run(rest)
    if options.command == "test":
        return test(rest)
    if options.command == "bench" and options.name is not None:
        return bench(options.name, rest)
    if rest:
        parser.error("unknown arguments: " + " ".join(rest))
    if options.command == "bench":
        return bench(None, [])
    if options.command == "package":
        return package()
    set_up(window=True)
    print("Ready: python3 packaging/dev.py run")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run one command; tell troubles in sentences, on stderr."""
    problem = python_problem(tuple(sys.version_info[:3]))
    if problem is not None:
        newer = newer_python()
        if newer is None:
            print(problem, file=sys.stderr)
            return CANNOT_SET_UP
        command = [newer, str(Path(__file__).resolve()), *arguments]
        if os.name == "posix":
            os.execv(newer, command)
        return subprocess.call(command)
    try:
        return dispatch(arguments)
    except Problem as trouble:
        print(trouble, file=sys.stderr)
    except OSError as trouble:
        where = f" ({trouble.filename})" if trouble.filename else ""
        print(f"The set-up stopped: {trouble.strerror or trouble}{where}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted; the next start takes the set-up up again.", file=sys.stderr)
        return INTERRUPTED
    return CANNOT_SET_UP


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
