"""The figure of a training's validations: one look for each kind of line, and no panel filled by an image or two."""

from pathlib import Path

import pytest

from hilum.errors import DataError
from hilum.evaluation.report.style import BLUE, VERMILION
from hilum.systems.pneumonia.curves import ACCURACY, LOSS, curves_figure, read_curves
from hilum.training.loop.trainer import LOG_FOLDER
from hilum.training.loop.validations import TRAINING_LOSS, UPDATE, VALIDATIONS_NAME
from hilum.training.recipe.recipe import TRAIN

FOLD = [
    {UPDATE: 10.0, TRAINING_LOSS: 0.6, LOSS: 0.5, ACCURACY: 0.7425},
    {UPDATE: 20.0, TRAINING_LOSS: 0.2, LOSS: 0.4, ACCURACY: 0.7434},
]


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch):
    """The axes that a figure of one arm was drawn on."""
    kept = []
    monkeypatch.setattr("hilum.systems.pneumonia.curves.written_figure", lambda _key, figure, **_: kept.append(figure))
    curves_figure({"a network": [FOLD, FOLD[:1]]})
    return kept[0].axes


def test_validation_looks_the_same_in_both_panels(panels) -> None:
    loss, accuracy = ({line.get_color() for line in axes.get_lines()} for axes in panels)
    assert loss == {BLUE, VERMILION}
    assert accuracy == {VERMILION}
    assert [len(axes.get_lines()) for axes in panels] == [4, 2]


def test_an_image_or_two_do_not_fill_a_panel(panels) -> None:
    low, high = panels[1].get_ylim()
    assert high - low == pytest.approx(0.05)
    assert low < 0.7425 < 0.7434 < high
    low, high = panels[0].get_ylim()
    assert high - low < 0.5, "a wide panel stays as its curves are"


def test_what_a_training_logged_is_read_and_a_missing_log_is_named(tmp_path: Path) -> None:
    folder = tmp_path / TRAIN / LOG_FOLDER
    folder.mkdir(parents=True)
    (folder / VALIDATIONS_NAME).write_text(f"{UPDATE},{LOSS},{ACCURACY}\n10,0.5,0.75\n20,0.25,\n")
    assert read_curves(tmp_path) == [{UPDATE: 10.0, LOSS: 0.5, ACCURACY: 0.75}, {UPDATE: 20.0, LOSS: 0.25}]
    with pytest.raises(DataError, match="does not hold the validations of a training"):
        read_curves(tmp_path / "elsewhere")
