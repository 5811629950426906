"""Toy networks read as the mean of them, without torch, against the same arithmetic in numpy."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit

from fabricate_bundle import ToyBundle, any_picture_called
from fabricate_dark_lungs import CASES, chest
from fabricate_ensemble import LABELS, NAMES, ToyEnsemble, write_ensemble
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import HeatmapSpec, Scope
from hilum.bundle.label import PlattCalibration
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, EngineError
from hilum.imaging.preprocess import CropLungs, PreprocessSpec, preprocess
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading.specialists.ensemble import Ensemble
from hilum.reading_result import Examination

TOY = ToyEnsemble.random()
SLOPE, INTERCEPT = 0.5, -0.25


def picture(*, seed: int = 5) -> bytes:
    grey = np.random.default_rng(seed).integers(0, 256, (48, 40)).astype(np.uint8)
    return png(grey)


def png(grey: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    return stream.getvalue()


def toy(**changes: object) -> ToyBundle:
    made = ToyBundle(name="toy-ensemble", labels=LABELS, calibration=PlattCalibration(slope=SLOPE, intercept=INTERCEPT))
    return replace(made, **changes)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_ensemble(tmp_path_factory.mktemp("ensemble") / "toy", ensemble=TOY, toy=toy())


@pytest.fixture(scope="module")
def reader(bundle: Bundle) -> Reader:
    return Reader(models=[bundle], settings=ReaderSettings(heatmaps="all"))


def by_hand(bundle: Bundle, examination: Examination) -> dict[str, np.ndarray]:
    given = preprocess(examination.radiograph.pixels, spec=bundle.card.preprocess).array[None]
    return {name: values[0] for name, values in TOY.forward(given).items()}


def test_the_mean_reads_and_the_members_stand_beside_it_on_one_scale(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture())
    expected = by_hand(bundle, examination)
    for column, finding in enumerate(examination.reading.findings):
        assert finding.logit == pytest.approx(expected["logits"][column], abs=1e-4)
        assert finding.probability == pytest.approx(expit(SLOPE * finding.logit + INTERCEPT), abs=1e-6)
        assert finding.positive is (finding.probability >= 0.5)
        assert [member.name for member in finding.members] == list(NAMES)
        for row, member in enumerate(finding.members):
            assert member.logit == pytest.approx(expected["member_logits"][row, column], abs=1e-4)
            assert member.probability == pytest.approx(expit(SLOPE * member.logit + INTERCEPT), abs=1e-6)
            assert member.positive is (member.probability >= 0.5)
        said = [member.probability for member in finding.members]
        assert min(said) <= finding.probability <= max(said)


def test_the_heatmap_is_the_ensembles_map_in_logit_contribution(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture())
    expected = by_hand(bundle, examination)
    assert [heatmap.finding for heatmap in examination.heatmaps] == list(LABELS)
    for column, heatmap in enumerate(examination.heatmaps):
        p = expit(expected["logits"][column])
        np.testing.assert_allclose(heatmap.grid, expected["maps"][column] / (p * (1 - p)), rtol=1e-3, atol=1e-5)
        assert heatmap.geometry.point(4, 4) == pytest.approx((40, 48))


def test_a_batch_reads_as_one_by_one(reader: Reader) -> None:
    pictures = [picture(seed=seed) for seed in range(5)]
    together = [each.reading.findings for each in reader.examine_many(pictures)]
    for one, findings in zip(pictures, together, strict=True):
        for alone, found in zip(reader.read(one).findings, findings, strict=True):
            assert found.logit == pytest.approx(alone.logit, abs=1e-5)
            assert [m.logit for m in found.members] == pytest.approx([m.logit for m in alone.members], abs=1e-5)


def brightness(folder: Path, *biases: float, **changes: object) -> Bundle:
    """Members whose logit on a black picture is their bias; one label."""
    base = toy(labels=("Pneumonia",), calibration=PlattCalibration(slope=1.0, intercept=0.0))
    return write_ensemble(folder, ensemble=ToyEnsemble.brightness(*biases), toy=replace(base, **changes))


BLACK = png(np.zeros((32, 32), np.uint8))


@pytest.mark.parametrize(
    ("biases", "positive", "disagree"),
    [((1.0, 2.0, 3.0), True, False), ((-1.0, -2.0), False, False), ((3.0, -0.5, -0.5), True, True)],
)
def test_members_that_would_decide_otherwise_are_marked_and_change_nothing(
    biases: tuple[float, ...], positive: bool, disagree: bool, tmp_path: Path
) -> None:
    (finding,) = Reader(models=[brightness(tmp_path / "toy", *biases)]).read(BLACK).findings
    assert finding.probability == pytest.approx(np.mean(expit(biases)), abs=1e-6)
    assert (finding.positive, finding.members_disagree) == (positive, disagree)
    assert [member.positive for member in finding.members] == [bias > 0 for bias in biases]


def test_where_nothing_is_decided_members_decide_nothing(tmp_path: Path) -> None:
    children = Scope(xray_type="chest", age_years=(1.0, 5.0), views=None)
    for name, changes in (("child", {"scope": children}), ("no point", {"operating_point": None})):
        (finding,) = Reader(models=[brightness(tmp_path / name, 3.0, -3.0, **changes)]).read(BLACK).findings
        assert (finding.positive, finding.members_disagree) == (None, None)
        assert [member.positive for member in finding.members] == [None, None]
        assert [member.probability for member in finding.members] == pytest.approx(list(expit([3.0, -3.0])))


def test_an_ensemble_without_maps_draws_none(tmp_path: Path) -> None:
    bundle = write_ensemble(
        tmp_path / "toy", graph=TOY.graph(leave_out="maps"), toy=toy(), heatmap=HeatmapSpec(method="none")
    )
    examination = Reader(models=[bundle], settings=ReaderSettings(heatmaps="all")).examine(picture())
    assert examination.heatmaps == ()
    assert all(len(finding.members) == 3 for finding in examination.reading.findings)


def test_members_may_read_the_crop_to_the_lungs(tmp_path: Path) -> None:
    whole = toy().preprocess
    cropped = PreprocessSpec(steps=(CropLungs(), *whole.steps), mean=whole.mean, std=whole.std)
    bundle = write_ensemble(tmp_path / "toy", toy=toy(preprocess=cropped, scope=any_picture_called("chest")))
    lungs = write_lung_bundle(tmp_path / "lungs")
    grey = chest(*CASES["two lungs"]).astype(int)
    noisy = np.clip(grey + np.random.default_rng(0).integers(-80, 81, grey.shape), 0, 255).astype(np.uint8)
    reading = Reader(models=[bundle, lungs]).read(png(noisy))
    assert [crop.model for crop in reading.crops] == ["toy-ensemble"]
    assert all(len(finding.members) == 3 for finding in reading.findings)


def opened(bundle: Bundle) -> Ensemble:
    return Ensemble(bundle, engine=OnnxRuntimeEngine(), threads=1, heatmaps="positive")


@pytest.mark.parametrize("missing", ["maps", "member_logits"])
def test_a_graph_that_lacks_an_output_is_refused(missing: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=f"the graph of toy-ensemble must have the outputs .*{missing}.* but it has"):
        opened(write_ensemble(tmp_path / "toy", graph=TOY.graph(leave_out=missing)))


def test_a_graph_of_fewer_members_than_the_card_says_is_refused(tmp_path: Path) -> None:
    bundle = write_ensemble(tmp_path / "toy", graph=ToyEnsemble.random(count=2).graph())
    with pytest.raises(EngineError, match=r"toy-ensemble must give member_logits float32 \(1, 3, 2\), not"):
        opened(bundle)._network.run_members(np.zeros((1, 1, 16, 16), np.float32))


def test_a_bundle_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="toy is a model of kind classifier; one of kind ensemble is needed"):
        opened(ToyBundle().write(tmp_path / "toy"))


def test_an_empty_batch_gives_no_opinion(bundle: Bundle) -> None:
    assert opened(bundle).read([]) == ()
