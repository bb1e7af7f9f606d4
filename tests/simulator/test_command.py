"""`manage.py aeat_simulator` as operators and supervisors run it: in a process of its own, ended by signals."""

import http.client
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from tests.simulator.conftest import PASSWORD
from tests.simulator.sender import COMPANY, Chain, Client, Clock
from verifactu.certificates import Certificate
from verifactu.simulator.authority import Authority
from verifactu.simulator.simulator import machine_time

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Run:
    """A running command and what it said about itself."""

    process: subprocess.Popen[str]
    about: dict[str, Any]

    def client(self, folder: Path) -> Client:
        authority = Authority(Path(self.about["directory"]))
        p12 = authority.client_certificate(COMPANY, "TIENDA DE PRUEBAS SL", password=PASSWORD)
        return Client(self.about["endpoint"], authority.ca_file, p12, PASSWORD, folder=folder)

    def ledger(self) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.about["control"]).netloc, timeout=10)
        connection.request("GET", "/control/ledger.json")
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return found

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=15)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


class Runner:
    """Starts the command; what is left at the end of the test is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs: list[Run] = []

    def environment(self, **more: str) -> dict[str, str]:
        # A database that cannot be reached: the command needs none.
        return {
            **os.environ,
            "DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": "postgresql://no@127.0.0.1:1/none",
            **more,
        }

    def start(self, *arguments: str, **environment: str) -> Run:
        ready = self.folder / "ready.json"
        process = subprocess.Popen(
            [sys.executable, "manage.py", "aeat_simulator", "--json", "--ready-file", str(ready), *arguments],
            cwd=ROOT, env=self.environment(**environment), stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.runs.append(Run(process, {}))
        assert process.stdout is not None
        line = process.stdout.readline()
        run = Run(process, json.loads(line))
        self.runs[-1] = run
        assert json.loads(ready.read_text()) == run.about
        return run


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    made = Runner(tmp_path)
    yield made
    for run in made.runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
        if run.process.stdout is not None:
            run.process.stdout.close()


@pytest.fixture
def present() -> Clock:
    """The machine's time: the command's clock."""
    return Clock(machine_time())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_it_is_told_to_stop(runner: Runner, tmp_path: Path, present: Clock, number: int) -> None:
    run = runner.start("--wait", "1")
    chain = Chain(present)
    answer = run.client(tmp_path).post(chain.submission(chain.alta("A-1")))
    assert (answer.text("EstadoEnvio"), answer.text("TiempoEsperaEnvio")) == ("Correcto", "1")
    assert run.about["endpoint"].startswith("https://127.0.0.1:")
    assert run.about["ca_file"] == str(Authority(tmp_path / "data" / "simulator").ca_file)
    assert run.end(number) == 0
    assert not (tmp_path / "ready.json").exists()


@pytest.mark.faults
def test_what_it_answered_survives_kill_9(runner: Runner, tmp_path: Path, present: Clock) -> None:
    run = runner.start()
    chain = Chain(present)
    message = chain.submission(chain.alta("A-1"), chain.alta("A-2"))
    assert run.client(tmp_path).post(message).text("EstadoEnvio") == "Correcto"
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    again = runner.start()
    assert again.ledger()["counts"] == {"Correcto": 2}
    answer = again.client(tmp_path).post(message)
    assert answer.verdicts == [("Incorrecto", "3000")] * 2
    assert again.client(tmp_path).post(chain.submission(chain.alta("A-3"))).verdicts == [("Correcto", "")]


def test_its_clock_is_the_houses(runner: Runner, tmp_path: Path, present: Clock) -> None:
    offset = tmp_path / "offset"
    offset.write_text("86400")
    run = runner.start(CLOCK_OFFSET_FILE=str(offset))
    client = run.client(tmp_path)
    chain = Chain(present)
    assert client.post(chain.submission(chain.alta("A-1"))).verdicts == [("AceptadoConErrores", "2004")]
    present.forward(86400)
    assert client.post(chain.submission(chain.alta("A-2"))).verdicts == [("Correcto", "")]


def test_fails_as_the_command_line_says(runner: Runner, tmp_path: Path, present: Clock) -> None:
    run = runner.start("--fail", "http_503:2", "--fail", "fault_server")
    chain = Chain(present)
    message = chain.submission(chain.alta("A-1"))
    client = run.client(tmp_path)
    assert [client.post(message).status for _ in range(4)] == [503, 503, 500, 200]


@pytest.mark.faults
def test_an_old_ready_file_does_not_deceive(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "ready.json").write_text("{}")
    run = runner.start()
    assert run.process.poll() is None
    taken = str(urlsplit(run.about["endpoint"]).port)
    done = subprocess.run(
        [sys.executable, "manage.py", "aeat_simulator", "--port", taken, "--ready-file", str(tmp_path / "ready.json")],
        cwd=ROOT, env=runner.environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "ready.json").exists()


class TestIssuing:
    """`--issue-certificate` writes one file and ends."""

    @pytest.fixture
    def password(self, tmp_path: Path) -> Path:
        file = tmp_path / "password"
        file.write_text("secreto ñ\n")
        return file

    def issue(self, folder: Path, nif: str, *arguments: str) -> str:
        said = io.StringIO()
        directory = str(folder / "data" / "simulator")
        call_command("aeat_simulator", "--directory", directory, "--issue-certificate", nif, *arguments, stdout=said)
        return said.getvalue()

    def test_writes_a_certificate_that_opens_the_simulator(
        self, runner: Runner, tmp_path: Path, present: Clock, password: Path
    ) -> None:
        out = tmp_path / "company.p12"
        files = "--out", str(out), "--password-file", str(password)
        said = self.issue(tmp_path, COMPANY, "--name", "TIENDA SL", "--seal", *files)
        assert str(out) in said
        assert "secreto" not in said
        assert out.stat().st_mode & 0o777 == 0o600
        read = Certificate.from_pkcs12(out.read_bytes(), "secreto ñ")
        assert (read.nif, read.holder_name, read.is_seal) == (COMPANY, "TIENDA SL", True)
        run = runner.start()
        client = Client(
            run.about["endpoint"], Path(run.about["ca_file"]), out.read_bytes(), "secreto ñ", folder=tmp_path
        )
        chain = Chain(present)
        assert client.post(chain.submission(chain.alta("A-1"))).verdicts == [("Correcto", "")]

    def test_does_not_overwrite(self, tmp_path: Path, password: Path) -> None:
        out = tmp_path / "mine.p12"
        out.write_bytes(b"precious")
        with pytest.raises(CommandError, match="is there already"):
            self.issue(tmp_path, COMPANY, "--name", "X", "--out", str(out), "--password-file", str(password))
        assert out.read_bytes() == b"precious"

    def test_says_what_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="--name, --out, --password-file needed") as raised:
            self.issue(tmp_path, COMPANY)
        assert raised.value.returncode == 2

    def test_refuses_an_empty_password(self, tmp_path: Path, password: Path) -> None:
        password.write_text("\n")
        with pytest.raises(CommandError, match="holds no password"):
            self.issue(tmp_path, COMPANY, "--name", "X", "--out", str(tmp_path / "o"), "--password-file", str(password))

    def test_refuses_what_is_no_nif(self, tmp_path: Path, password: Path) -> None:
        with pytest.raises(CommandError, match="is not a NIF"):
            self.issue(
                tmp_path, "nobody", "--name", "X", "--out", str(tmp_path / "o"), "--password-file", str(password)
            )
