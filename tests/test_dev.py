"""The one command of a fresh machine: what it says when something is missing, and that it does nothing twice.

A copy of `dev.py` in a small checkout of its own is driven as a newcomer drives it. The installers it calls
are little programs of the test, so nothing touches the network, the system or the environment of the tests.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


@pytest.fixture(scope="module")
def dev() -> types.ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("maskroom_dev", ROOT / "packaging" / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Checkout:
    """A checkout of dev.py's own, with an environment whose Python writes down what it is asked to do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.log = root / "asked.txt"
        (root / "packaging").mkdir(parents=True)
        shutil.copy(ROOT / "packaging" / "dev.py", root / "packaging" / "dev.py")
        for name in ("requirements.txt", "requirements-peers.txt"):
            (root / "packaging" / name).write_text("", encoding="utf-8")
        (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")

    def environment(self, pip: str = 'echo "pip 24.0 from nowhere"') -> None:
        """Make `.venv` with a stand-in for Python that logs its arguments and runs `pip` for pip."""
        self._stand_in(self.venv, pip)

    def peers(self) -> None:
        """Make `.venv-peers` with the same stand-in."""
        self._stand_in(self.root / ".venv-peers", 'echo "pip 24.0 from nowhere"')

    def _stand_in(self, venv: Path, pip: str) -> None:
        self.program(
            venv / "bin" / "python",
            f'printf "%s\\n" "$*" >> "{self.log}"\ncase "$*" in *"-m pip"*) {pip} ;; esac',
        )

    def npm(self, folder: Path, integrity: str) -> str:
        """A stand-in for npm that installs a package of this hash; returns the PATH to it."""
        listed = {"packages": {"node_modules/@copilotkit/aimock": {"integrity": integrity}}}
        (self.root / "listed.json").write_text(json.dumps(listed), encoding="utf-8")
        where = f'"{self.root}/.venv-peers/node/node_modules"'
        self.program(
            folder / "npm",
            f'echo "npm $*" >> "{self.log}"; mkdir -p {where}\n'
            f'cp "{self.root}/listed.json" {where}/.package-lock.json',
        )
        return f"{folder}:/usr/bin:/bin"

    def program(self, path: Path, body: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def asked(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def start(self, *arguments: str, patch: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run dev.py in a new process after `patch`, statements that see it as `dev`."""
        script = textwrap.dedent(f"""
            import importlib.util, sys
            spec = importlib.util.spec_from_file_location("dev", "{self.root}/packaging/dev.py")
            dev = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(dev)
            dev.missing_sonames = lambda wanted: []
        """)
        return subprocess.run(
            [
                sys.executable,
                "-c",
                f"{script}\n{textwrap.dedent(patch)}\nsys.exit(dev.main(sys.argv[1:]))",
                *arguments,
            ],
            env={**os.environ, **environment},
            cwd=self.root.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a checkout")


def test_an_old_python_is_told_which_one_is_needed(dev: types.ModuleType) -> None:
    said = dev.python_problem((3, 9, 2))
    assert "needs Python 3.11 or newer" in said
    assert "this is Python 3.9.2" in said
    assert dev.python_problem((3, 11, 0)) is None
    assert dev.python_problem((4, 0, 0)) is None


def test_an_old_python_hands_over_to_a_newer_one_beside_it(checkout: Checkout, tmp_path: Path) -> None:
    checkout.program(tmp_path / "bin" / "python3.13", 'test "$1" = -c || echo "taken over: $2 $3"')
    old = "sys.version_info = (3, 9, 2, 'final', 0)"
    done = checkout.start("run", "a.png", patch=old, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert (done.returncode, done.stdout) == (0, "taken over: run a.png\n")


def test_an_old_python_alone_stops_with_a_sentence(checkout: Checkout) -> None:
    old = "sys.version_info = (3, 9, 2, 'final', 0)\ndev.newer_python = lambda: None"
    done = checkout.start("test", patch=old)
    assert done.returncode == 3
    assert done.stderr.startswith("Maskroom needs Python 3.11 or newer, and this is Python 3.9.2.\n")


def test_the_script_is_readable_for_python_3_9() -> None:
    import ast

    ast.parse((ROOT / "packaging" / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 9))


def test_help_names_every_command() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "dev.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("setup", "run", "test", "bench", "package"):
        assert f"    {command} " in done.stdout


def test_a_second_start_sets_nothing_up(checkout: Checkout) -> None:
    checkout.environment()
    assert checkout.start("setup").returncode == 0
    asked = checkout.asked()
    assert [line for line in asked if "--require-hashes" in line and "requirements.txt" in line]
    assert asked[-1].endswith(f"--no-deps --no-build-isolation --editable {checkout.root}")
    done = checkout.start("setup")
    assert (done.returncode, done.stdout) == (0, "Ready: python3 packaging/dev.py run\n")
    assert checkout.asked() == asked


@pytest.mark.parametrize("changed", ["packaging/requirements.txt", "pyproject.toml"])
def test_changed_requirements_are_installed_into_the_same_environment(
    checkout: Checkout, changed: str
) -> None:
    checkout.environment()
    assert checkout.start("setup").returncode == 0
    (checkout.venv / "kept").touch()
    with (checkout.root / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    before = len(checkout.asked())
    assert checkout.start("setup").returncode == 0
    assert len(checkout.asked()) > before
    assert (checkout.venv / "kept").exists()


# Instead of venv: make the environment by the recipe of the tests, and say so.
ANEW = """
import shutil
def make_environment(venv):
    print("made anew")
    kept = (venv / "bin/python").read_text()
    shutil.rmtree(venv)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").write_text(kept)
    (venv / "bin/python").chmod(0o755)
dev.make_environment = make_environment
"""


def test_an_interrupted_set_up_is_made_anew(checkout: Checkout) -> None:
    checkout.environment('case "$*" in *requirements*) kill -9 $PPID; sleep 5;; *) echo "pip 24.0";; esac')
    assert checkout.start("setup").returncode == -9
    assert json.loads((checkout.venv / "maskroom-setup.json").read_text()) == {"state": "unfinished"}
    checkout.environment()
    done = checkout.start("setup", patch=ANEW)
    assert done.returncode == 0
    assert "made anew" in done.stdout


@pytest.mark.parametrize(
    ("key", "value"), [("python", "3.8"), ("checkout", "/somewhere/else"), ("state", "torn")]
)
def test_an_environment_of_another_place_or_python_is_made_anew(
    checkout: Checkout, key: str, value: str
) -> None:
    checkout.environment()
    checkout.start("setup")
    stamp = checkout.venv / "maskroom-setup.json"
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), key: value}))
    assert "made anew" in checkout.start("setup", patch=ANEW).stdout


def test_a_link_to_another_environment_is_replaced_and_the_other_stays(
    dev: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").touch()
    link = tmp_path / ".venv"
    link.symlink_to(other)
    asked: list[list[str]] = []

    def make(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, b"")

    monkeypatch.setattr(dev, "subprocess", types.SimpleNamespace(run=make, PIPE=None, STDOUT=None))
    dev.make_environment(link)
    assert asked[0][-2:] == ["--clear", str(link)]
    assert not link.exists()
    assert (other / "kept").exists()


def test_an_old_pip_is_told_and_replaced(checkout: Checkout) -> None:
    checkout.environment('echo "pip 9.0.1 from nowhere"')
    done = checkout.start("setup", patch=ANEW)
    assert "pip 9.0.1 in .venv is too old to check the pinned packages.\nmade anew" in done.stdout


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "The disk is full",
        ),
        (
            "WARNING: Retrying, NewConnectionError\nERROR: No matching distribution found for anyio==4.16.0",
            "The network cannot be reached",
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "not the one that was pinned",
        ),
        (
            "WARNING: [SSL: CERTIFICATE_VERIFY_FAILED]\nERROR: No matching distribution",
            "certificate is not trusted",
        ),
        ("ERROR: something of its own", "pip could not finish."),
    ],
)
def test_a_failing_pip_becomes_a_sentence_with_its_last_line(
    checkout: Checkout, said: str, sentence: str
) -> None:
    (checkout.root / "said.txt").write_text(said + "\n", encoding="utf-8")
    checkout.environment(
        f'case "$*" in *requirements*) cat "{checkout.root}/said.txt"; exit 1;; *) echo "pip 24.0";; esac'
    )
    done = checkout.start("setup")
    assert done.returncode == 3
    assert sentence in done.stderr
    assert done.stderr.endswith(f"pip said: {said.splitlines()[-1]}\n")
    assert "Traceback" not in done.stderr


MISSING = """
lacking = ("libEGL.so.1", "libxcb-cursor.so.0")
dev.missing_sonames = lambda wanted: [each for each in lacking if each in wanted]
"""


def test_missing_libraries_name_the_one_line_to_run(checkout: Checkout, tmp_path: Path) -> None:
    checkout.environment()
    checkout.program(tmp_path / "bin" / "apt-get", "echo must not run; exit 9")
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    patch = MISSING + "dev.os.geteuid = lambda: 1000"
    done = checkout.start("setup", patch=patch, PATH=path)
    assert done.returncode == 3
    assert done.stderr == (
        "This system lacks libEGL.so.1, libxcb-cursor.so.0.\n"
        "Install it with:\n    sudo apt-get install libegl1 libxcb-cursor0\n"
    )
    # The tests need no window.
    assert checkout.start("test", patch=patch, PATH=path).stderr.endswith("install libegl1\n")


def test_root_has_missing_libraries_installed(checkout: Checkout, tmp_path: Path) -> None:
    checkout.environment()
    checkout.program(tmp_path / "bin" / "apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {tmp_path}/apt.txt')
    patch = MISSING + "dev.os.geteuid = lambda: 0"
    done = checkout.start("setup", patch=patch, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    update, install = (tmp_path / "apt.txt").read_text().splitlines()
    assert update.startswith("noninteractive update")
    assert install.startswith("noninteractive install")
    assert install.endswith(" libegl1 libxcb-cursor0")


def test_an_apt_without_network_says_so(checkout: Checkout, tmp_path: Path) -> None:
    checkout.environment()
    update = "update) echo \"W: Temporary failure resolving 'deb.debian.org'\" ;;"
    install = '*) echo "E: Unable to locate package libegl1"; exit 100 ;;'
    checkout.program(tmp_path / "bin" / "apt-get", f'case "$1" in {update} {install} esac')
    patch = MISSING + "dev.os.geteuid = lambda: 0"
    done = checkout.start("setup", patch=patch, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert done.returncode == 3
    assert done.stderr.startswith("The network cannot be reached")
    assert done.stderr.endswith("apt-get said: E: Unable to locate package libegl1\n")


def test_a_python_without_ensurepip_names_the_package(checkout: Checkout, tmp_path: Path) -> None:
    checkout.program(tmp_path / "bin" / "apt-get", "exit 9")
    patch = "dev.can_make_environments = lambda: False\ndev.os.geteuid = lambda: 1000"
    done = checkout.start("setup", patch=patch, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")
    version = "python{}.{}-venv".format(*sys.version_info[:2])
    assert done.returncode == 3
    assert done.stderr == (
        "This system lacks Python's venv and ensurepip.\n"
        f"Install it with:\n    sudo apt-get install {version}\n"
    )


def test_run_without_a_display_says_so_before_it_sets_up(checkout: Checkout) -> None:
    done = checkout.start("run", DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert done.returncode == 3
    assert done.stderr.startswith("There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set.\n")
    assert not checkout.venv.exists()


def test_run_becomes_the_application_with_its_files(checkout: Checkout) -> None:
    checkout.environment()
    checkout.start("setup")
    assert checkout.start("run", "one.png", "--version", DISPLAY=":9").returncode == 0
    assert checkout.asked()[-1] == "-P -m app one.png --version"


def test_test_runs_every_check_and_names_what_failed(checkout: Checkout) -> None:
    checkout.environment('echo "pip 24.0";; *ruff*|*mypy*) exit 1')
    checkout.start("setup")
    before = len(checkout.asked())
    done = checkout.start("test", "-x", "-k", "mask")
    ran = checkout.asked()[before:]
    assert [line.split()[1] for line in ran] == ["ruff", "ruff", "mypy", "pytest"]
    assert ran[-1] == "-m pytest -x -k mask"
    assert done.returncode == 1
    assert done.stdout.endswith("Failed: ruff check, ruff format, mypy.\n")


def test_without_arguments_all_tests_run_in_two_halves_and_each_is_heard(
    checkout: Checkout, dev: types.ModuleType
) -> None:
    checkout.environment(
        'echo "pip 24.0";; *tests/ui*) case "$*" in *ignore*) exit 0;; esac; echo "window"; exit 1'
    )
    checkout.start("setup")
    before = len(checkout.asked())
    done = checkout.start("test")
    ran = [line for line in checkout.asked()[before:] if "pytest" in line]
    beside = " ".join(dev.BESIDE)
    ignored = " ".join(f"--ignore={folder}" for folder in dev.BESIDE)
    assert sorted(ran) == [f"-m pytest {ignored}", f"-m pytest -p no:cacheprovider {beside}"]
    assert all((dev.ROOT / folder).is_dir() for folder in dev.BESIDE)
    assert done.stdout.endswith("\nwindow\nFailed: pytest.\n")
    assert done.returncode == 1


def test_peers_have_an_environment_of_their_own(
    checkout: Checkout, dev: types.ModuleType, tmp_path: Path
) -> None:
    checkout.environment()
    checkout.peers()
    path = checkout.npm(tmp_path / "bin", dev.AIMOCK_INTEGRITY)
    done = checkout.start("test", "peers", "-x", PATH=path)
    assert done.returncode == 0, done.stderr
    asked = checkout.asked()
    assert [line for line in asked if "--require-hashes" in line and line.endswith("requirements-peers.txt")]
    (npm,) = [line for line in asked if line.startswith("npm ")]
    assert npm.endswith(f"{dev.AIMOCK}@{dev.AIMOCK_VERSION}")
    assert asked[-1] == f"-m pytest -o faulthandler_timeout=0 {checkout.root}/tests/peers -x"
    assert not any("ruff" in line or "mypy" in line for line in asked)
    assert checkout.start("test", "peers", PATH=path).returncode == 0
    assert checkout.asked()[len(asked) :] == [
        f"-m pytest -o faulthandler_timeout=0 {checkout.root}/tests/peers"
    ]


def test_peers_do_without_npm(checkout: Checkout, tmp_path: Path) -> None:
    checkout.environment()
    checkout.peers()
    done = checkout.start("test", "peers", patch="dev.shutil.which = lambda name: None")
    assert done.returncode == 0, done.stderr
    assert checkout.asked()[-1] == f"-m pytest -o faulthandler_timeout=0 {checkout.root}/tests/peers"


def test_a_peer_that_is_not_the_pinned_one_is_removed(checkout: Checkout, tmp_path: Path) -> None:
    checkout.environment()
    checkout.peers()
    path = checkout.npm(tmp_path / "bin", "sha512-another")
    done = checkout.start("test", "peers", PATH=path)
    assert done.returncode == 3
    assert done.stderr.startswith("The downloaded @copilotkit/aimock is not the one that was pinned")
    assert not (checkout.root / ".venv-peers" / "node").exists()
    assert not any("-m pytest" in line for line in checkout.asked())


def test_bench_names_the_benchmarks_there_are(checkout: Checkout) -> None:
    checkout.environment()
    checkout.start("setup")
    benchmarks = checkout.root / "tests" / "benchmarks"
    benchmarks.mkdir(parents=True)
    (benchmarks / "bench_brush.py").touch()
    (benchmarks / "bench_load.py").touch()
    done = checkout.start("bench", "paint")
    assert done.returncode == 3
    assert done.stderr == "There is no benchmark 'paint'; there are: brush, load.\n"
    assert checkout.start("bench", "load").returncode == 0
    assert checkout.asked()[-1] == str(benchmarks / "bench_load.py")
    assert checkout.start("bench", "load", "--only", "5").returncode == 0
    assert checkout.asked()[-1] == f"{benchmarks / 'bench_load.py'} --only 5"
    assert checkout.start("bench", "--only=5").returncode == 2


def test_a_checkout_that_cannot_be_written_is_a_sentence(checkout: Checkout) -> None:
    checkout.environment()
    full = """
    def fail(stamp, venv):
        raise OSError(28, "No space left on device", str(venv / dev.STAMP_NAME))
    dev.write_stamp = fail
    """
    done = checkout.start("setup", patch=full)
    assert done.returncode == 3
    assert done.stderr.startswith("The set-up stopped: No space left on device (")


def test_it_finds_what_the_loader_finds(dev: types.ModuleType) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux takes Qt's libraries from the system")
    assert dev.missing_sonames({"libc.so.6": "libc6", "libnothing-of-the-kind.so.1": "none"}) == [
        "libnothing-of-the-kind.so.1"
    ]
