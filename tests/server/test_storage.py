"""Where files named by their SHA-256 lie: folders and object stores keep the same promises."""

import hashlib
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from crackmap.errors import SettingError, StorageError
from crackmap_server.app import create_app
from crackmap_server.errors import StorageFailed
from crackmap_server.evidence import EvidenceFolder, evidence_folder
from crackmap_server.hashed_files import HashedFiles
from crackmap_server.object_storage import ObjectStorage
from crackmap_server.settings import Settings
from crackmap_server.storage import FolderStorage, Storage
from crackmap_server.upgrade import prepared


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    match request.param:
        case "folder":
            return FolderStorage(tmp_path)
        case "file":
            return ObjectStorage(f"file://{tmp_path}/objects", "evidence")
        case "memory":
            return ObjectStorage(f"memory:///{uuid4()}", "evidence")
    return ObjectStorage(request.getfixturevalue("bucket"), "evidence")


@pytest.fixture
def files(storage: Storage, tmp_path: Path) -> HashedFiles[None]:
    made: HashedFiles[None] = HashedFiles(storage, tmp_path, 10**8, lambda path: None)
    made.open()
    return made


def deliver(files: HashedFiles[None], content: bytes) -> str:
    with files.arriving(sha256(content)) as arrival:
        arrival.write(content)
        arrival.finish()
    return sha256(content)


def left(folder: Path) -> list[Path]:
    return list((folder / "incoming").iterdir())


@pytest.mark.parametrize("size_bytes", [0, 1, 12_000_000])
def test_what_is_kept_is_read_as_it_was(files: HashedFiles[None], tmp_path: Path, size_bytes: int) -> None:
    """Twelve megabytes go in parts."""
    content = (bytes(range(256)) * (size_bytes // 256 + 1))[:size_bytes]
    name = deliver(files, content)
    assert files.size_bytes(name) == size_bytes
    assert b"".join(files.parts(name)) == content
    with files.reading(name) as path:
        assert path.read_bytes() == content
    assert files.digest(name) == name
    assert left(tmp_path) == []


def test_twice_is_once_and_removed_is_gone(files: HashedFiles[None]) -> None:
    names = [deliver(files, content) for content in (b"one", b"two", b"one")]
    assert files.listed() == {names[0]: 3, names[1]: 3}
    assert files.held({*names, "0" * 64}) == set(names)
    assert files.held(set()) == set()
    for _ in range(2):
        files.remove(names[0])
    assert files.listed() == {names[1]: 3}
    assert files.size_bytes(names[0]) is None
    assert not files.holds(names[0])
    with pytest.raises(FileNotFoundError):
        list(files.parts(names[0]))


def test_what_is_not_finished_is_not_there(files: HashedFiles[None], tmp_path: Path) -> None:
    with files.arriving(sha256(b"whole")) as arrival:
        arrival.write(b"who")
    assert (files.listed(), left(tmp_path)) == ({}, [])


def test_what_was_damaged_where_it_lies_is_never_given_out_whole(
    files: HashedFiles[None], storage: Storage, tmp_path: Path
) -> None:
    wrong, name = tmp_path / "incoming" / "wrong", sha256(b"right")
    wrong.write_bytes(b"wrong")
    deliver(files, b"another")  # the folder for it is there
    storage.keep(wrong, name)
    assert files.digest(name) == sha256(b"wrong")
    with pytest.raises(StorageFailed, match="damaged"):
        list(files.parts(name))


def test_a_copy_of_a_backup_is_kept_and_stays_in_the_backup(files: HashedFiles[None], tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"content")
    files.adopt(source, sha256(b"content"))
    assert source.read_bytes() == b"content"
    assert b"".join(files.parts(sha256(b"content"))) == b"content"
    assert left(tmp_path) == []


# -------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize("address", ["s3://", "pictures", "ftp://host/folder"])
def test_an_address_that_cannot_be_used_is_named(address: str) -> None:
    with pytest.raises(SettingError, match=f"objects '{address}'.*write s3://"):
        ObjectStorage(address, "evidence")


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_named_at_the_start() -> None:
    with pytest.raises(StorageError, match=r"objects s3://none/log: cannot be used .*AWS_"):
        ObjectStorage("s3://none/log", "evidence").open()


def test_a_store_that_fails_later_is_a_problem_with_a_time_to_wait(settings: Settings, wall: Any) -> None:
    """Here its folder may not be written any more. The picture was not stored: it is sent again."""
    folder, content = settings.evidence_folder.parent / "objects", wall.picture(1)
    kept_elsewhere = settings.model_copy(update={"objects": f"file://{folder}"})
    path = f"/v1/evidence/{wall.sha256(content)}"
    with prepared(settings), TestClient(create_app(kept_elsewhere), base_url="http://localhost") as client:
        (folder / "evidence").write_bytes(b"in the way")
        answer = client.put(path, content=content)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert "the object store failed" in answer.json()["detail"]
        (folder / "evidence").unlink()
        assert client.put(path, content=content).status_code == 201
    assert left(settings.evidence_folder) == []


def test_without_an_address_files_lie_in_their_folder(settings: Settings) -> None:
    assert evidence_folder(settings).local("ab" * 32) == settings.evidence_folder / "ab" / ("ab" * 31)


# ------------------------------------------------------------------------------------------ several servers in a folder


def _receive(folder: Path, begun: Any, end: Any) -> None:
    files: HashedFiles[None] = HashedFiles(FolderStorage(folder), folder, 100, lambda path: None)
    files.open()
    with files.arriving(sha256(b"content")) as arrival:
        arrival.write(b"con")
        begun.set()
        end.wait(60)
        arrival.write(b"tent")
        arrival.finish()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """A process that is receiving a file, until the event is set."""
    context = multiprocessing.get_context("fork")
    begun, end = context.Event(), context.Event()
    process = context.Process(target=_receive, args=(tmp_path, begun, end))
    process.start()
    assert begun.wait(60)
    yield process, end
    process.kill()
    process.join()


def test_a_server_that_starts_leaves_alone_what_another_receives(tmp_path: Path, another: Any) -> None:
    files: HashedFiles[None] = HashedFiles(FolderStorage(tmp_path), tmp_path, 100, lambda path: None)
    process, end = another
    files.open()
    assert len(left(tmp_path)) == 1
    end.set()
    process.join(60)
    assert files.listed() == {sha256(b"content"): 7}


def test_what_a_kill_left_half_written_is_cleared_at_the_start(tmp_path: Path, another: Any) -> None:
    process, _ = another
    process.kill()
    process.join(60)
    assert len(left(tmp_path)) == 1
    EvidenceFolder(FolderStorage(tmp_path), tmp_path, 10, 10).open()
    assert left(tmp_path) == []
