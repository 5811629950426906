"""A fusion of two toy networks, read without torch, against the same arithmetic in numpy."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit

from fabricate_bundle import ToyBundle
from fabricate_dark_lungs import CASES, COLUMNS, ROWS, chest
from fabricate_fusion import LABELS, ToyFusion, write_fusion
from fabricate_lungs import ALL_STRUCTURES, RULE, SPEC, write_lung_bundle
from hilum.bundle.load import Bundle
from hilum.errors import BundleError
from hilum.geometry import Box
from hilum.imaging.preprocess import preprocess
from hilum.radiograph import Radiograph, Source
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.open_models import open_models
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading.specialists.fusion import Fusion
from hilum.reading.specialists.opinion import Case
from hilum.reading_result import Examination, GateVerdict
from hilum.report.page import render_page

TOY = ToyFusion.random()
CROP = Box(12, 49, 168, 163)
ENGINE = OnnxRuntimeEngine()


def picture(case: str, *, seed: int = 5) -> bytes:
    """The chest of a case with noise: every part differs, and no case has so few greys that they are stretched."""
    grey = chest(*CASES[case]).astype(int)
    noisy = np.clip(grey + np.random.default_rng(seed).integers(-80, 81, grey.shape), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noisy).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_fusion(tmp_path_factory.mktemp("fusion") / "toy", fusion=TOY)


@pytest.fixture(scope="module")
def reader(bundle: Bundle) -> Reader:
    return Reader(models=[bundle], settings=ReaderSettings(heatmaps="all"))


def by_hand(bundle: Bundle, examination: Examination, *, box: Box | None) -> dict[str, np.ndarray]:
    fusion = bundle.card.fusion
    assert fusion is not None
    pixels = examination.radiograph.pixels
    whole = preprocess(pixels, spec=bundle.card.preprocess).array[None]
    crop = preprocess(pixels, spec=fusion.crop_preprocess, lung_box=box).array[None]
    return {name: values[0] for name, values in TOY.forward(whole, crop).items()}


def test_trusted_lungs_give_the_fusions_result(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture("two lungs"))
    reading = examination.reading
    expected = by_hand(bundle, examination, box=CROP)
    assert [finding.name for finding in reading.findings] == list(LABELS)
    assert [finding.logit for finding in reading.findings] == pytest.approx(list(expected["logits"]), abs=1e-4)
    for finding in reading.findings:
        assert finding.probability == pytest.approx(expit(finding.logit), abs=1e-6)
        assert finding.operating_point == 0.5
        assert finding.positive is (finding.probability >= 0.5)
    assert reading.lungs is not None
    assert reading.lungs.trusted
    assert [(crop.model, crop.box) for crop in reading.crops] == [("toy-fusion", CROP)]
    assert not any("whole-image branch" in warning for warning in reading.warnings)
    details = [step.detail for step in reading.trail if step.step == "preprocess"]
    assert [detail.split(":")[0] for detail in details] == ["toy-lungs", "toy-fusion", "toy-fusion"]
    assert "crop to the lungs (168 x 163 pixels from column 12, row 49)" in details[2]


def test_the_crop_rests_on_the_whole_lungs_where_they_are_drawn_beside_the_fields(tmp_path: Path) -> None:
    """A strip that is whole lung and no field, in columns 15 to 24: a bundle of fields alone does not box it."""
    grey = chest(*CASES["two lungs"])
    grey[64:192, 15:24] = 102
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    first = {}
    for name, structures in (("both", ALL_STRUCTURES), ("fields", ("right field", "left field"))):
        bundle = write_fusion(tmp_path / name, fusion=TOY, lungs=SPEC.changed({"structures": structures}))
        (crop,) = Reader(models=[bundle]).read(stream.getvalue()).crops
        first[name] = crop.box.x
    assert first == {"both": 15 - 12, "fields": 24 - 12}, "15 grid pixels of 256 are 11.25 columns"


def test_the_fused_heatmap_is_both_maps_at_home(bundle: Bundle, reader: Reader) -> None:
    """Outside the crop only the whole picture's map counts; over the picture both sum to the logit less the bias."""
    examination = reader.examine(picture("two lungs"))
    expected = by_hand(bundle, examination, box=CROP)
    for index, heatmap in enumerate(examination.heatmaps):
        assert (heatmap.model, heatmap.finding) == ("toy-fusion", LABELS[index])
        assert heatmap.geometry.point(*heatmap.grid.shape[::-1]) == pytest.approx((COLUMNS, ROWS))
        parts = expected["whole_maps"][index].sum() + expected["crop_maps"][index].sum()
        assert parts == pytest.approx(expected["logits"][index] - TOY.bias[index], abs=1e-4)
        assert heatmap.grid.sum() == pytest.approx(parts, rel=0.1, abs=0.3)
        rows, columns = heatmap.grid.shape
        per_cell = 16 / (rows * columns)  # a cell of the whole map is a sixteenth of the picture
        corner = expected["whole_maps"][index][3, 0] * per_cell
        assert heatmap.grid[-1, 0] == pytest.approx(corner, rel=1e-3)


@pytest.mark.parametrize("case", ["no lung", "one lung", "all dark"])
def test_untrusted_lungs_give_the_whole_branchs_result_and_say_so(bundle: Bundle, reader: Reader, case: str) -> None:
    examination = reader.examine(picture(case))
    reading = examination.reading
    expected = by_hand(bundle, examination, box=None)
    assert [finding.logit for finding in reading.findings] == pytest.approx(list(expected["whole_logits"]), abs=1e-4)
    for finding in reading.findings:
        assert finding.probability == pytest.approx(expit(2 * finding.logit), abs=1e-6)  # the whole branch's own slope
        assert finding.operating_point == 0.4
    assert reading.crops == ()
    (said,) = [warning for warning in reading.warnings if "whole-image branch" in warning]
    assert said.startswith("toy-fusion joins the whole picture and the crop to the lungs, but there is no crop: ")
    assert reading.lungs is not None
    assert reading.lungs.reason in said
    for index, heatmap in enumerate(examination.heatmaps):
        np.testing.assert_allclose(heatmap.grid, expected["whole_alone_maps"][index], atol=1e-5)
        assert heatmap.geometry.point(4, 4) == (COLUMNS, ROWS)
    assert "not cropped, since there is no drawing of the lungs" in reading.trail[-1].detail


def test_a_batch_reads_as_its_pictures_do(reader: Reader) -> None:
    sources = [picture(case, seed=i) for i, case in enumerate(CASES)]
    for source, many in zip(sources, reader.examine_many(sources), strict=True):
        assert isinstance(many, Examination)
        one = reader.examine(source)
        assert [finding.logit for finding in many.reading.findings] == pytest.approx(
            [finding.logit for finding in one.reading.findings], abs=1e-5
        )
        assert many.reading.warnings == one.reading.warnings
        assert many.reading.crops == one.reading.crops


def test_only_positive_findings_get_a_heatmap_unasked(bundle: Bundle) -> None:
    examination = Reader(models=[bundle]).examine(picture("two lungs"))
    positive = {finding.name for finding in examination.reading.findings if finding.positive}
    assert {heatmap.finding for heatmap in examination.heatmaps} == positive


def test_it_draws_with_its_own_network_and_shares_equal_ones(bundle: Bundle, tmp_path: Path) -> None:
    """Alone its lungs are part of it; beside the same network they are drawn once; beside another, twice."""
    alone = Reader(models=[bundle]).read(picture("two lungs"))
    assert [model.name for model in alone.models] == ["toy-fusion"]
    assert alone.lungs is not None
    assert alone.lungs.model.sha256 == "3" * 64
    same = write_lung_bundle(tmp_path / "same")
    opened = open_models([bundle, same], engine=ENGINE, threads=1, heatmaps="all", lungs=True)
    assert opened.lungs.shown is opened.specialists[0].lungs
    assert opened.lungs.shown is not None
    assert opened.lungs.shown.ref.sha256 == same.sha256
    stricter = SPEC.model_copy(update={"quality": RULE.model_copy(update={"trusted_from": 1.0, "intercept": 0.5})})
    other = write_lung_bundle(tmp_path / "other", name="other-lungs", spec=stricter)
    both = Reader(models=[bundle, other]).read(picture("two lungs"))
    assert [model.name for model in both.models] == ["other-lungs", "toy-fusion"]
    assert both.lungs is not None
    assert not both.lungs.trusted
    assert [crop.box for crop in both.crops] == [CROP]  # the fusion trusts its own drawing


def test_it_stands_beside_other_specialists(bundle: Bundle, tmp_path: Path) -> None:
    whole = ToyBundle(name="whole-toy").write(tmp_path / "whole")
    reading = Reader(models=[bundle, whole]).read(picture("two lungs"))
    assert [finding.model for finding in reading.findings] == ["toy-fusion", "toy-fusion", "whole-toy"]


def test_without_lungs_the_whole_picture_is_read_alone_and_it_is_said(bundle: Bundle, reader: Reader) -> None:
    without = Reader(models=[bundle], settings=ReaderSettings(lungs=False)).read(picture("two lungs"))
    assert without.lungs is None
    assert without.crops == ()
    assert without.settings_sha256 != reader.settings_sha256, "a later run with lungs reads it again"
    assert any(
        "the lungs were not looked for. This is the result of its whole-image" in one for one in without.warnings
    )
    untrusted = reader.read(picture("no lung"))
    alone = Reader(models=[bundle], settings=ReaderSettings(lungs=False)).read(picture("no lung"))
    assert [one.logit for one in alone.findings] == [one.logit for one in untrusted.findings]


def test_the_page_draws_lungs_crop_and_map(bundle: Bundle, reader: Reader) -> None:
    page = render_page(reader.examine(picture("two lungs")), cards=[bundle.card])
    assert 'id="lungs"' in page
    assert 'id="crop"' in page
    assert "Crop that toy-fusion read" in page
    doubted = render_page(reader.examine(picture("one lung")), cards=[bundle.card])
    assert "This is the result of its whole-image branch" in doubted
    assert "Lung outlines uncertain" in doubted
    assert 'id="crop"' not in doubted


@pytest.mark.parametrize("missing", ["whole_logits", "crop_maps"])
def test_a_graph_that_lacks_an_output_is_refused(tmp_path: Path, missing: str) -> None:
    broken = write_fusion(tmp_path / "broken", graph=TOY.graph(leave_out=missing))
    with pytest.raises(BundleError, match=missing):
        Reader(models=[broken])


def test_a_graph_with_other_inputs_is_refused(tmp_path: Path) -> None:
    broken = write_fusion(tmp_path / "broken", graph=ToyBundle().network.graph())
    with pytest.raises(BundleError, match="the graph of toy-fusion takes"):
        Reader(models=[broken])


def test_a_bundle_of_another_kind_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    lungs = LungFinder(bundle, engine=ENGINE, threads=1)
    other = ToyBundle().write(tmp_path / "toy")
    with pytest.raises(BundleError, match="one of kind fusion is needed"):
        Fusion(other, engine=ENGINE, threads=1, heatmaps="all", lungs=lungs)


def test_an_empty_batch_and_a_case_out_of_scope(bundle: Bundle) -> None:
    lungs = LungFinder(bundle, engine=ENGINE, threads=1)
    fusion = Fusion(bundle, engine=ENGINE, threads=1, heatmaps="all", lungs=lungs)
    assert fusion.read([]) == ()
    pixels = np.full((ROWS, COLUMNS), 0.5, np.float32)
    radiograph = Radiograph(pixels, Source("x.dcm", "0" * 64, "DICOM", ROWS, COLUMNS), modality="CT")
    spec = bundle.card.fusion
    assert spec is not None
    case = Case(
        radiograph,
        preprocess(pixels, spec=fusion.card.preprocess),
        GateVerdict("not judged", ""),
        preprocess(pixels, spec=spec.crop_preprocess),
    )
    (opinion,) = fusion.read([case])
    assert all(finding.positive is None and finding.in_scope is False for finding in opinion.findings)
    (known,) = fusion.read([replace(case, radiograph=replace(radiograph, modality="CR", body_part="CHEST"))])
    assert all(finding.positive is not None for finding in known.findings)
