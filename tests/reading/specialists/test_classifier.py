"""One specialist: logits by hand, calibration, decision, boxes in native pixels, scope."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from fabricate_bundle import ToyBundle, ToyNetwork
from hilum.bundle.card import HeatmapSpec, OcclusionSpec, Scope
from hilum.bundle.label import PlattCalibration
from hilum.bundle.save import write_bundle
from hilum.imaging.preprocess import PreprocessSpec, Resize, preprocess
from hilum.radiograph import Patient, Radiograph, Source
from hilum.reading.engines.network import Network
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.gate.rules import NOT_JUDGED
from hilum.reading.specialists.classifier import Classifier
from hilum.reading.specialists.opinion import Case, HeatmapsWanted, Opinion
from hilum.reading_result import NotDecided

LABELS = ("Edema", "Mass", "Pneumonia")


def radiograph(pixels: np.ndarray, **fields: object) -> Radiograph:
    rows, columns = pixels.shape
    source = Source("x.png", "0" * 64, "PNG", rows, columns)
    return Radiograph(pixels.astype(np.float32), source, body_part="CHEST", **fields)


def opinions(
    folder: Path, toy: ToyBundle, *radiographs: Radiograph, heatmaps: HeatmapsWanted = "positive"
) -> tuple[Opinion, ...]:
    specialist = Classifier(toy.write(folder / "toy"), engine=OnnxRuntimeEngine(), threads=1, heatmaps=heatmaps)
    return specialist.read(
        [Case(one, preprocess(one.pixels, spec=specialist.card.preprocess), NOT_JUDGED) for one in radiographs]
    )


def test_logit_probability_and_decision_of_a_grey_image(tmp_path: Path) -> None:
    """Brightness 0.4: logit 8 * 0.4 - 2 = 1.2; calibrated sigmoid(0.5 * 1.2 - 0.1) = sigmoid(0.5)."""
    calibration = PlattCalibration(slope=0.5, intercept=-0.1)
    grey = radiograph(np.full((32, 32), 0.4))
    at_point = ToyBundle(calibration=calibration, operating_point=float(expit(0.5)) - 1e-6)
    above = replace(at_point, operating_point=float(expit(0.5)) + 1e-6)
    (opinion,) = opinions(tmp_path / "a", at_point, grey)
    (finding,) = opinion.findings
    assert (finding.model, finding.name) == ("toy", "Pneumonia")
    assert finding.logit == pytest.approx(1.2, abs=1e-5)
    assert finding.probability == pytest.approx(expit(0.5), abs=1e-6)
    assert finding.positive is True
    assert finding.operating_point == at_point.operating_point
    assert opinions(tmp_path / "b", above, grey)[0].findings[0].positive is False


def test_at_the_operating_point_itself_a_finding_is_positive(tmp_path: Path) -> None:
    """Brightness 0.25 gives logit 0 exactly, so probability 0.5 exactly."""
    (opinion,) = opinions(tmp_path, ToyBundle(operating_point=0.5), radiograph(np.full((16, 16), 0.25)))
    assert opinion.findings[0].probability == 0.5
    assert opinion.findings[0].positive is True


def test_the_heatmap_sums_to_the_logit_without_bias_in_native_pixels(tmp_path: Path) -> None:
    pixels = np.zeros((64, 128))
    pixels[16:32, 96:128] = 1.0  # one cell of the 4 x 4 grid: row 1, column 3
    (opinion,) = opinions(tmp_path, ToyBundle(operating_point=0.01), radiograph(pixels))
    (heatmap,) = opinion.heatmaps
    assert (heatmap.model, heatmap.finding) == ("toy", "Pneumonia")
    expected = np.zeros((4, 4))
    expected[1, 3] = 8 / 16
    np.testing.assert_allclose(heatmap.grid, expected, atol=1e-6)
    assert heatmap.grid.sum() == pytest.approx(opinion.findings[0].logit + 2, abs=1e-5)
    assert heatmap.geometry.point(3, 1) == (96, 16)
    assert heatmap.geometry.point(4, 2) == (128, 32)


def test_the_box_lies_on_the_bright_cell_in_native_pixels(tmp_path: Path) -> None:
    pixels = np.zeros((64, 128))
    pixels[16:32, 96:128] = 1.0
    (opinion,) = opinions(tmp_path, ToyBundle(operating_point=0.01), radiograph(pixels))
    (box,) = opinion.findings[0].boxes
    cx, cy = box.x + box.width / 2, box.y + box.height / 2
    assert 96 <= cx <= 128
    assert 16 <= cy <= 32
    assert box.x + box.width <= 128
    assert box.width <= 48
    assert box.height <= 32


def test_a_box_over_letterbox_padding_is_cut_to_the_image(tmp_path: Path) -> None:
    """A wide image in a square: rows 0 to 3 and 12 to 15 of the input are padding, made brightest here."""
    spec = PreprocessSpec(
        steps=(Resize(height=16, width=16, rule="letterbox", filter="box", pad_value=1.0),), mean=(0.0,), std=(1.0,)
    )
    toy = ToyBundle(preprocess=spec, operating_point=0.01)
    (opinion,) = opinions(tmp_path, toy, radiograph(np.full((32, 64), 0.9)))
    (box,) = opinion.findings[0].boxes
    assert (box.x, box.y, box.width, box.height) == pytest.approx((0, 0, 64, 32))


def test_negative_findings_have_heatmaps_only_when_asked_and_never_boxes(tmp_path: Path) -> None:
    toy = ToyBundle(network=ToyNetwork.random(labels=3), labels=LABELS, operating_point=1.0)
    image = radiograph(np.random.default_rng(0).random((20, 30)))
    (positive,) = opinions(tmp_path / "a", toy, image)
    (everything,) = opinions(tmp_path / "b", toy, image, heatmaps="all")
    assert positive.heatmaps == ()
    assert [heatmap.finding for heatmap in everything.heatmaps] == list(LABELS)
    assert all(finding.boxes == () and finding.positive is False for finding in everything.findings)


def test_a_map_without_a_positive_value_gives_no_box(tmp_path: Path) -> None:
    """Gain -8, bias 4 and a dark image: positive through the bias, and nothing speaks for it."""
    toy = ToyBundle(network=ToyNetwork.brightness(gain=-8.0, bias=4.0))
    (opinion,) = opinions(tmp_path, toy, radiograph(np.full((16, 16), 0.1)))
    assert opinion.findings[0].positive is True
    assert opinion.findings[0].boxes == ()
    assert len(opinion.heatmaps) == 1


def test_a_bundle_without_heatmaps_decides_all_the_same(tmp_path: Path) -> None:
    toy = ToyBundle(heatmap=HeatmapSpec(method="none"))
    (opinion,) = opinions(tmp_path, toy, radiograph(np.ones((16, 16))), heatmaps="all")
    assert opinion.findings[0].positive is True
    assert opinion.findings[0].boxes == ()
    assert opinion.heatmaps == ()


def occluding(*, cells: int = 4, square: int = 1, **fields: object) -> ToyBundle:
    spec = HeatmapSpec(method="occlusion", occlusion=OcclusionSpec(cells=cells, square=square))
    return ToyBundle(heatmap=spec, **fields)


def test_a_heatmap_by_occlusion_is_what_the_logit_falls_by(tmp_path: Path) -> None:
    """One bright cell of 4 x 4 under a logit of 8 x mean brightness: the mean grey takes 8 (1 - 1/16) / 16."""
    pixels = np.zeros((64, 128))
    pixels[16:32, 96:128] = 1.0
    (opinion,) = opinions(tmp_path, occluding(operating_point=0.01), radiograph(pixels))
    (heatmap,) = opinion.heatmaps
    assert heatmap.by_occlusion
    expected = np.full((4, 4), -8 / 256)
    expected[1, 3] = 8 * 15 / 256
    np.testing.assert_allclose(heatmap.grid, expected, atol=1e-6)
    assert heatmap.geometry.point(3, 1) == (96, 16)
    (box,) = opinion.findings[0].boxes
    assert box.as_list() == [96, 16, 32, 16]


def test_an_occlusion_is_asked_for_once_and_only_where_a_heatmap_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = occluding(network=ToyNetwork.random(labels=3), labels=LABELS, operating_point=1.0)
    specialist = Classifier(toy.write(tmp_path / "toy"), engine=OnnxRuntimeEngine(), threads=1, heatmaps="all")
    quiet = Classifier(toy.write(tmp_path / "toy2"), engine=OnnxRuntimeEngine(), threads=1, heatmaps="positive")
    seen: list[int] = []
    run = Network.run

    def counted(network: Network, batch: np.ndarray) -> object:
        seen.append(len(batch))
        return run(network, batch)

    monkeypatch.setattr(Network, "run", counted)
    picture = radiograph(np.random.default_rng(0).random((16, 16)))
    case = Case(picture, preprocess(picture.pixels, spec=specialist.card.preprocess), NOT_JUDGED)
    (all_of_them,) = specialist.read([case])
    assert len(all_of_them.heatmaps) == 3
    assert sum(seen) == 1 + 16, "the picture, and one pass a square for all three labels"
    seen.clear()
    (none,) = quiet.read([case])
    assert none.heatmaps == ()
    assert seen == [1]


def test_without_heatmaps_a_positive_finding_has_no_box(tmp_path: Path) -> None:
    (opinion,) = opinions(tmp_path, ToyBundle(operating_point=0.01), radiograph(np.ones((16, 16))), heatmaps="none")
    assert opinion.findings[0].positive is True
    assert opinion.findings[0].boxes == ()
    assert opinion.heatmaps == ()


def test_out_of_scope_computes_and_decides_nothing(tmp_path: Path) -> None:
    toy = ToyBundle(scope=Scope(xray_type="chest", age_years=(1, 5), views=None))
    adult = radiograph(np.ones((16, 16)), patient=Patient(40.0, "M"))
    (opinion,) = opinions(tmp_path, toy, adult)
    (finding,) = opinion.findings
    assert finding.probability == pytest.approx(expit(6.0), abs=1e-5)
    assert finding.positive is None
    assert finding.in_scope is False
    assert finding.boxes == ()
    assert opinion.heatmaps == ()
    assert finding.not_decided == NotDecided(
        "age outside", "the patient is 40 years old, and this model is for children of 1 to 5 years"
    )
    assert "the patient is 40 years old" in opinion.warnings[0]


def test_an_unknown_age_decides_nothing_and_says_why(tmp_path: Path) -> None:
    toy = ToyBundle(scope=Scope(xray_type="chest", age_years=(1, 5), views=None))
    (opinion,) = opinions(tmp_path, toy, radiograph(np.ones((16, 16))))
    (finding,) = opinion.findings
    assert finding.probability == pytest.approx(expit(6.0), abs=1e-5)
    assert (finding.positive, finding.in_scope, finding.unknown, finding.boxes) == (None, None, ("age",), ())
    assert finding.not_decided == NotDecided(
        "age unknown", "the file gives no age, and this model is for children of 1 to 5 years"
    )
    assert opinion.heatmaps == ()
    assert "--age" in opinion.warnings[0]


def test_a_view_that_is_tolerated_decides_with_a_warning(tmp_path: Path) -> None:
    toy = ToyBundle(scope=Scope(xray_type="chest", age_years=(1, 5), views=("AP",)))
    (opinion,) = opinions(tmp_path, toy, radiograph(np.ones((16, 16)), patient=Patient(3.0, "F")))
    (finding,) = opinion.findings
    assert (finding.positive, finding.in_scope, finding.unknown) == (True, None, ("view",))
    assert opinion.warnings[0].startswith("the file gives no view, so the result of toy may not hold")


def test_a_batch_keeps_each_image_with_its_own_finding(tmp_path: Path) -> None:
    levels = (0.9, 0.1, 0.5)
    read = opinions(tmp_path, ToyBundle(), *(radiograph(np.full((16, 16), level)) for level in levels))
    assert [one.findings[0].logit for one in read] == pytest.approx([8 * level - 2 for level in levels], abs=1e-5)
    assert all(one.network_ms > 0 for one in read)


def test_an_empty_batch_gives_nothing(tmp_path: Path) -> None:
    assert opinions(tmp_path, ToyBundle()) == ()


def test_without_an_operating_point_nothing_is_decided_and_a_warning_says_so(tmp_path: Path) -> None:
    raw = PlattCalibration(method="none", slope=1.0, intercept=0.0)
    bright = radiograph(np.full((16, 16), 0.9))
    (opinion,) = opinions(tmp_path, ToyBundle(operating_point=None, calibration=raw), bright, heatmaps="all")
    (finding,) = opinion.findings
    assert finding.logit == pytest.approx(8 * 0.9 - 2, abs=1e-5)
    assert finding.probability == pytest.approx(expit(8 * 0.9 - 2), abs=1e-6)
    assert (finding.positive, finding.operating_point, finding.boxes) == (None, None, ())
    assert finding.not_decided == NotDecided("no operating point", "this model has no threshold")
    assert opinion.warnings == (
        "toy has no threshold for any finding, so nothing is decided there; their probabilities are not calibrated",
    )
    assert len(opinion.heatmaps) == 1


def test_labels_without_an_operating_point_are_named_beside_those_with_one(tmp_path: Path) -> None:
    toy = ToyBundle(network=ToyNetwork.random(labels=3), labels=LABELS, operating_point=0.0)
    card = toy.card()
    labels = tuple(
        label.model_copy(update={"operating_point": None}) if label.name == "Mass" else label for label in card.labels
    )
    bundle = write_bundle(tmp_path / "toy", card=card.model_copy(update={"labels": labels}), files=toy.files())
    specialist = Classifier(bundle, engine=OnnxRuntimeEngine(), threads=1, heatmaps="positive")
    grey = radiograph(np.full((16, 16), 0.5))
    (opinion,) = specialist.read([Case(grey, preprocess(grey.pixels, spec=specialist.card.preprocess), NOT_JUDGED)])
    assert [finding.positive for finding in opinion.findings] == [True, None, True]
    assert opinion.warnings == ("toy has no threshold for Mass, so nothing is decided there",)


def test_a_label_that_is_not_reliable_is_listed_never_decided_and_says_why(tmp_path: Path) -> None:
    toy = ToyBundle(network=ToyNetwork.random(labels=3), labels=LABELS, operating_point=0.0)
    why = {"operating_point": None, "not_reliable": "too few images with it"}
    labels = tuple(label.changed(why) if label.name == "Mass" else label for label in toy.card().labels)
    bundle = write_bundle(tmp_path / "toy", card=toy.card().model_copy(update={"labels": labels}), files=toy.files())
    specialist = Classifier(bundle, engine=OnnxRuntimeEngine(), threads=1, heatmaps="positive")
    grey = radiograph(np.full((16, 16), 0.5))
    (opinion,) = specialist.read([Case(grey, preprocess(grey.pixels, spec=specialist.card.preprocess), NOT_JUDGED)])
    by_name = {finding.name: finding for finding in opinion.findings}
    mass = by_name.pop("Mass")
    assert (mass.positive, mass.operating_point, mass.boxes) == (None, None, ())
    assert mass.not_decided == NotDecided("not reliable", "not reliable here: too few images with it")
    assert [finding.positive for finding in by_name.values()] == [True, True]
    assert opinion.warnings == (), "each finding says it itself"


@pytest.mark.parametrize(
    ("stated", "seen", "decided"),
    [
        ("AP", None, False),
        ("unknown", "AP", False),
        ("PA", "AP", True),
        ("PA", None, True),
        ("unknown", None, True),
    ],
)
def test_a_label_is_not_decided_in_a_view_in_which_it_is_not_reliable(tmp_path, stated, seen, decided) -> None:
    toy = ToyBundle(network=ToyNetwork.random(labels=3), labels=LABELS, operating_point=0.0)
    why = {"not_reliable_in": ({"view": "AP", "why": "4 of 500 images with it"},)}
    labels = tuple(label.changed(why) if label.name == "Mass" else label for label in toy.card().labels)
    bundle = write_bundle(tmp_path / "toy", card=toy.card().model_copy(update={"labels": labels}), files=toy.files())
    specialist = Classifier(bundle, engine=OnnxRuntimeEngine(), threads=1, heatmaps="positive")
    grey = replace(radiograph(np.full((16, 16), 0.5)), view=stated)
    gate = replace(NOT_JUDGED, view=seen)
    (opinion,) = specialist.read([Case(grey, preprocess(grey.pixels, spec=specialist.card.preprocess), gate)])
    by_name = {finding.name: finding for finding in opinion.findings}
    mass = by_name.pop("Mass")
    assert mass.positive is (True if decided else None)
    assert mass.not_decided == (
        None if decided else NotDecided("not reliable", "not reliable here: 4 of 500 images with it")
    )
    assert [finding.positive for finding in by_name.values()] == [True, True]
