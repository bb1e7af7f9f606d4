"""`scripts/setup.py` as a process, in a checkout of its own, without network: from packages made here."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


class Checkout:
    """A folder with spaces in its name, the script, and two lock files over a folder of wheels."""

    def __init__(self, parent: Path) -> None:
        self.root = parent / "a checkout"
        self.wheels = parent / "wheels"
        self.venv = self.root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.wheels.mkdir()
        (self.root / "scripts").mkdir(parents=True)
        self.script = Path(shutil.copy(ROOT / "scripts" / "setup.py", self.root / "scripts"))
        self.lock("requirements.lock", [])
        self.lock("requirements-dev.lock", [])

    def lock(self, name: str, wheels: list[Path]) -> None:
        lines = ["--no-index", f"--find-links {self.wheels.as_uri()}"]
        for wheel in wheels:
            package, version, *_ = wheel.name.split("-")
            lines.append(f"{package}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}")
        (self.root / name).write_text("\n".join(lines) + "\n")

    def wheel(self, package: str, version: str = "1") -> Path:
        """Make a wheel of one module, `<package>.py`, that says `VERSION`."""
        files = {
            f"{package}.py": f"VERSION = {version!r}\n",
            f"{package}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
            f"{package}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{name},{_digest(text)},{len(text)}\n" for name, text in files.items())
        files[f"{package}-{version}.dist-info/RECORD"] = f"{record}{package}-{version}.dist-info/RECORD,,\n"
        path = self.wheels / f"{package}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return path

    def start(self, *arguments: str, path: str = os.defpath, python: str = sys.executable) -> "subprocess.Popen[str]":
        # From another folder, with nothing to read from and neither uv nor the machine's pip settings at hand.
        return subprocess.Popen(
            [python, "-I", "-S", str(self.script), *arguments],
            cwd="/",
            env={"PATH": path, "HOME": str(self.root), "PIP_CONFIG_FILE": os.devnull},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def set_up(self, *arguments: str) -> str:
        """Run it, see that it succeeds and keeps stdout clean, and return what it said."""
        process = self.start(*arguments)
        out, said = process.communicate()
        assert process.returncode == 0, said
        assert out == ""
        return said

    def imports(self, *modules: str) -> bool:
        code = f"import {', '.join(modules)}"
        return subprocess.run([self.python, "-I", "-c", code], check=False, capture_output=True).returncode == 0

    def site_packages(self) -> Path:
        return next(self.venv.glob("lib/python*/site-packages"))


def _digest(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


@pytest.fixture
def bare(tmp_path: Path) -> Checkout:
    """A checkout without any `.venv`."""
    return Checkout(tmp_path)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip in it: making one takes seconds, copying one does not."""
    made = Checkout(tmp_path_factory.mktemp("made"))
    made.set_up()
    (made.venv / "encadena.stamp").unlink()
    return made.venv


@pytest.fixture
def checkout(bare: Checkout, environment: Path) -> Checkout:
    """A checkout whose `.venv` has only pip, and no stamp."""
    shutil.copytree(environment, bare.venv, symlinks=True)
    return bare


def test_it_sets_up_once_and_then_has_nothing_to_do(bare: Checkout) -> None:
    assert "Setting up .venv from requirements.lock" in bare.set_up()
    made = bare.python.lstat().st_mtime_ns
    assert bare.set_up() == ""
    assert bare.python.lstat().st_mtime_ns == made


def test_demo_gets_what_runs_and_test_gets_that_and_more(checkout: Checkout) -> None:
    runs, tests = checkout.wheel("runs"), checkout.wheel("tests_it")
    checkout.lock("requirements.lock", [runs])
    checkout.lock("requirements-dev.lock", [runs, tests])
    checkout.set_up()
    assert checkout.imports("runs")
    assert not checkout.imports("tests_it")
    installed = (checkout.site_packages() / "runs.py").stat()
    checkout.set_up("--dev")
    assert checkout.imports("runs", "tests_it")
    assert checkout.set_up() == "", "the development set satisfies the runtime's lock too"
    now = (checkout.site_packages() / "runs.py").stat()
    assert (now.st_ino, now.st_mtime_ns) == (installed.st_ino, installed.st_mtime_ns), "a running demo lost its files"


def test_a_changed_lock_file_is_installed(checkout: Checkout) -> None:
    checkout.lock("requirements.lock", [checkout.wheel("runs", "1")])
    checkout.set_up()
    checkout.lock("requirements.lock", [checkout.wheel("runs", "2")])
    checkout.set_up()
    assert (checkout.site_packages() / "runs.py").read_text() == "VERSION = '2'\n"


def test_a_file_with_another_hash_is_refused_and_tried_again(checkout: Checkout) -> None:
    checkout.lock("requirements.lock", [checkout.wheel("runs")])
    genuine = (checkout.root / "requirements.lock").read_text()
    (checkout.root / "requirements.lock").write_text(re.sub("sha256:....", "sha256:0000", genuine))
    process = checkout.start()
    _, said = process.communicate()
    assert process.returncode == 1
    assert "DO NOT MATCH THE HASHES" in said
    assert said.splitlines()[-1] == "Installing requirements.lock failed; the lines above say why."
    assert not checkout.imports("runs")
    (checkout.root / "requirements.lock").write_text(genuine)
    checkout.set_up()
    assert checkout.imports("runs")


@pytest.mark.faults
def test_two_at_once_on_an_empty_checkout_do_not_fight(bare: Checkout) -> None:
    runs, tests = bare.wheel("runs"), bare.wheel("tests_it")
    bare.lock("requirements.lock", [runs])
    bare.lock("requirements-dev.lock", [runs, tests])
    together = [bare.start(), bare.start("--dev"), bare.start("--dev")]
    said = [process.communicate()[1] for process in together]
    assert [process.returncode for process in together] == [0, 0, 0], said
    assert bare.imports("runs", "tests_it")
    assert sum("Another set-up is at work here" in text for text in said) == 2
    assert sum("Setting up" in text for text in said) <= 2, "what the first one did was done again"


@pytest.mark.faults
def test_an_environment_that_was_cut_short_is_repaired(checkout: Checkout) -> None:
    checkout.lock("requirements.lock", [checkout.wheel("runs"), checkout.wheel("also")])
    checkout.set_up()
    # As a kill in the middle leaves it: no stamp, one module half written, the end of a package missing, half a pip.
    (checkout.venv / "encadena.stamp").unlink()
    (checkout.site_packages() / "runs.py").write_text("VERS")
    (checkout.site_packages() / "also-1.dist-info" / "RECORD").unlink()
    (checkout.site_packages() / "pip" / "__init__.py").unlink()
    checkout.set_up()
    assert (checkout.site_packages() / "runs.py").read_text() == "VERSION = '1'\n"
    assert checkout.imports("runs", "also", "pip")


@pytest.mark.faults
@pytest.mark.parametrize("broken", ["no configuration", "dead link", "empty"])
def test_an_environment_without_a_python_is_made_anew(checkout: Checkout, broken: str) -> None:
    checkout.lock("requirements.lock", [checkout.wheel("runs")])
    checkout.set_up()
    match broken:
        case "no configuration":
            (checkout.venv / "encadena.stamp").unlink()
            (checkout.venv / "pyvenv.cfg").unlink()
        case "dead link":  # the system's Python went, as after an upgrade
            checkout.python.unlink()
            checkout.python.symlink_to("/nowhere/python")
        case _:
            shutil.rmtree(checkout.venv)
            checkout.venv.mkdir()
    checkout.set_up()
    assert checkout.imports("runs")


def test_a_missing_library_is_named_in_one_line_with_what_installs_it(bare: Checkout) -> None:
    text = bare.script.read_text()
    bare.script.write_text(text.replace('"libpangoft2-1.0.so.0", "lib', '"libpangoft2-absent.so.0", "libabsent'))
    process = bare.start()
    out, said = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert said.count("\n") == 1
    assert "needs libpangoft2-1.0 on this machine" in said
    for command in (
        "apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian, Ubuntu)",
        "dnf install pango (Fedora)",
        "brew install python pango (macOS)",
    ):
        assert command in said
    assert not bare.venv.exists()


@pytest.mark.faults
def test_an_old_python_gives_way_to_a_newer_one_or_says_what_to_install(bare: Checkout, tmp_path: Path) -> None:
    # The running Python taken for an old one, and a folder that is all of PATH.
    text = bare.script.read_text()
    bare.script.write_text(text.replace("sys.version_info >= (3, 11)", '"newer" in sys.argv', 1))
    process = bare.start(path=str(tmp_path / "bin"))
    _, said = process.communicate()
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert said.startswith("Encadena needs Python 3.11 or newer")
    assert "apt-get install" in said
    (tmp_path / "bin").mkdir()
    newer = tmp_path / "bin" / "python3.12"
    newer.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@" newer\n')
    newer.chmod(0o755)
    process = bare.start("--dev", path=f"{tmp_path / 'bin'}:{os.defpath}")
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert "requirements-dev.lock" in said


@pytest.mark.parametrize("uv_works", [True, False])
def test_uv_is_asked_first_and_pip_where_it_cannot(checkout: Checkout, tmp_path: Path, uv_works: bool) -> None:
    checkout.lock("requirements.lock", [checkout.wheel("runs")])
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    # Writes down what it was asked; what the real one would do with that is its own affair.
    uv.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/asked"\nexit {0 if uv_works else 2}\n')
    uv.chmod(0o755)
    process = checkout.start(path=f"{uv.parent}:{os.defpath}")
    _, said = process.communicate()
    assert process.returncode == 0, said
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:2] == ["pip", "install"]
    assert asked[asked.index("--python") + 1] == str(checkout.python)
    assert asked[asked.index("-r") + 1] == str(checkout.root / "requirements.lock")
    assert "--require-hashes" in asked
    assert ("uv could not; trying pip" in said) is not uv_works
    assert checkout.imports("runs") is not uv_works


def test_no_ensurepip_is_told_with_what_installs_it(bare: Checkout) -> None:
    text = bare.script.read_text()
    bare.script.write_text(text.replace('"-m", "ensurepip"', '"-m", "ensurepip_absent"'))
    process = bare.start()
    _, said = process.communicate()
    assert process.returncode == 1
    assert f"apt-get install --no-install-recommends python3.{sys.version_info[1]}-venv" in said.splitlines()[-1]


def test_every_pin_of_the_runtime_stands_in_the_development_lock_and_has_a_hash() -> None:
    runtime, development = (_pins(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))
    assert len(runtime) > 20
    assert runtime.items() <= development.items()
    assert all("--hash=sha256:" in pin for pin in development.values())


def test_no_address_of_an_index_stands_in_a_lock_file() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"https?://|index-url|find-links", (ROOT / name).read_text())


def _pins(lock: Path) -> dict[str, str]:
    """Return what each package's entry says, comments left out."""
    lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
    entries = re.split(r"(?m)^(?=\S)", "\n".join(lines))
    return {entry.split("==")[0]: " ".join(entry.split()) for entry in entries if entry.strip()}
