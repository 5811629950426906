from fabricate_predictions import fabricate_predictions
from hilum.evaluation.predictions.predictions_file import write_predictions


def test_judge_writes_a_report_beside_its_table(hilum, tmp_path):
    write_predictions(fabricate_predictions(patients=20), path=tmp_path / "mine.parquet")
    result = hilum("judge", tmp_path / "mine.parquet", "--replicates", 100, "--report", tmp_path / "report")
    assert result.exit_code == 0, result.output
    assert "AUROC [95%]" in result.stdout
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Judgement of mine" in page
    assert "Judgement of mine" not in result.stdout
    assert (tmp_path / "report" / "figures" / "roc.png").stat().st_size > 1000
