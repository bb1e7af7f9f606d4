"""Bytes stored under their own hash: once, whole, and never believed without looking."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from invoicing.documents import Documents, StoredDocument, Tampered

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""The SHA-256 of `abc`, as FIPS 180-4 publishes it."""


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(tmp_path / "data" / "documents")


def files(documents: Documents) -> list[Path]:
    return [path for path in documents.root.rglob("*") if path.is_file()]


def test_bytes_lie_under_their_hash(documents: Documents) -> None:
    assert documents.store(b"abc") == StoredDocument(sha256=ABC, size=3)
    assert files(documents) == [documents.root / "ba" / "78" / f"{ABC}.pdf"]
    assert documents.read(ABC) == b"abc"


def test_storing_again_changes_nothing(documents: Documents) -> None:
    documents.store(b"abc")
    before = documents.path(ABC).stat()
    assert documents.store(b"abc").sha256 == ABC
    assert documents.path(ABC).stat().st_ino == before.st_ino
    assert len(files(documents)) == 1


def test_many_writers_of_the_same_bytes_leave_one_file(documents: Documents) -> None:
    data = os.urandom(300_000)
    with ThreadPoolExecutor(8) as pool:
        stored = set(pool.map(documents.store, [data] * 32))
    assert stored == {StoredDocument(hashlib.sha256(data).hexdigest(), len(data))}
    assert len(files(documents)) == 1


def test_altered_bytes_are_never_returned(documents: Documents) -> None:
    documents.store(b"abc")
    documents.path(ABC).write_bytes(b"abd")
    with pytest.raises(Tampered, match=ABC):
        documents.read(ABC)


def test_storing_the_right_bytes_again_heals_altered_ones(documents: Documents) -> None:
    documents.store(b"abc")
    documents.path(ABC).write_bytes(b"")
    documents.store(b"abc")
    assert documents.read(ABC) == b"abc"


def test_what_was_never_stored_is_not_found(documents: Documents) -> None:
    with pytest.raises(FileNotFoundError):
        documents.read(ABC)


@pytest.mark.parametrize("text", ["", "abc", "../../../../etc/passwd", ABC.upper(), f"{ABC}\n", f"../{ABC[3:]}"])
def test_only_a_hash_becomes_a_path(documents: Documents, text: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        documents.read(text)


def test_a_disk_that_fails_leaves_nothing_half(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112 (a descriptor, not a path of ours)
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            documents.store(b"abc")
    assert files(documents) == []
    assert documents.store(b"abc").sha256 == ABC


def test_nobody_else_may_look(documents: Documents) -> None:
    documents.store(b"abc")
    folders = [documents.root, documents.root / "ba", documents.root / "ba" / "78"]
    assert [folder.stat().st_mode & 0o077 for folder in folders] == [0, 0, 0]
    assert documents.path(ABC).stat().st_mode & 0o077 == 0


def test_name_and_bytes_are_synced_before_store_returns(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    documents.store(b"abc")
    home = str(documents.root / "ba" / "78")
    assert synced[-1] == home
    assert Path(synced[-2]).parent == Path(home)
    assert synced[-2].endswith(".part")
    # The folders that were made are synced where their names stand.
    assert {str(documents.root.parent), str(documents.root), str(documents.root / "ba")} <= set(synced)
