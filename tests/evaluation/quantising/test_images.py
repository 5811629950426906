"""What a quantisation may look at: training and validation images of the bundle, and nothing that is held out."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from fabricate_quantised import Trained, fabricate_trained, held_out
from hilum.errors import DataError
from hilum.evaluation.quantising.images import quantising_images


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return fabricate_trained(tmp_path_factory.mktemp("trained"))


def _names(records: tuple) -> set[str]:
    return {record.image for record in records}


def test_each_part_is_known_again_by_the_bundles_list(trained: Trained) -> None:
    found = quantising_images(trained.records[::-1], bundle=trained.bundle, count=20)
    assert len(found.calibration) == 20
    assert _names(found.calibration) < _names(trained.train)
    assert _names(found.validation) == _names(trained.validation)
    assert found.calibration_hashes == tuple(sorted(record.sha256 for record in found.calibration))
    again = quantising_images(trained.records, bundle=trained.bundle, count=20)
    assert again == found
    assert again.validation_sha256 == found.validation_sha256


def test_what_is_held_out_is_never_taken(trained: Trained) -> None:
    records = (*trained.train, *trained.validation[:30], *map(held_out, trained.validation[30:]))
    found = quantising_images(records, bundle=trained.bundle, count=300)
    assert _names(found.validation) == _names(trained.validation[:30])
    assert len(found.calibration) == len(trained.train)
    with pytest.raises(DataError, match="is a validation image of toy"):
        quantising_images((*trained.train, *map(held_out, trained.validation)), bundle=trained.bundle, count=9)


def test_an_image_without_a_known_label_judges_nothing(trained: Trained) -> None:
    silent = replace(trained.validation[0], labels={"Effusion": float("nan")})
    found = quantising_images((*trained.train, silent, *trained.validation[1:]), bundle=trained.bundle, count=1)
    assert silent.image not in _names(found.validation)


def test_other_images_and_a_bundle_that_names_none_are_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="None of the 120 images is a training image of toy"):
        quantising_images(trained.other, bundle=trained.bundle, count=9)
    nameless = ToyBundle().write(tmp_path / "nameless")
    with pytest.raises(DataError, match="does not name its training images"):
        quantising_images(trained.records, bundle=nameless, count=9)
