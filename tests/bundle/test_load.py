"""Loading a bundle: what is sound is verified, what is not is refused in one line that says why."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.load import load_bundle
from hilum.errors import BundleError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ToyBundle().write(tmp_path / "toy").folder


def change_card(folder: Path, **fields: object) -> None:
    card = json.loads((folder / "card.json").read_text())
    card.update(fields)
    (folder / "card.json").write_text(json.dumps(card))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as refused:
        load_bundle(folder)
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_a_sound_bundle_gives_its_card_and_verified_bytes(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.card == ToyBundle().card()
    assert bundle.sha256 == hashlib.sha256((folder / "card.json").read_bytes()).hexdigest()
    assert bundle.read("model.onnx") == (folder / "model.onnx").read_bytes() == ToyBundle().files()["model.onnx"]


def test_a_file_may_lie_compressed_and_is_hashed_by_what_is_inside(folder: Path) -> None:
    plain = load_bundle(folder)
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").unlink()
    (folder / "model.onnx.gz").write_bytes(gzip.compress(content))
    packed = load_bundle(folder)
    assert packed.sha256 == plain.sha256
    assert packed.read("model.onnx") == content
    (folder / "model.onnx.gz").write_bytes(gzip.compress(b"another graph"))
    assert packed.read("model.onnx") == content, "what was verified is used, not unpacked again"
    assert "cut short or altered" in refusal(folder)


@pytest.mark.parametrize("harm", [lambda b: b[:-10], lambda b: b"no gzip", lambda b: b[:40] + b"\xff" * 8 + b[48:]])
def test_a_harmed_compressed_file(folder: Path, harm: Callable[[bytes], bytes]) -> None:
    packed = gzip.compress((folder / "model.onnx").read_bytes())
    (folder / "model.onnx").unlink()
    (folder / "model.onnx.gz").write_bytes(harm(packed))
    assert "cut short or altered" in refusal(folder)


def test_a_file_altered_after_loading_is_not_used(folder: Path) -> None:
    bundle = load_bundle(folder)
    (folder / "model.onnx").write_bytes(b"another graph")
    with pytest.raises(BundleError, match="cut short or altered"):
        bundle.read("model.onnx")


def test_only_files_that_the_card_names_are_read(folder: Path) -> None:
    (folder / "extra.bin").write_bytes(b"x")
    with pytest.raises(BundleError, match="has no file"):
        load_bundle(folder).read("extra.bin")


def test_no_folder(tmp_path: Path) -> None:
    assert "hilum models" in refusal(tmp_path / "nowhere")


def test_a_folder_without_a_card(tmp_path: Path) -> None:
    assert "has no card.json" in refusal(tmp_path)


def test_a_missing_file(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    assert "has no model.onnx" in refusal(folder)


def test_a_truncated_file(folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:-10])
    assert "cut short or altered" in refusal(folder)


def test_one_flipped_bit(folder: Path) -> None:
    path = folder / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "cut short or altered" in refusal(folder)


def test_a_folder_in_a_files_place(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").mkdir()
    assert "Cannot read" in refusal(folder)


def test_a_future_schema_names_what_is_needed(folder: Path) -> None:
    change_card(folder, schema="hilum.card/2", anything_new={"a": 1})
    message = refusal(folder)
    assert "needs one that reads hilum.card/2" in message
    assert "Install a newer hilum, from a clone or a wheel of it" in message
    assert "pip" not in message, "hilum is on no package index"


@pytest.mark.parametrize("schema", [None, 1, "", "hilum.reading/1", "hilum.card/two", "hilum.card/0"])
def test_another_schema(folder: Path, schema: object) -> None:
    change_card(folder, schema=schema)
    assert "hilum.card/1" in refusal(folder)


def test_a_card_without_a_schema(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    del card["schema"]
    (folder / "card.json").write_text(json.dumps(card))
    assert "has the schema None" in refusal(folder)


def test_an_unknown_field_at_the_top(folder: Path) -> None:
    change_card(folder, surprise=1)
    assert "surprise" in refusal(folder)


def test_an_unknown_field_deep_inside(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["preprocess"]["steps"][0]["antialias"] = True
    change_card(folder, preprocess=card["preprocess"])
    assert "antialias" in refusal(folder)


def test_an_unknown_preprocessing_step(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["preprocess"]["steps"].append({"step": "sharpen"})
    change_card(folder, preprocess=card["preprocess"])
    assert "sharpen" in refusal(folder)


@pytest.mark.parametrize(
    "name",
    [
        "../model.onnx",
        "a/b",
        "a\\b",
        "/etc/passwd",
        "C:model",
        "..",
        ".",
        ".hidden",
        "",
        "card.json",
        "a\x00b",
        "a b",
        "é",
    ],
)
def test_file_names_that_are_not_plain(folder: Path, name: str) -> None:
    content = b"reachable"
    (folder.parent / "model.onnx").write_bytes(content)
    files = json.loads((folder / "card.json").read_text())["files"]
    change_card(folder, files={**files, name: hashlib.sha256(content).hexdigest()})
    assert "not a plain name" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "must hold a JSON object"),
        ('{"schema": "hilum.card/1", "schema": "hilum.card/1"}', "stands twice"),
        ('{"schema": "hilum.card/1", "x": NaN}', "NaN is not a number"),
        ("[" * 100_000, "not valid JSON"),
        ('{"schema": "hilum.card/1"}', "Field required"),
    ],
)
def test_cards_that_are_no_cards(folder: Path, text: str, reason: str) -> None:
    (folder / "card.json").write_text(text)
    assert reason in refusal(folder)


def test_a_card_that_is_no_text(folder: Path) -> None:
    (folder / "card.json").write_bytes(b"\xff\xfe\x00\xd8")
    assert "not valid JSON" in refusal(folder)


def test_a_monstrous_card_is_not_parsed(folder: Path) -> None:
    with (folder / "card.json").open("wb") as file:
        file.truncate(5 * 1024 * 1024)
    assert "over the limit of" in refusal(folder)


def test_a_hash_that_is_none(folder: Path) -> None:
    change_card(folder, files={"model.onnx": "abc"})
    assert "files.model.onnx" in refusal(folder)


def test_a_card_without_a_graph(folder: Path) -> None:
    (folder / "other.bin").write_bytes(b"")
    change_card(folder, files={"other.bin": hashlib.sha256(b"").hexdigest()})
    assert "must name model.onnx" in refusal(folder)


def test_repeated_labels(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    change_card(folder, labels=card["labels"] * 2)
    assert "unique" in refusal(folder)
