import pytest

from fabricate_run import fabricate_run
from hilum.errors import DataError
from hilum.evaluation.report.training_log import read_training_logs


def test_the_stages_of_a_run_with_their_series(tmp_path):
    run = fabricate_run(tmp_path, patients=5).run
    (log,) = read_training_logs(run)
    assert log.stage == "classify"
    assert log.series["train/loss"] == ((0, pytest.approx(0.8)), (1, pytest.approx(0.6)), (2, pytest.approx(0.4)))
    assert set(log.about("loss")) == {"train/loss", "calibration/loss"}
    assert "calibration/auroc/Effusion" in log.about("auroc")
    assert set(log.about("mean_auroc")) == {"calibration/mean_auroc"}


def test_lightnings_own_log_with_steps(tmp_path):
    path = tmp_path / "log" / "metrics.csv"
    path.parent.mkdir()
    path.write_text(
        "epoch,step,train/loss_step,train/loss_epoch,val/auroc/A\n0,0,0.9,,\n0,1,0.7,,\n0,1,,0.8,0.6\n1,3,,0.5,nan\n"
    )
    (log,) = read_training_logs(tmp_path)
    assert log.stage == ""
    assert log.series == {"train/loss": ((0, 0.8), (1, 0.5)), "val/auroc/A": ((0, 0.6),)}


def test_a_run_without_logs_has_none(tmp_path):
    assert read_training_logs(tmp_path) == ()


@pytest.mark.parametrize("content", ["step,loss\n1,2\n", "epoch,loss\nfirst,2\n"])
def test_another_table_is_refused(tmp_path, content):
    path = tmp_path / "stage" / "log" / "metrics.csv"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(DataError, match="a column epoch"):
        read_training_logs(tmp_path)
