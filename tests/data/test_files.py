from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from striate.files import cache_folder, write_whole


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.bin"
    write_whole(path, lambda file: file.write(b"one"))
    write_whole(path, lambda file: file.write(b"two"))
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_failure_leaves_what_was_there(tmp_path: Path, failure: BaseException) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def half(file: BinaryIO) -> None:
        file.write(b"half")
        raise failure

    with pytest.raises(type(failure)):
        write_whole(path, half)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_until_it_is_whole_it_has_no_name(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"

    def look(file: BinaryIO) -> None:
        file.write(b"x")
        assert not path.exists()

    write_whole(path, look)
    assert path.exists()


@pytest.mark.skipif(os.name == "nt", reason="links and permission bits as on Unix")
def test_links_permissions_and_special_files(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, lambda file: file.write(b"new"))
    assert link.is_symlink() and real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    for place in (tmp_path, Path(os.devnull)):
        with pytest.raises(OSError, match=r"folder|regular"):
            write_whole(place, lambda file: None)
    assert not stat.S_ISREG(Path(os.devnull).stat().st_mode)


def test_a_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", lambda file: None)
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_cache_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("STRIATE_CACHE", "")
    assert cache_folder().is_absolute() and "striate" in str(cache_folder())
