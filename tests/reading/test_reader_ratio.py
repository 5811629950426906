"""`Reader` and the heart: adults given as plain pictures are measured, children are not, and the page says which."""

import io

import numpy as np
import pytest
from PIL import Image

from fabricate_bundle import ToyBundle
from fabricate_dark_lungs import CASES, chest
from fabricate_dicom import dicom_bytes
from fabricate_gate import VIEW_RULE, spec_with, write_gate
from fabricate_lungs import ALL_STRUCTURES, SPEC, write_lung_bundle
from hilum.bundle.lung_spec import RatioError
from hilum.output.from_json import result_of
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import CardiothoracicRatio, RatioWithheld
from hilum.report.page import render_page
from hilum.report.reading_json import reading_to_json
from hilum.stated import Stated

HEART = (slice(120, 180), slice(69, 123))
RATIO = 54 / 144
"""The heart's columns over those from the right lung's first to the left lung's last."""

ERROR = RatioError(source="fabricated", mean=0.02, nine_in_ten=0.05, n=10, groups=10)


def pixels() -> np.ndarray:
    grey = chest(*CASES["two lungs"])
    grey[HEART] = 153
    return grey


def plain_picture() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels()).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    spec = SPEC.changed({"structures": ALL_STRUCTURES, "ratio_error": ERROR})
    lungs = write_lung_bundle(folder / "lungs", name="toy-all", spec=spec)
    return Reader(models=[lungs, ToyBundle(name="toy").write(folder / "toy")])


def page_of(reader, stated: Stated) -> str:
    return " ".join(render_page(reader.examine(plain_picture(), name="chest.png", stated=stated), cards=[]).split())


def test_an_adult_given_as_a_plain_picture_is_measured(reader):
    stated = Stated(age_years=40.0, view="PA")
    ratio = reader.read(plain_picture(), stated=stated).cardiothoracic_ratio
    assert isinstance(ratio, CardiothoracicRatio)
    assert ratio.value == pytest.approx(RATIO, abs=0.02)
    assert (ratio.mean_error, ratio.error_of_nine_in_ten, ratio.cautions) == (0.02, 0.05, ())
    page = page_of(reader, stated)
    assert f"Cardiothoracic ratio {ratio.value:.2f} ± 0.02</strong>: a measurement, not a diagnosis." in page
    assert "Caution" not in page
    assert 'id="widths"' in page


def test_a_child_is_not(reader):
    stated = Stated(age_years=5.0, view="PA")
    ratio = reader.read(plain_picture(), stated=stated).cardiothoracic_ratio
    assert isinstance(ratio, RatioWithheld)
    assert ratio.code == "child"
    page = page_of(reader, stated)
    assert "Cardiothoracic ratio not measured: the patient is 5 years old" in page
    assert 'id="widths"' not in page


def test_an_unknown_age_is_measured_with_a_caution(reader):
    ratio = reader.read(plain_picture(), stated=Stated(view="PA")).cardiothoracic_ratio
    assert ratio.value == pytest.approx(RATIO, abs=0.02)
    assert "Caution: the age is not known; the ratio is for adults" in page_of(reader, Stated(view="PA"))


def test_a_picture_of_which_nothing_is_told_is_not_measured(reader):
    assert reader.read(plain_picture()).cardiothoracic_ratio.code == "view unknown"
    assert "If this is one, say --view PA" in page_of(reader, Stated())


@pytest.mark.parametrize(
    ("looks", "code"), [((9.0, 0.0, 0.0), None), ((0.0, 9.0, 0.0), "AP view"), ((0.0, 0.0, 9.0), "lateral view")]
)
def test_an_adult_of_whom_only_the_age_is_told_is_measured_where_the_picture_looks_pa(tmp_path, looks, code):
    spec = spec_with(view=VIEW_RULE, turned_from=1.0, inverted_from=1.0, cropped_from=1.0)
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=spec, looks=looks)
    lungs = write_lung_bundle(tmp_path / "lungs", spec=SPEC.changed({"structures": ALL_STRUCTURES}))
    ratio = Reader(models=[gate, lungs]).read(plain_picture(), stated=Stated(age_years=40.0)).cardiothoracic_ratio
    assert getattr(ratio, "code", None) == code
    if code is None:
        assert ratio.value == pytest.approx(RATIO, abs=0.02)
        assert ratio.cautions == ("the file gives no view; the picture looks like PA",)


def test_tags_tell_age_view_and_spacing(reader):
    tags = {"PatientAge": "040Y", "ViewPosition": "PA", "ImagerPixelSpacing": [0.5, 0.5]}
    stored = pixels().astype(np.uint16) * 257
    ratio = reader.read(dicom_bytes(stored, **tags), name="chest.dcm").cardiothoracic_ratio
    assert ratio.heart.mm == pytest.approx(27, abs=1)
    assert ratio.thorax.mm == pytest.approx(72, abs=1)
    bedside = reader.read(dicom_bytes(stored, **tags | {"ViewPosition": "AP"}), name="chest.dcm")
    assert bedside.cardiothoracic_ratio.code == "AP view"
    said = reader.read(dicom_bytes(stored, **tags), name="chest.dcm", stated=Stated(view="AP"))
    assert said.cardiothoracic_ratio.code == "AP view"


def test_the_json_leads_back_to_the_same_ratio(reader):
    reading = reader.read(plain_picture(), stated=Stated(age_years=40.0, view="PA"))
    back, ratio = result_of(reading_to_json(reading)).cardiothoracic_ratio, reading.cardiothoracic_ratio
    assert (back.value, back.heart.px, back.thorax.y) == pytest.approx((ratio.value, ratio.heart.px, ratio.thorax.y))
    assert (back.mean_error, back.error_of_nine_in_ten, back.cautions) == (0.02, 0.05, ())


def test_without_lungs_or_a_heart_there_is_none(reader, tmp_path):
    stated = Stated(age_years=40.0, view="PA")
    lungs = write_lung_bundle(tmp_path / "lungs")
    models = [lungs, ToyBundle(name="toy").write(tmp_path / "toy")]
    assert Reader(models=models).read(plain_picture(), stated=stated).cardiothoracic_ratio.code == "no heart drawn"
    without = Reader(models=models[1:], settings=ReaderSettings(lungs=False))
    assert without.read(plain_picture(), stated=stated).cardiothoracic_ratio is None
