import csv
import io

from hilum.training.loop.curves import epoch_line, rows_as_csv, spark


def test_a_curve_is_drawn_between_its_least_and_greatest_value():
    assert spark([0.0, 1.0]) == "▁█"
    assert spark([3.0, 2.0, 1.0, 0.0]) == "█▆▃▁"
    assert spark([0.5, 0.5]) == "▁▁"
    assert spark([0.0, float("nan"), 1.0]) == "▁ █"
    assert spark([float("nan")]) == ""
    assert len(spark([float(i) for i in range(100)])) == 24


def test_the_file_has_a_column_for_every_metric_that_an_epoch_had():
    rows = [{"epoch": 0.0, "train/loss": 0.5}, {"epoch": 1.0, "train/loss": 0.25, "validation/mean_auroc": 0.75}]
    read = list(csv.DictReader(io.StringIO(rows_as_csv(rows).decode())))
    assert read == [
        {"epoch": "0", "train/loss": "0.5", "validation/mean_auroc": ""},
        {"epoch": "1", "train/loss": "0.25", "validation/mean_auroc": "0.75"},
    ]


def test_the_line_of_an_epoch_shows_losses_and_mean_aurocs_alone():
    other = {"learning_rate": 1e-3, "validation/auroc/Mass": 1.0}
    rows = [
        {"epoch": 0.0, "train/loss": 0.5, "validation/mean_auroc": 0.5, **other},
        {"epoch": 1.0, "train/loss": 0.25, "validation/mean_auroc": 0.75, **other},
    ]
    assert epoch_line(rows, epochs=7) == "epoch 2/7  train/loss 0.2500 █▁  validation/mean_auroc 0.7500 ▁█"
    plain = epoch_line(rows, epochs=7, curves=False)  # a log gets no curve, which has one bar in its first line
    assert plain == "epoch 2/7  train/loss 0.2500  validation/mean_auroc 0.7500"
