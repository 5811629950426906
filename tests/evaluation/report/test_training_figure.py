from hilum.evaluation.report.style import styled
from hilum.evaluation.report.training_figure import training_figure
from hilum.evaluation.report.training_log import TrainingLog

LOSS = {"train/loss": ((0.0, 0.9), (1.0, 0.5)), "val/loss": ((0.0, 0.8), (1.0, 0.6))}


def drawn(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines}


def test_a_row_a_stage_and_epochs_from_one():
    logs = (TrainingLog("adult", LOSS), TrainingLog("child", LOSS))
    with styled():
        figure = training_figure(logs)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "adult: loss", "adult: AUROC", "child: loss", "child: AUROC",
    ]  # fmt: skip
    assert drawn(figure.axes[0]) == {"train": [[1, 0.9], [2, 0.5]], "val": [[1, 0.8], [2, 0.6]]}
    assert "not logged" in figure.axes[1].texts[0].get_text()


def test_the_logged_mean_goes_before_the_labels():
    areas = {"val/auroc/A": ((0.0, 0.5),), "val/auroc/B": ((0.0, 0.9),), "val/mean_auroc": ((0.0, 0.75),)}
    with styled():
        figure = training_figure([TrainingLog("", {**LOSS, **areas})])
    assert figure.axes[1].get_title(loc="left") == "AUROC"
    assert drawn(figure.axes[1]) == {"val": [[1, 0.75]]}


def test_without_it_the_mean_is_over_epochs_that_all_labels_have():
    areas = {"val/auroc/A": ((0.0, 0.5), (1.0, 0.6)), "val/auroc/B": ((1.0, 0.8),)}
    with styled():
        figure = training_figure([TrainingLog("", {**LOSS, **areas})])
    assert drawn(figure.axes[1]) == {"val": [[2, 0.7]]}
