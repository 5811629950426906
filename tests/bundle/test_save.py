"""Writing a bundle: whole or not at all."""

import json
import os
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.load import load_bundle
from hilum.bundle.save import card_bytes, file_hashes, write_bundle
from hilum.errors import BundleError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_what_is_loaded(tmp_path: Path) -> None:
    toy = ToyBundle()
    written = write_bundle(tmp_path / "shelf" / "toy", card=toy.card(), files=toy.files())
    assert written == load_bundle(tmp_path / "shelf" / "toy")
    assert written.card == toy.card()
    assert names(written.folder) == ["card.json", "model.onnx"]
    assert names(tmp_path / "shelf") == ["toy"]


def test_the_card_is_sorted_pretty_and_stable(tmp_path: Path) -> None:
    first = ToyBundle().write(tmp_path / "a")
    again = ToyBundle().write(tmp_path / "b")
    content = (first.folder / "card.json").read_bytes()
    assert content == (again.folder / "card.json").read_bytes() == card_bytes(ToyBundle().card())
    assert first.sha256 == again.sha256
    fields = json.loads(content)
    assert list(fields) == sorted(fields)
    assert fields["schema"] == "hilum.card/1"
    assert content.startswith(b'{\n  "architecture"')
    assert content.endswith(b"}\n")


def test_an_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    old = ToyBundle().write(tmp_path / "toy")
    with pytest.raises(BundleError, match="exists already"):
        ToyBundle(name="other").write(tmp_path / "toy")
    assert load_bundle(tmp_path / "toy") == old


def test_replace_swaps_the_whole_bundle(tmp_path: Path) -> None:
    toy = ToyBundle()
    files = {**toy.files(), "weights.safetensors": b"old"}
    old = toy.card().model_copy(update={"files": file_hashes(files)})
    write_bundle(tmp_path / "toy", card=old, files=files)
    new = ToyBundle(name="newer")
    write_bundle(tmp_path / "toy", card=new.card(), files=new.files(), replace=True)
    assert load_bundle(tmp_path / "toy").card.name == "newer"
    assert names(tmp_path / "toy") == ["card.json", "model.onnx"]
    assert names(tmp_path) == ["toy"]


def test_replace_does_not_remove_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "thesis.txt").write_text("mine")
    with pytest.raises(BundleError, match="is not a bundle and is not replaced"):
        write_bundle(tmp_path / "toy", card=ToyBundle().card(), files=ToyBundle().files(), replace=True)
    assert names(tmp_path / "toy") == ["thesis.txt"]


def test_hashes_of_other_bytes_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="file_hashes"):
        write_bundle(tmp_path / "toy", card=ToyBundle().card(), files={"model.onnx": b"other"})
    assert names(tmp_path) == []


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    files = {**ToyBundle().files(), "../x": b"x"}
    card = ToyBundle().card().model_copy(update={"files": file_hashes(files)})
    with pytest.raises(BundleError, match="not a plain name"):
        write_bundle(tmp_path / "deep" / "toy", card=card, files=files)
    assert names(tmp_path) == []


def test_a_full_disk_leaves_the_old_bundle_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = ToyBundle().write(tmp_path / "toy")

    def no_room(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    new = ToyBundle(name="newer")
    with pytest.raises(BundleError, match="No space left on device"):
        write_bundle(tmp_path / "toy", card=new.card(), files=new.files(), replace=True)
    assert load_bundle(tmp_path / "toy") == old
    assert names(tmp_path) == ["toy"]


def test_a_failed_swap_puts_the_old_bundle_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = ToyBundle().write(tmp_path / "toy")
    rename, calls = Path.rename, []

    def second_fails(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    new = ToyBundle(name="newer")
    with pytest.raises(BundleError, match="Input/output error"):
        write_bundle(tmp_path / "toy", card=new.card(), files=new.files(), replace=True)
    assert load_bundle(tmp_path / "toy") == old
    assert names(tmp_path) == ["toy"]


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="Cannot write a bundle beside"):
        ToyBundle().write(tmp_path / "file" / "toy")
