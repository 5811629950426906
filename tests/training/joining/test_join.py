"""Bundles joined into one that says the mean of what they say: two trained networks, and toys that can be computed."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_gate import spec_with, write_gate
from fabricate_own_images import CHESTS, LABELS, RAW, fabricate_own_images, toy_network
from fabricate_recipe import fabricate_labelled_table, tiny_recipe
from hilum.bundle.calibrated_on import MEAN_NOT_CALIBRATED, NO_POINT
from hilum.bundle.label import PlattCalibration
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.seen_images import seen_images_of
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import Record
from hilum.errors import BundleError, DataError, UsageError
from hilum.evaluation.calibrating.calibrate import CalibrationSettings, calibrate
from hilum.evaluation.calibrating.own_images import OUTSIDE_BY_GATE
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.stated import Stated
from hilum.training.joining.card import JoinedWords
from hilum.training.joining.images import LEARNT_FROM, PATIENT_LEARNT_FROM
from hilum.training.joining.join import NO_IMAGES, JoinSettings, join
from hilum.training.recipe.optimizers import AdamW
from hilum.training.records.request import TrainRequest
from hilum.training.train_classifier import train_classifier

LARGER = PreprocessSpec(steps=(Resize(height=64, width=64, rule="stretch"),), mean=(0.5,) * 3, std=(0.5,) * 3)
ADULT = Stated(age_years=50.0, view="PA", xray_type="chest")
UNGATED = JoinSettings(gate=False)
"""The pictures are no chests, so that no gate looks at them."""


@dataclass(frozen=True)
class Trained:
    """Two networks that were trained on one split of a table."""

    data: Path
    bundles: tuple[Bundle, Bundle]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    data = fabricate_labelled_table(folder / "table", patients=40)
    made = []
    for name, learning_rate in (("slow", 1e-3), ("quick", 3e-3)):
        whole = tiny_recipe(epochs=1, optimizer=AdamW(learning_rate=learning_rate))
        recipe = replace(whole, name=name, preprocess=LARGER)
        asked = TrainRequest(
            name=name, data=(("table", data),), out=folder / name, weights="random", cache=folder / "cache"
        )
        bundle = train_classifier(recipe, request=asked)
        assert bundle is not None
        made.append(bundle)
    return Trained(data, (made[0], made[1]))


@pytest.mark.slow
def test_two_trained_networks_say_the_mean_of_what_each_says_and_their_map_is_that_of_the_mean(
    trained: Trained, tmp_path: Path
) -> None:
    done = join(trained.bundles, folder=tmp_path / "both")
    settings = ReaderSettings(heatmaps="all")
    together, *alone = (Reader(models=[one], settings=settings) for one in (done.bundle, *trained.bundles))
    for record in read_own_table(trained.data)[:6]:
        both = together.examine(record.path)
        own = [each.examine(record.path) for each in alone]
        for column, finding in enumerate(both.reading.findings):
            p = np.array([each.reading.findings[column].probability for each in own])
            assert finding.probability == pytest.approx(p.mean(), abs=1e-6)
            assert [one.probability for one in finding.members] == pytest.approx(list(p), abs=1e-6)
            slopes = [bundle.card.labels[column].calibration.slope for bundle in trained.bundles]
            weights = p * (1 - p) * slopes / 2 / (p.mean() * (1 - p.mean()))
            grids = [each.heatmaps[column].grid for each in own]
            assert grids[0].shape == (3, 3)
            expected = weights[0] * grids[0] + weights[1] * grids[1]
            np.testing.assert_allclose(both.heatmaps[column].grid, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_it_knows_what_its_members_learnt_from_and_is_fitted_on_none_of_it(trained: Trained, tmp_path: Path) -> None:
    """Of the release's images only those are read that no member learnt from."""
    records = read_own_table(trained.data)
    done = join(trained.bundles, folder=tmp_path / "both", records=records, settings=UNGATED)
    seen = seen_images_of(trained.bundles[0])
    assert seen is not None
    validation = {row.tobytes().hex() for row in seen.validation.files}
    assert done.images == len(validation)
    assert done.left_out[LEARNT_FROM] == len(seen.train)
    ours = seen_images_of(done.bundle)
    assert ours is not None
    assert {row.tobytes().hex() for row in ours.validation.files} == validation
    assert {row.tobytes() for row in ours.train.files} == {row.tobytes() for row in seen.train.files}
    assert all("only" in (one.unfitted or "") for one in done.labels), "the few patients of a miniature give no point"
    rule = done.bundle.card.labels[0].operating_point_rule
    assert rule.startswith("none: only")
    assert not list(tmp_path.glob(".*")), "nothing of the reading is left"
    known = {row.tobytes().hex() for row in seen.train.files}
    learnt_from = [record for record in records if record.sha256[:16] in known]
    with pytest.raises(DataError, match="The models learnt from all"):
        join(trained.bundles, folder=tmp_path / "none", records=learnt_from, settings=UNGATED)
    moved = [
        replace(record, patient=learnt_from[0].patient) if record not in learnt_from else record for record in records
    ]
    with pytest.raises(DataError, match="Give images of other patients"):
        join(trained.bundles, folder=tmp_path / "none", records=moved, settings=UNGATED)
    one = next(record for record in records if record.sha256[:16] in validation)
    shared = [replace(record, patient=learnt_from[0].patient) if record == one else record for record in records]
    some = join(trained.bundles, folder=tmp_path / "some", records=shared, settings=UNGATED)
    assert some.left_out[PATIENT_LEARNT_FROM] == 1
    assert not (tmp_path / "none").exists()


@dataclass(frozen=True)
class Toys:
    """Labelled pictures; a model that knows the first label, and one that knows nothing of it."""

    data: Path
    bundles: tuple[Bundle, Bundle]


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Toys:
    folder = tmp_path_factory.mktemp("toys")
    own = fabricate_own_images(folder)
    knows = toy_network()
    flat = ToyNetwork(knows.kernel, knows.shift, 0 * knows.weights, np.array([0.4, -0.3], np.float32))
    base = ToyBundle(labels=LABELS, calibration=RAW, operating_point=None, scope=CHESTS)
    calibrated = PlattCalibration(slope=1.5, intercept=0.1)
    made = (
        replace(base, name="knows", network=knows, calibration=calibrated).write(folder / "knows"),
        replace(base, name="flat", network=flat).write(folder / "flat"),
    )
    return Toys(own.data, made)


@pytest.fixture(scope="module")
def records(toys: Toys) -> tuple[Record, ...]:
    return tuple(read_own_table(toys.data))


def test_without_images_the_mean_decides_nothing_and_says_why(toys: Toys, tmp_path: Path) -> None:
    done = join(toys.bundles, folder=tmp_path / "both", settings=JoinSettings(words=JoinedWords(name="both")))
    card = done.bundle.card
    assert (card.name, card.kind) == ("both", "ensemble")
    assert card.limits[:2] == (MEAN_NOT_CALIBRATED, NO_POINT)
    assert {label.operating_point_rule for label in card.labels} == {f"none: {NO_IMAGES}"}
    assert done.weights is None
    image = toys.data / "000.png"
    found = Reader(models=[done.bundle]).read(image, stated=ADULT).findings
    alone = [Reader(models=[one]).read(image, stated=ADULT).findings for one in toys.bundles]
    for column, finding in enumerate(found):
        said = [each[column].probability for each in alone]
        assert finding.probability == pytest.approx(float(np.mean(said)), abs=1e-6)
        assert finding.positive is None


def test_with_images_weights_and_labels_are_fitted_and_the_graph_gives_what_was_fitted(
    toys: Toys, records: tuple[Record, ...], tmp_path: Path
) -> None:
    settings = JoinSettings(fit=True, called="St. Elsewhere", gate=False)
    done = join(toys.bundles, folder=tmp_path / "both", records=records, settings=settings)
    assert done.weights is not None
    assert done.weights.weights[0] > 0.9
    card = done.bundle.card
    assert card.ensemble is not None
    assert [one.weight for one in card.ensemble.members] == pytest.approx(done.weights.weights, abs=1e-8)
    assert "make the cross-entropy least on 160 validation images of 80 patients" in card.protocol
    (effusion, _) = card.labels
    assert effusion.operating_point is not None
    assert "of St. Elsewhere" in effusion.operating_point_rule
    assert effusion.results[0].n == 160
    assert NO_POINT not in card.limits
    assert "caution" not in " ".join(done.cautions)
    assert done.cautions[0].startswith("not every model names its training images")
    reader = Reader(models=[done.bundle])
    alone = [Reader(models=[one]) for one in toys.bundles]
    for record in records[:5]:
        (finding, _) = reader.read(record.path, stated=ADULT).findings
        p = [each.read(record.path, stated=ADULT).findings[0].probability for each in alone]
        mean = float(np.dot(done.weights.weights, p))
        assert expit(finding.logit) == pytest.approx(mean, abs=1e-6)
        stated = effusion.calibration.slope * logit(mean) + effusion.calibration.intercept
        assert finding.probability == pytest.approx(expit(stated), abs=1e-5)
        assert finding.positive is (finding.probability >= effusion.operating_point)
        assert finding.members_disagree is not None


def test_what_is_fitted_later_on_ones_own_images_lifts_the_same_limits(
    toys: Toys, records: tuple[Record, ...], tmp_path: Path
) -> None:
    bare = join(toys.bundles, folder=tmp_path / "bare").bundle
    later = calibrate(
        bare, records=records, folder=tmp_path / "later", settings=CalibrationSettings(gate=False)
    ).bundle.card
    at_once = join(toys.bundles, folder=tmp_path / "at-once", records=records, settings=UNGATED).bundle.card
    for one, other in zip(later.labels, at_once.labels, strict=True):
        assert one.operating_point == pytest.approx(other.operating_point)
        assert one.calibration == other.calibration
    assert not {MEAN_NOT_CALIBRATED, NO_POINT} & {*later.limits, *at_once.limits}


def test_what_a_reading_would_not_decide_is_not_fitted_on_unless_it_is_asked_for(
    toys: Toys, records: tuple[Record, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = write_gate(tmp_path / "hand", xray_type="hand", spec=spec_with(inverted_from=0.9, cropped_from=0.9))
    monkeypatch.setattr("hilum.training.joining.join.shipped_gate", lambda: hand)
    with pytest.raises(DataError, match="or are by the X-ray check no upright, whole radiograph that it reads"):
        join(toys.bundles, folder=tmp_path / "none", records=records)
    assert not (tmp_path / "none").exists()
    everything = JoinSettings(outside_scope=True)
    assert join(toys.bundles, folder=tmp_path / "all", records=records, settings=everything).images == len(records)
    assert join(toys.bundles, folder=tmp_path / "ungated", records=records, settings=UNGATED).left_out == {}
    chest = write_gate(tmp_path / "chest", xray_type="chest", spec=spec_with(inverted_from=0.9, cropped_from=0.9))
    monkeypatch.setattr("hilum.training.joining.join.shipped_gate", lambda: chest)
    done = join(toys.bundles, folder=tmp_path / "some", records=records)
    assert 0 < done.images < len(records), "dark ones are refused, middling ones unsure"
    assert done.left_out == {OUTSIDE_BY_GATE: len(records) - done.images}


def test_after_a_stop_nothing_is_read_twice(
    toys: Toys, records: tuple[Record, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, _count: int) -> None:
        if done == 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        join(toys.bundles, folder=tmp_path / "both", records=records, settings=UNGATED, progress=stop)
    assert not (tmp_path / "both").exists()
    begun: list[int] = []
    join(
        toys.bundles,
        folder=tmp_path / "both",
        records=records,
        settings=UNGATED,
        progress=lambda done, _count: begun.append(done),
    )
    assert begun[0] >= 64


def test_what_cannot_be_is_refused_before_anything_is_written(
    toys: Toys, records: tuple[Record, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "both"
    with pytest.raises(UsageError, match="two models or more to join; given: knows"):
        join(toys.bundles[:1], folder=folder)
    with pytest.raises(UsageError, match="The name 'No Name' is not allowed"):
        join(toys.bundles, folder=folder, settings=JoinSettings(words=JoinedWords(name="No Name")))
    with pytest.raises(UsageError, match="fitted on validation images, and none were given"):
        join(toys.bundles, folder=folder, settings=JoinSettings(fit=True))
    held = [replace(record, held_out=True) for record in records]
    with pytest.raises(DataError, match="are held out for testing"):
        join(toys.bundles, folder=folder, records=held)
    assert not folder.exists()
    join(toys.bundles, folder=folder)
    with pytest.raises(BundleError, match="exists already"):
        join(toys.bundles, folder=folder)
    again = join(toys.bundles, folder=folder, settings=JoinSettings(replace=True, words=JoinedWords(name="again")))
    assert load_bundle(folder).card.name == again.bundle.card.name == "again"
