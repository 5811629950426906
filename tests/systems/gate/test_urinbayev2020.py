"""Paper 5's protocol: its numbers, its data, its split, and that it runs and goes on."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.records.record import NOT_XRAY, Record, typed_record
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.gate import urinbayev2020_training
from hilum.systems.gate.urinbayev2020 import XRAY, records_of_module, urinbayev2020
from hilum.systems.gate.urinbayev2020_training import paper_split, run_paper_module
from hilum.training.data.images import IN_MEMORY
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.optimizers import Adam
from hilum.training.recipe.schedules import Plateau

FIRST, SECOND = urinbayev2020(RandomWeights())


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """Bright hands and chests, dark photographs, 40 of each; each chest of ChestX-ray14 is one patient."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    found = []
    for source, xray_type in (("nih", "chest"), ("mura", "hand"), ("photos", None), ("us_breast", None)):
        for index in range(40):
            path = folder / f"{source}-{index}.png"
            level = 120 if xray_type else 10
            grey = rng.integers(level, level + 120, (40, 40), np.uint8)  # wide enough that decoding stretches nothing
            Image.fromarray(grey).save(path)
            found.append(
                typed_record(
                    path, image=path.name, group=str(index), source=source, is_xray=bool(xray_type), xray_type=xray_type
                )
            )
    return found


def test_the_numbers_are_the_papers() -> None:
    for module in (FIRST, SECOND):
        assert module.backbone == "densenet121"
        assert module.optimizer == Adam(learning_rate=1e-3, betas=(0.9, 0.999), weight_decay=1e-5)
        assert module.schedule == Plateau(monitor="validation/loss", mode="min", factor=0.1, patience=3)
        assert (module.epochs, module.preprocess.output_size) == (10, (224, 224))
    assert len(SECOND.classes) == 14


def test_module_one_gets_a_tenth_of_the_chests_and_as_many_photographs(records: list[Record]) -> None:
    chosen = records_of_module(records, module=FIRST)
    counts = Counter(record.source for record in chosen)
    assert counts["nih"] < 12
    assert counts["mura"] == 40
    assert counts["us_breast"] == 0
    assert counts["photos"] == min(40, counts["nih"] + counts["mura"])
    assert {record.stratum for record in chosen} == {XRAY, NOT_XRAY}


def test_the_split_is_70_20_10_by_group(records: list[Record]) -> None:
    split = paper_split(records_of_module(records, module=FIRST), module=FIRST)
    sizes = {part: len(members) for part, members in split.parts.items()}
    total = sum(sizes.values())
    assert [sizes[part] / total for part in ("train", "validation", "test")] == pytest.approx([0.7, 0.2, 0.1], abs=0.03)


def test_a_class_without_pictures_is_refused(records: list[Record]) -> None:
    with pytest.raises(DataError, match=r"No image of ankle, .* and module-2 needs images of every class"):
        paper_split(records_of_module(records, module=SECOND), module=SECOND)
    assert {r.xray_type for r in records_of_module(records, module=SECOND)} <= set(XRAY_TYPES)


@pytest.mark.slow
def test_it_runs_learns_and_goes_on(records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = PreprocessSpec(
        steps=(Resize(height=32, width=32, rule="stretch"),), mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)
    )
    module = replace(FIRST, backbone="resnet18", preprocess=spec, epochs=2, batch_size=8)
    split = paper_split(records_of_module(records, module=module), module=module)
    result = run_paper_module(module, split=split, folder=tmp_path, machine=Machine(), preparation=IN_MEMORY)
    assert result.accuracy == 1.0  # brightness alone tells the classes apart
    assert result.confusion.sum() == len(split.parts["test"])
    monkeypatch.delattr(
        urinbayev2020_training, "load_starting_weights"
    )  # which is not asked where nothing is left to train
    again = run_paper_module(module, split=split, folder=tmp_path, machine=Machine(), preparation=IN_MEMORY)
    assert np.array_equal(again.confusion, result.confusion)
