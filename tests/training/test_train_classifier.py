"""A training from Python, as a notebook or a search over settings calls it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fabricate_progress import Heard
from fabricate_recipe import fabricate_labelled_table, tiny_recipe
from hilum.bundle.load import load_bundle
from hilum.errors import UsageError
from hilum.networks.starting_weights import TimmImageNet
from hilum.reading.reader import Reader
from hilum.training import train_classifier as train_classifier_module
from hilum.training.records.request import TrainRequest
from hilum.training.train_classifier import ClassifierOptions, refuse_permuted_labels, train_classifier


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_labelled_table(tmp_path_factory.mktemp("table"))


def request(data: Path, *, out: Path, **more: object) -> TrainRequest:
    return TrainRequest(name="tiny", data=(("table", data),), out=out, weights="random", **more)


@pytest.mark.slow
def test_a_recipe_runs_to_a_bundle_that_reads_and_tells_its_progress(data: Path, tmp_path: Path) -> None:
    progress = Heard()
    asked = request(data, out=tmp_path / "run", cache=tmp_path / "cache")
    own = ClassifierOptions(title="Mine", licence="CC0 1.0")
    bundle = train_classifier(tiny_recipe(epochs=1), request=asked, own=own, progress=progress)
    assert bundle is not None
    assert load_bundle(tmp_path / "run" / "bundle").card.title == "Mine"
    (image, *_) = sorted(data.glob("*.png"))
    assert {finding.name for finding in Reader(models=[bundle]).read(image).findings} == {"Effusion", "Nodule"}
    parts = json.loads((tmp_path / "run" / "split.json").read_text())["parts"]
    fitted_on = sum(len(part) for name, part in parts.items() if name != "test")
    assert progress.counts == {"preparing images": [fitted_on] * 2}
    assert (tmp_path / "cache" / "hashes.sqlite").is_file()
    told = json.loads((tmp_path / "run" / "run.json").read_text())["command"]
    assert told == (
        f"hilum train tiny --data table={data} --weights random --title Mine --licence 'CC0 1.0' "
        f"--out {tmp_path / 'run'}"
    )


def test_weights_of_other_greys_get_a_caution_before_they_are_fetched(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FetchedError(Exception):
        pass

    def fetches(*_: object, **__: object) -> None:
        raise FetchedError

    monkeypatch.setattr(train_classifier_module, "check_starts", fetches)
    recipe, progress = tiny_recipe(start=TimmImageNet(tmp_path)), Heard()
    with pytest.raises(FetchedError):
        train_classifier(recipe, request=request(data, out=tmp_path / "run"), progress=progress)
    assert progress.lines[-1].startswith("caution: --weights imagenet of squeezenet1_1 were learnt on pictures with")


def test_bad_files_are_left_out_of_what_is_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The splits that are trained on are those of the readable images, not the first ones with gaps."""
    folder, progress = fabricate_labelled_table(tmp_path / "table"), Heard()
    (folder / "p00_0.png").write_bytes(b"no picture")
    given = {}
    monkeypatch.setattr(
        sys.modules[train_classifier.__module__], "train_specialist", lambda _recipe, **named: given.update(named)
    )
    asked = request(folder, out=tmp_path / "run", cache=tmp_path / "cache")
    train_classifier(tiny_recipe(), request=asked, own=ClassifierOptions(bad_files="skip"), progress=progress)
    (split,) = given["data"].splits.values()
    assert "p00_0.png" not in {record.image for part in split.parts.values() for record in part}
    assert len(given["data"].records) == 47
    assert [line.split(":")[0] for line in progress.lines] == ["left out"]


def test_a_release_that_the_recipe_needs_and_nobody_named(data: Path, tmp_path: Path) -> None:
    asked = TrainRequest(name="tiny", data=(), out=tmp_path, weights="random")
    with pytest.raises(UsageError, match="Missing option: --data NAME=FOLDER for table; given: none"):
        train_classifier(tiny_recipe(), request=asked)
    two = tiny_recipe(releases=("table", "nih"))
    with pytest.raises(UsageError, match="Missing option: --data NAME=FOLDER for nih; given: table="):
        train_classifier(two, request=request(data, out=tmp_path))


def test_labels_are_dealt_at_random_where_that_is_asked_for(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is marked as one whose numbers count for nothing, and one of several networks is refused."""
    given: dict[int | None, dict[str, Any]] = {}
    for seed in (None, 1):
        monkeypatch.setattr(
            sys.modules[train_classifier.__module__],
            "train_specialist",
            lambda _recipe, seed=seed, **named: given.update({seed: named}),
        )
        asked = request(data, out=tmp_path / "run", cache=tmp_path / "cache")
        train_classifier(tiny_recipe(), request=asked, own=ClassifierOptions(permuted_labels=seed))
    (own,), (dealt,) = (given[seed]["data"].splits.values() for seed in (None, 1))
    assert [one.image for one in own.parts["train"]] == [one.image for one in dealt.parts["train"]]
    assert [one.labels for one in own.parts["train"]] != [one.labels for one in dealt.parts["train"]]
    assert dealt.protocol.startswith("labels dealt at random")
    assert (given[None]["smoke"], given[1]["smoke"]) == (False, True)
    with pytest.raises(UsageError, match="needs a recipe of one plain network, and two is none"):
        refuse_permuted_labels(ClassifierOptions(permuted_labels=1), name="two")
