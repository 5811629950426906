"""What a network takes and gives is written down as it reads: in order, and without what cannot be read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_quantised import Trained, fabricate_trained
from hilum.errors import DataError
from hilum.evaluation.quantising.recorded import record
from hilum.reading.reader import Reader
from hilum.stated import Stated


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return fabricate_trained(tmp_path_factory.mktemp("trained"))


def _quiet(_done: int, _count: int) -> None:
    pass


def test_inputs_and_outputs_are_those_of_the_reading(trained: Trained, tmp_path: Path) -> None:
    broken = replace(trained.train[1], path=tmp_path / "gone.png")
    asked = (trained.train[0], broken, *trained.train[2:18])
    found = record(asked, bundle=trained.bundle, lungs=None, folder=tmp_path, progress=_quiet)
    assert [one.image for one in found.records] == [one.image for one in asked if one is not broken]
    assert (len(found), found.failed) == (17, 1)
    reader = Reader(models=[trained.bundle])
    for row, one in enumerate(found.records):
        finding = reader.read(one.path, stated=Stated(xray_type="chest")).findings[0]
        assert found.outputs["logits"][row, 0] == np.float32(finding.logit)
    assert found.outputs["class_maps"].shape == (17, 2, 4, 4)
    batches = list(found.batches())
    assert [len(batch["input"]) for batch in batches] == [16, 1]
    np.testing.assert_array_equal(np.concatenate([batch["input"] for batch in batches]), found.inputs["input"])
    np.testing.assert_array_equal(found.batch([3])["input"], found.inputs["input"][3:4])


def test_nothing_to_read_is_an_error(trained: Trained, tmp_path: Path) -> None:
    gone = replace(trained.train[0], path=tmp_path / "gone.png")
    with pytest.raises(DataError, match="None of the 1 images could be read"):
        record([gone], bundle=trained.bundle, lungs=None, folder=tmp_path, progress=_quiet)
