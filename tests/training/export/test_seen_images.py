import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from fabricate_recipe import fabricate_labelled_table, tiny_recipe, tiny_stage
from hilum.bundle.load import TRAINING_IMAGES, Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.seen_images import SeenImages, seen_images_of
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import Record
from hilum.networks.starting_weights import BundleWeights, RandomWeights
from hilum.training.data.make_split import make_splits
from hilum.training.export.seen_images import seen_images, seen_in_stages
from hilum.training.recipe.recipe import FromStage


@pytest.fixture
def records(tmp_path: Path) -> tuple[Record, ...]:
    return read_own_table(fabricate_labelled_table(tmp_path / "data"))


def bundle_of(files: dict[str, bytes], folder: Path) -> Bundle:
    toy = ToyBundle()
    files = {**toy.files(), **files}
    return write_bundle(folder, card=toy.card().model_copy(update={"files": file_hashes(files)}), files=files)


def known(files: dict[str, bytes], folder: Path) -> SeenImages:
    found = seen_images_of(bundle_of(files, folder))
    assert found is not None
    return found


def named(images: object) -> set[bytes]:
    return {row.tobytes() for row in images.files}  # type: ignore[attr-defined]


def short(records: object) -> set[bytes]:
    return {hashlib.sha256(record.path.read_bytes()).digest()[:8] for record in records}  # type: ignore[attr-defined]


def test_train_and_validation_of_a_split_are_told_apart_and_the_test_is_not_there(
    records: tuple[Record, ...], tmp_path: Path
) -> None:
    splits = make_splits(tiny_recipe(), records=records)
    found = known(seen_in_stages(tiny_recipe(), splits=splits.values(), jobs=1), tmp_path / "toy")
    assert named(found.train) == short(splits["train"].parts["train"])
    assert named(found.validation) == short(splits["train"].parts["validation"])
    assert not (named(found.train) | named(found.validation)) & short(splits["train"].parts["test"])


def test_what_any_stage_learnt_from_counts(records: tuple[Record, ...], tmp_path: Path) -> None:
    recipe = replace(
        tiny_recipe(), stages=(tiny_stage(name="first"), tiny_stage(name="second", start=FromStage(stage="first")))
    )
    one = make_splits(tiny_recipe(), records=records)["train"]
    other = replace(one, parts={"train": one.parts["validation"], "validation": (), "test": ()})
    found = known(seen_in_stages(recipe, splits=[one, other], jobs=1), tmp_path / "toy")
    assert named(found.train) == short((*one.parts["train"], *one.parts["validation"]))
    assert not len(found.validation), "an image that one stage was fitted on counts as train"


def test_the_images_of_a_bundle_that_training_starts_from_count(records: tuple[Record, ...], tmp_path: Path) -> None:
    files = seen_images(train=records[:4], validation=records[4:6], starts=[RandomWeights()], jobs=1)
    before = bundle_of(files, tmp_path / "before")
    files = seen_images(train=records[6:8], validation=(), starts=[BundleWeights(before.folder)], jobs=1)
    found = known(files, tmp_path / "after")
    assert named(found.train) == short((*records[:4], *records[6:8]))
    assert named(found.validation) == short(records[4:6])
    assert set(files) == {TRAINING_IMAGES}
