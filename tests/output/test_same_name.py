"""Files of other folders that are called alike."""

from pathlib import Path
from typing import Any

import pytest

from hilum.output.inputs import InputFile
from hilum.output.same_name import READ_FROM, ReadBefore, called_alike, path_of, read_before, with_place

SHA256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # of b"a"


def record(name: str, *, relative: str = "IM1.png", sha256: str | None = "0" * 64, **more: Any) -> dict[str, Any]:
    return {"source": {"name": name, "sha256": sha256}, "relative_path": relative, **more}


def test_only_another_file_with_other_bytes_is_alike(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "IM1.png").write_bytes(b"a")
    (tmp_path / "three").symlink_to(tmp_path / "two")
    file = InputFile(str(tmp_path / "two" / "IM1.png"), "IM1.png")
    other = str(tmp_path / "one" / "IM1.png")
    assert called_alike([file], found=[record(other)]) == {file: ReadBefore(Path(other), "0" * 64)}
    for found in (
        record(other, sha256=SHA256),
        record(file.name),
        record(str(tmp_path / "three" / "IM1.png")),
        record(other, relative="IM2.png"),
        record(other, error={"kind": "decode"}),
        record("one/IM1.png"),
    ):
        assert called_alike([file], found=[found]) == {}, found


def test_a_relative_name_counts_from_where_it_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "IM1.png").write_bytes(b"a")
    found = with_place(record("IM1.png"))
    assert found == {**record("IM1.png"), READ_FROM: str(tmp_path)}
    monkeypatch.chdir("/")
    assert dict(read_before([found])) == {"IM1.png": ReadBefore(tmp_path / "IM1.png", "0" * 64)}
    for name in (str(tmp_path / "IM1.png"), "-", "<array>", "none.png"):
        assert READ_FROM not in with_place(record(name))


def test_a_source_in_memory_has_no_path_and_one_in_an_archive_has(tmp_path: Path) -> None:
    (tmp_path / "study.zip").write_bytes(b"")
    assert path_of(str(tmp_path / "study.zip" / "a" / "IM1.png")) == tmp_path / "study.zip" / "a" / "IM1.png"
    assert path_of("-") is None
    assert path_of("<array>") is None
