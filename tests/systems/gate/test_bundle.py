"""A tiny gate from releases to the bundle that reads: study, resume, export, card."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_gate import SPEC as THRESHOLDS
from fabricate_gate_data import write_gate_data
from hilum import Reader
from hilum.bundle.seen_images import seen_images_of
from hilum.datasets.renderings.renderings import FAMILIES
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.gate import folds
from hilum.systems.gate.bundle import train_gate
from hilum.systems.gate.data.releases import VIEW_SOURCE, read_gate_data
from hilum.systems.gate.folds import LEFT_OUT_TYPES, PREDICTIONS, gate_arm, planned_networks
from hilum.systems.gate.groups import FOLDS
from hilum.systems.gate.pictures import load_pictures
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.shipped import gate, smoke
from hilum.systems.gate.views import CHEST_FAULTS
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from watch_cards import watch_cards

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gate_data(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def recipe() -> GateRecipe:
    made = gate(RandomWeights())
    return smoke(made)


def test_every_network_of_the_study_is_judged_on_what_it_never_saw(data: Path, recipe: GateRecipe) -> None:
    pictures = load_pictures(read_gate_data(data).records, spec=recipe.preprocess)
    plans = list(planned_networks(pictures, recipe=recipe))
    assert len(plans) == 5 + len(LEFT_OUT_TYPES) + 2
    assert min(plan.images_per_epoch for plan in plans) >= recipe.batch_size, "an epoch has one batch at least"
    for plan in plans:
        learnt = {(picture.source, picture.group) for picture in plan.train}
        assert not learnt & {(picture.source, picture.group) for picture in plan.judge}
        left_out = set(plan.name.removeprefix("without ").split(", "))
        kind = "xray_type" if tuple(plan.name.removeprefix("without ").split(", ")) in LEFT_OUT_TYPES else "source"
        assert not left_out & {getattr(picture, kind) for picture in plan.train}
    judged = [picture for plan in plans[:5] for picture in plan.judge]
    assert len(judged) == len(pictures)


def test_other_patients_are_judged_by_the_folds_that_learn_from_their_source(data: Path, recipe: GateRecipe) -> None:
    pictures = load_pictures(read_gate_data(data).records, spec=recipe.preprocess)
    (model,) = {picture.source: picture for picture in pictures if picture.source == VIEW_SOURCE}.values()
    apart = [replace(model, name=f"{i}.png", group=f"nih:{i // 2}", view=("PA", "AP")[i % 2]) for i in range(16)]
    plans = {plan.name: plan for plan in planned_networks(pictures, other_patients=apart, recipe=recipe)}
    dealt = {name: [picture.name for picture in plan.other_patients] for name, plan in plans.items()}
    assert sorted(name for names in dealt.values() for name in names) == sorted(picture.name for picture in apart)
    judging = {name for name, names in dealt.items() if names}
    assert judging == {"fold 0", "fold 2", "fold 3", "fold 4"}
    for name in judging:
        assert VIEW_SOURCE in {picture.source for picture in plans[name].train}
        assert len({picture.group for picture in plans[name].other_patients}) == len(dealt[name]) / 2


@pytest.mark.parametrize(
    ("place", "views"), [(0, {"as read", "black", "white", "stretch", "masked"}), (-1, {"as read", "learnt from"})]
)
def test_a_network_of_a_fold_is_judged_in_every_view_and_another_as_read(
    data: Path, recipe: GateRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, views: set[str]
) -> None:
    monkeypatch.setattr(folds, "JUDGED_RENDERINGS", FOLDS * len(FAMILIES))  # one of each family a fold
    pictures = load_pictures(read_gate_data(data).records, spec=recipe.preprocess)
    plan = list(planned_networks(pictures, recipe=recipe))[place]
    found = gate_arm(recipe).run(plan, RunPlace(folder=tmp_path))[PREDICTIONS]
    assert set(found.view) - set(CHEST_FAULTS) == views
    assert np.isfinite(found.logits).all()


def test_the_bundle_reads_and_its_card_says_how_it_was_made(
    data: Path, recipe: GateRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = watch_cards(monkeypatch)
    found = read_gate_data(data)
    provenance = Provenance(command="hilum train gate", commit=None, data=found.licences)
    bundle = train_gate(
        recipe,
        records=found.records,
        spec=THRESHOLDS,
        provenance=provenance,
        study_sha256="0" * 64,
        place=RunPlace(folder=tmp_path),
    )
    assert shown == [bundle.card], "made once"
    assert bundle.card.kind == "gate"
    assert bundle.card.gate == THRESHOLDS
    assert bundle.card.compression is not None
    assert sum((bundle.folder / name).stat().st_size for name in bundle.card.files) < 10_000_000
    seen = seen_images_of(bundle)
    assert seen is not None
    files = {record.sha256[:16] for record in found.records}
    assert {row.tobytes().hex() for row in (*seen.train.files, *seen.validation.files)} == files
    Image.fromarray(np.full((40, 30), 99, np.uint8)).save(tmp_path / "x.png")
    reading = Reader(models=[bundle]).read(tmp_path / "x.png")
    assert reading.gate.is_xray_probability is not None
    assert sum(reading.gate.type.all.values()) == pytest.approx(1.0) if reading.gate.type else False
    assert [model.name for model in reading.models] == ["xray-gate"]
