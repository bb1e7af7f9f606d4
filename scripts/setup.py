#!/usr/bin/env python3
"""Make `.venv` and fill it from a lock file, or find within milliseconds that there is nothing to do.

    python3 scripts/setup.py          what Encadena needs to run: requirements.lock
    python3 scripts/setup.py --dev    also what its tests and checks need: requirements-dev.lock

1. The Python, then the system libraries that WeasyPrint loads: what is missing is told in one line, with its remedy.
2. A stamp in `.venv` names the lock files that it satisfies; when ours is among them, that is all.
3. Else, one set-up at a time (a file lock, held by pip too): the environment is made or repaired, then `uv` where there
   is one, else pip, installs the lock file and refuses whatever has another hash.

The development lock is the runtime lock and more, with the same pins: installing it beside a running demo replaces
nothing. Only the standard library, and nothing that an old Python could not parse: it has to live long enough to say
so. It speaks on stderr, because stdout belongs to the command that comes after it.
"""

import ctypes
import hashlib
import os
import sys
from pathlib import Path

RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"

# What WeasyPrint 70 opens by dlopen at import (weasyprint/text/ffi.py), by its names on Linux and on macOS.
LIBRARIES = {
    "libgobject-2.0": ("libgobject-2.0.so.0", "libgobject-2.0.0.dylib"),
    "libpango-1.0": ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    "libpangoft2-1.0": ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
    "libharfbuzz": ("libharfbuzz.so.0", "libharfbuzz.0.dylib"),
    "libfontconfig": ("libfontconfig.so.1", "libfontconfig.1.dylib"),
}
# Without it PDFs are right, and two to five times slower.
SUBSET_LIBRARY = {"libharfbuzz-subset": ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib")}


class Impossible(Exception):
    """Set-up cannot go on until somebody does what the message says."""


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    try:
        require_python()
        require_libraries()
        prepare(root, DEVELOPMENT if "--dev" in sys.argv[1:] else RUNTIME)
    except Impossible as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def require_python() -> None:
    """Go on under a Python of at least 3.11, another one on PATH if need be.

    :raises Impossible: there is none.
    """
    if sys.version_info >= (3, 11):
        return
    import shutil

    for minor in range(14, 10, -1):
        newer = shutil.which("python3.%d" % minor)
        if newer:
            os.execv(newer, [newer] + sys.argv)  # noqa: S606 - replaces this process, no shell
    raise Impossible(
        "Encadena needs Python 3.11 or newer, and this is {}.{}. ".format(*sys.version_info)
        + remedy("python3.11 python3.11-venv", "python3.11", "python@3.12")
    )


def require_libraries() -> None:
    """Try to load what WeasyPrint will load.

    :raises Impossible: a library is missing; the message installs it.
    """
    missing = missing_libraries(LIBRARIES)
    if missing:
        raise Impossible(
            "WeasyPrint, which prints the invoices, needs "
            + ", ".join(missing)
            + " on this machine. "
            # Homebrew's own Python finds Homebrew's libraries, Apple's does not.
            + remedy("libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0", "pango", "python pango")
        )


def missing_libraries(libraries: "dict[str, tuple[str, str]]") -> "list[str]":
    """Return the names of those that cannot be loaded."""
    return [name for name, (linux, mac) in libraries.items() if not loads(mac if sys.platform == "darwin" else linux)]


def loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        if sys.platform != "darwin":
            return False
        from ctypes.util import find_library

        return find_library(name[3:].split(".dylib", maxsplit=1)[0]) is not None
    return True


def remedy(debian: str, fedora: str, mac: str) -> str:
    sudo = "" if os.geteuid() == 0 else "sudo "
    return (
        "Install it with: " + sudo + "apt-get install --no-install-recommends " + debian + " (Debian, Ubuntu); "
        "" + sudo + "dnf install " + fedora + " (Fedora); brew install " + mac + " (macOS)."
    )


def prepare(root: Path, lock_name: str) -> None:
    """Have `.venv` satisfy the lock file.

    :raises Impossible: it cannot be made or filled.
    """
    venv = root / ".venv"
    if satisfies(venv, root / lock_name):
        return
    with only_one(root) as guard:
        # Whoever held the lock may have done our work.
        if satisfies(venv, root / lock_name):
            return
        say("Setting up .venv from %s (once; half a minute or so)" % lock_name)
        (venv / "encadena.stamp").unlink(missing_ok=True)
        make_or_repair(venv)
        install(venv, root / lock_name, guard)
        stamp(venv, [root / RUNTIME, root / DEVELOPMENT] if lock_name == DEVELOPMENT else [root / RUNTIME])
        if missing_libraries(SUBSET_LIBRARY):
            say(
                "Hint: with libharfbuzz-subset PDFs are printed two to five times faster. "
                + remedy("libharfbuzz-subset0", "harfbuzz", "harfbuzz")
            )


def satisfies(venv: Path, lock: Path) -> bool:
    """Tell whether the stamp names this lock file, as it is now, and the Python that is still there."""
    try:
        lines = (venv / "encadena.stamp").read_text().splitlines()
    except OSError:
        return False
    return lines[:1] == [base_python(venv)] and line_for(lock) in lines


def stamp(venv: Path, locks: "list[Path]") -> None:
    new = venv / "encadena.stamp.new"
    new.write_text("\n".join([base_python(venv), *map(line_for, locks)]) + "\n")
    new.replace(venv / "encadena.stamp")


def base_python(venv: Path) -> str:
    python = (venv / "bin" / "python").resolve()
    return str(python) if python.exists() else "none"


def line_for(lock: Path) -> str:
    try:
        return hashlib.sha256(lock.read_bytes()).hexdigest() + " " + lock.name
    except FileNotFoundError as error:
        raise Impossible(lock.name + " is missing from this checkout.") from error


class only_one:  # noqa: N801 - reads as a phrase
    """Hold the set-up's file lock.

    The descriptor that `with` yields is passed on to pip: should we be killed and pip not, it is held until pip ends.
    """

    def __init__(self, root: Path) -> None:
        self.file = root / ".data" / "setup.lock"

    def __enter__(self) -> int:
        import fcntl

        self.file.parent.mkdir(mode=0o700, exist_ok=True)
        self.descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work here; waiting for it")
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        return self.descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


def make_or_repair(venv: Path) -> None:
    import importlib.util
    import shutil

    python = venv / "bin" / "python"
    in_order = "import sys; sys.exit(sys.prefix == sys.base_prefix or sys.version_info < (3, 11))"
    if python.exists() and run([python, "-I", "-c", in_order], quiet=True):
        for folder in half_installed(venv):
            shutil.rmtree(folder)
    else:
        make = [sys.executable, "-I", "-m", "venv", "--without-pip", "--clear", venv]
        if importlib.util.find_spec("venv") is None or not run(make):
            raise without("venv")


def half_installed(venv: Path) -> "list[Path]":
    """Return the `.dist-info` folders of packages whose files are not all there at full size, and pip's left-overs.

    Once such a folder is gone, pip takes the package for absent and installs it again, over what it finds.
    """
    import csv

    broken = []  # type: list[Path]
    for site_packages in venv.glob("lib/python*/site-packages"):
        broken += site_packages.glob("~*/")
        for folder in site_packages.glob("*.dist-info"):
            try:
                rows = list(csv.reader((folder / "RECORD").read_text(encoding="utf-8").splitlines()))
                whole = all((site_packages / path).stat().st_size == int(size) for path, _, size in rows if size)
            except (OSError, ValueError):
                whole = False
            if not whole:
                broken.append(folder)
    return broken


def install(venv: Path, lock: Path, guard: int) -> None:
    import shutil

    python = venv / "bin" / "python"
    # The lock file is complete, so nothing is to be resolved.
    what = ["--require-hashes", "--no-deps", "-r", lock]
    uv = shutil.which("uv")
    if uv:
        if run([uv, "pip", "install", "--quiet", "--python", python, *what], guard):
            return
        say("uv could not; trying pip")
    # Not `import pip`, which a folder full of half a pip passes.
    has_pip = any(venv.glob("lib/python*/site-packages/pip-*.dist-info"))
    if not has_pip and not run([python, "-I", "-m", "ensurepip", "--default-pip"], guard, quiet=True):
        raise without("ensurepip")
    pip = [python, "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    if not run([*pip, *what], guard):
        raise Impossible("Installing %s failed; the lines above say why." % lock.name)


def without(module: str) -> Impossible:
    version = "{}.{}".format(*sys.version_info)
    return Impossible(
        "This Python %s cannot make a virtual environment (%s). " % (version, module)
        + remedy("python" + version + "-venv", "python3-pip", "python")
    )


def run(command: "list[object]", guard: "int | None" = None, quiet: bool = False) -> bool:
    """Run a command with its output on stderr, or nowhere, and tell whether it succeeded."""
    import subprocess

    elsewhere = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else 2,
        stderr=subprocess.DEVNULL if quiet else None,
        pass_fds=() if guard is None else (guard,),
    )
    return done.returncode == 0


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
