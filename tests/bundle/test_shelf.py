"""The shelf: shipped and local bundles, by name, each verified."""

import shutil
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from fabricate_gate import write_gate
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import Scope
from hilum.bundle.shelf import (
    find,
    local_models_folder,
    lung_bundle,
    named_bundle,
    names_on_shelf,
    shelf,
    shipped_bundles,
    shipped_gate,
)
from hilum.errors import BundleError


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    ToyBundle(name="chest-toy").write(tmp_path / "shipped" / "chest-toy")
    return tmp_path / "shipped"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    scope = Scope(xray_type="hand", age_years=None, views=None)
    ToyBundle(name="hand-toy", scope=scope).write(tmp_path / "local" / "hand-toy")
    return tmp_path / "local"


def test_a_bundle_for_the_hand_plugs_in_by_lying_there(shipped: Path, local: Path) -> None:
    entries = shelf(local=local, shipped=shipped)
    assert [(entry.name, entry.origin) for entry in entries] == [("chest-toy", "shipped"), ("hand-toy", "local")]
    assert find("hand-toy", local=local, shipped=shipped).card.scope.xray_type == "hand"


def test_the_case_of_a_name_does_not_matter(shipped: Path, local: Path) -> None:
    assert find("Hand-TOY", local=local, shipped=shipped).card.name == "hand-toy"


def test_without_a_local_folder_only_shipped_ones_stand_there(shipped: Path, tmp_path: Path) -> None:
    assert [entry.name for entry in shelf(shipped=shipped)] == ["chest-toy"]
    assert [entry.name for entry in shelf(shipped=shipped, local=tmp_path / "absent")] == ["chest-toy"]


def test_the_gate_that_ships(shipped: Path) -> None:
    with pytest.raises(BundleError, match=r"No X-ray check lies in .*Install hilum again"):
        shipped_gate(shipped=shipped)
    gate = write_gate(shipped / "toy-gate", xray_type="chest")
    assert shipped_gate(shipped=shipped) == gate


def test_where_lungs_are_drawn_by_several_the_option_is_named_that_tells(local: Path) -> None:
    for name in ("one", "other"):
        write_lung_bundle(local / name, name=name)
    with pytest.raises(BundleError, match=r"there are .*one, other. Name one with --lungs"):
        lung_bundle(None, local=local)
    with pytest.raises(BundleError, match=r"Name one with --model"):
        lung_bundle(None, local=local, option="--model")
    assert lung_bundle(str(local / "one"), local=local).card.name == "one"


def test_an_unknown_name_lists_the_known_and_says_the_nearest(shipped: Path, local: Path) -> None:
    with pytest.raises(BundleError, match="Available: chest-toy, hand-toy"):
        find("skull", local=local, shipped=shipped)
    with pytest.raises(BundleError, match="Unknown model 'Chest_toy'; the nearest is chest-toy"):
        find("Chest_toy", local=local, shipped=shipped)


def test_names_are_told_without_loading_anything(shipped: Path, local: Path) -> None:
    (local / "hand-toy" / "model.onnx").write_bytes(b"")
    assert names_on_shelf(local=local, shipped=shipped) == ("chest-toy", "hand-toy")
    (local / "hand-toy" / "card.json").write_text("no JSON")
    assert names_on_shelf(local=local, shipped=shipped) == ("chest-toy", "hand-toy")


def test_a_run_is_its_model_once_it_has_one(local: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    with pytest.raises(BundleError, match="holds no model yet; give its `hilum train` command again"):
        named_bundle(str(run))
    shutil.copytree(local / "hand-toy", run / "bundle")
    assert named_bundle(str(run)).folder == run / "bundle"


def test_a_name_that_is_too_long_is_no_bundle(local: Path, tmp_path: Path) -> None:
    for name in ("m" * 300, str(tmp_path / ("m" * 300))):
        with pytest.raises(BundleError, match=r"^(Unknown|There is no) model"):
            named_bundle(name, local=local)


def test_a_broken_bundle_is_shown_with_its_problem_and_not_used(shipped: Path, local: Path) -> None:
    (local / "hand-toy" / "model.onnx").write_bytes(b"")
    broken = shelf(local=local, shipped=shipped)[1]
    assert broken.bundle is None
    assert "cut short or altered" in (broken.problem or "")
    with pytest.raises(BundleError, match="cut short or altered"):
        find("hand-toy", local=local, shipped=shipped)
    assert find("chest-toy", local=local, shipped=shipped).card.name == "chest-toy"


def test_a_broken_shipped_bundle_stops_the_reader(shipped: Path) -> None:
    assert [bundle.card.name for bundle in shipped_bundles(shipped=shipped)] == ["chest-toy"]
    (shipped / "chest-toy" / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match="cut short or altered"):
        shipped_bundles(shipped=shipped)


def test_a_local_bundle_never_takes_a_shipped_ones_place(shipped: Path, local: Path) -> None:
    ToyBundle(name="chest-toy").write(local / "mine")
    with pytest.raises(BundleError, match="Two models have the name 'chest-toy'"):
        find("chest-toy", local=local, shipped=shipped)


def test_other_folders_files_and_unfinished_writes_are_no_entries(shipped: Path) -> None:
    (shipped / "notes.txt").write_text("x")
    (shipped / "empty").mkdir()
    ToyBundle().write(shipped / ".toy.unfinished")
    assert [entry.name for entry in shelf(shipped=shipped)] == ["chest-toy"]


def test_a_local_folder_that_is_a_file(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="Cannot list the models"):
        shelf(shipped=shipped, local=tmp_path / "file")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"HILUM_MODELS": "/models", "XDG_DATA_HOME": "/x"}, "linux", "/models"),
        ({"HOME": "/home/a"}, "linux", "/home/a/.local/share/hilum/models"),
        ({"HOME": "/home/a", "XDG_DATA_HOME": "/x"}, "linux", "/x/hilum/models"),
        ({"HOME": "/Users/a", "HILUM_MODELS": ""}, "darwin", "/Users/a/Library/Application Support/hilum/models"),
        ({"USERPROFILE": "/u", "LOCALAPPDATA": "/u/local"}, "win32", "/u/local/hilum/models"),
    ],
)
def test_where_the_users_own_bundles_lie(environment: dict[str, str], platform: str, expected: str) -> None:
    assert local_models_folder(environment, platform=platform) == Path(expected)
