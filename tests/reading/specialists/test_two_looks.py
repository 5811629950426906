"""Two looks of a toy bundle, read without torch, against the same arithmetic in numpy."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from rich.console import Console
from scipy.special import expit

from fabricate_bundle import ToyBundle
from fabricate_fusion import LABELS
from fabricate_two_looks import ToyLooks, write_two_looks
from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.bundle.two_looks_spec import NOTHING_TOLD, about_patient
from hilum.errors import BundleError, EngineError
from hilum.geometry import Box
from hilum.imaging.preprocess import preprocess
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading.specialists.two_looks import TwoLooks
from hilum.reading_result import Examination
from hilum.report.page import render_page
from hilum.report.reading_json import reading_to_json
from hilum.report.terminal import reading_table
from hilum.report.wording import probability_text
from hilum.stated import Stated

TOY = ToyLooks.random()
WOMAN = Stated(age_years=63.0, sex="F", view="AP", xray_type="chest")
ROWS, COLUMNS = 128, 192


def picture(seed: int = 5) -> bytes:
    grey = np.random.default_rng(seed).integers(0, 256, (ROWS, COLUMNS)).astype(np.uint8)
    grey[32:64, 96:160] = 255
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_two_looks(tmp_path_factory.mktemp("looks") / "toy", toy=TOY)


@pytest.fixture(scope="module")
def reader(bundle: Bundle) -> Reader:
    return Reader(models=[bundle], settings=ReaderSettings(heatmaps="all"))


def by_hand(
    bundle: Bundle, examination: Examination, *, about: tuple[float, ...], toy: ToyLooks = TOY
) -> dict[str, np.ndarray]:
    given = preprocess(examination.radiograph.pixels, spec=bundle.card.preprocess).array[0]
    return toy.forward(given, np.array(about))


def test_both_looks_and_what_is_known_are_read_together_and_shown_apart(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture(), stated=WOMAN)
    about = about_patient(age_years=63.0, sex="F", view="AP")
    expected = by_hand(bundle, examination, about=about)
    for column, finding in enumerate(examination.reading.findings):
        assert finding.name == LABELS[column]
        assert finding.logit == pytest.approx(expected["logits"][column], abs=1e-4)
        assert finding.probability == pytest.approx(expit(finding.logit), abs=1e-6)
        whole, crop = finding.looks
        assert (whole.name, crop.name) == ("whole picture", "crop")
        assert whole.probability == pytest.approx(expit(2 * expected["whole_logits"][column]), abs=1e-5)
        assert crop.probability == pytest.approx(expit(expected["crop_logits"][column]), abs=1e-5)
        if finding.positive is not None:
            assert whole.positive is (whole.probability >= 0.4)
            assert crop.positive is (crop.probability >= 0.3)
        told = {one.name: one.logit for one in finding.told}
        assert list(told) == ["age 63", "female", "AP"]
        assert list(told.values()) == pytest.approx(expected["told"][:, column], abs=1e-5)


def test_what_nobody_knows_adds_nothing_and_is_not_named(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture(), stated=Stated(sex="M", xray_type="chest"))
    expected = by_hand(bundle, examination, about=about_patient(age_years=None, sex="M", view="unknown"))
    for column, finding in enumerate(examination.reading.findings):
        assert [one.name for one in finding.told] == ["male"]
        assert finding.logit == pytest.approx(expected["logits"][column], abs=1e-4)
    silent = reader.examine(picture(), stated=Stated(xray_type="chest"))
    nothing = by_hand(bundle, silent, about=NOTHING_TOLD)
    assert np.abs(nothing["told"]).max() == 0
    assert all(finding.told == () for finding in silent.reading.findings)


def test_the_crop_is_brought_home_drawn_and_named(reader: Reader) -> None:
    examination = reader.examine(picture(), stated=WOMAN)
    # columns 4 to 12 and rows 8 to 16 of 16, in a picture of 192 x 128
    (crop,) = examination.reading.crops
    assert (crop.model, crop.box) == ("toy-looks", Box(48, 64, 96, 64))
    (step,) = [step for step in examination.reading.trail if step.step == "crop"]
    assert "draws attention to (channel maximum, at least 0.7 of its range)" in step.detail
    assert "96 x 64 pixels from column 48, row 64" in step.detail


def test_the_heatmap_adds_both_class_maps_where_each_look_saw_them(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture(), stated=WOMAN)
    expected = by_hand(bundle, examination, about=NOTHING_TOLD)
    for column, heatmap in enumerate(examination.heatmaps):
        rows, columns = heatmap.grid.shape
        density = heatmap.grid / ((ROWS / rows) * (COLUMNS / columns))
        # in the middle of the whole look's first cell and in a corner of its last, both outside the crop: what that
        # look's map says a native pixel, and nothing of the crop's
        for x, y, cell in ((24, 16, 0), (190, 2, 3)):
            found = density[int(y / ROWS * rows), int(x / COLUMNS * columns)]
            assert found == pytest.approx(expected["whole_maps"][column, 0, cell] / (48 * 32), rel=0.05)


def test_each_label_may_have_a_crop_of_its_own_and_the_largest_logit_s_is_drawn(tmp_path: Path) -> None:
    toy = ToyLooks.random(boxes=[[0, 0, 8, 8], [8, 0, 16, 8]])
    bundle = write_two_looks(tmp_path / "each", toy=toy, attention="each label")
    reading = Reader(models=[bundle]).examine(picture(), stated=WOMAN).reading
    largest = int(np.argmax([finding.logit for finding in reading.findings]))
    assert reading.crops[0].box == (Box(0, 0, 96, 64), Box(96, 0, 96, 64))[largest]
    (step,) = [step for step in reading.trail if step.step == "crop"]
    assert f"the class map of {LABELS[largest]}" in step.detail


def test_pages_terminal_and_json_show_the_looks(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture(), stated=WOMAN)
    finding = examination.reading.findings[0]
    whole, crop = (probability_text(look.probability) for look in finding.looks)
    page = render_page(examination, cards=[bundle.card])
    assert f"Whole picture {whole}" in page
    assert "toy-looks read a crop of 96 × 64 px from column 48, row 64" in page
    assert "against nothing known of the patient: age 63" in page
    assert "in 1 of 40 validation pictures" in page
    said = reading_to_json(examination.reading)["findings"][0]
    assert [look["name"] for look in said["looks"]] == ["whole picture", "crop"]
    assert said["told"][0] == {"name": "age 63", "logit": pytest.approx(finding.told[0].logit)}
    terminal = Console(width=200, file=io.StringIO())
    terminal.print(reading_table(examination.reading))
    assert f"{LABELS[0]}: whole picture {whole}, crop {crop}; age 63 " in terminal.file.getvalue()


def test_a_graph_that_does_not_fit_its_card_is_refused(tmp_path: Path) -> None:
    lacking = write_two_looks(tmp_path / "lacking", graph=TOY.graph(leave_out="told"))
    with pytest.raises(BundleError, match=r"lacks the outputs \['told'\]"):
        Reader(models=[lacking])
    other = write_two_looks(tmp_path / "other", graph=ToyBundle().network.graph())
    with pytest.raises(BundleError, match="but its card prepares"):
        Reader(models=[other])


def test_a_graph_that_gives_other_than_its_card_says_is_no_reading(tmp_path: Path) -> None:
    """Its card promises each of two labels a crop of its own; the graph cuts one."""
    other = write_two_looks(tmp_path / "other", attention="each label")
    with pytest.raises(EngineError, match=r"boxes of toy-looks must be \(1, 2, 4\), not the shape \(1, 1, 4\)"):
        Reader(models=[other]).examine(picture(), stated=WOMAN)


def test_a_card_whose_looks_have_other_labels_is_refused(bundle: Bundle) -> None:
    part = bundle.card.two_looks
    assert part is not None
    fields = bundle.card.model_dump(by_alias=True)
    fields["two_looks"]["crop_labels"] = fields["two_looks"]["crop_labels"][::-1]
    with pytest.raises(ValidationError, match="the labels of a two-looks's branches must be"):
        Card.model_validate(fields)
    fields["two_looks"] = part.model_dump() | {"crops_changed": 41}
    with pytest.raises(ValidationError, match="41 of 40 crops cannot have changed"):
        Card.model_validate(fields)
    fields["two_looks"] = part.model_dump() | {"crops_whole": 41}
    with pytest.raises(ValidationError, match="41 of 40 crops cannot be the whole picture"):
        Card.model_validate(fields)


def test_a_bundle_of_another_kind_is_refused(tmp_path: Path) -> None:
    classifier = ToyBundle().write(tmp_path / "toy")
    with pytest.raises(BundleError, match="kind two-looks"):
        TwoLooks(classifier, engine=OnnxRuntimeEngine(), threads=1, heatmaps="none")


def test_no_case_gives_no_opinion(bundle: Bundle) -> None:
    assert TwoLooks(bundle, engine=OnnxRuntimeEngine(), threads=1, heatmaps="none").read(()) == ()
