"""Scores as a spreadsheet or pandas has them."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError, FileAccessError, UsageError
from hilum.evaluation.predictions.anybodys_scores import StatedScores, read_scores, where_it_says_none
from hilum.evaluation.predictions.predictions_file import write_predictions

STATED = StatedScores(protocol="made up, by patient")
TEXT = "file,subject,split,age,Effusion,Effusion_prob\na.png,1,test,50,1,0.9\nb.png,1,test,51,no,0.2\nc.png,2,val,,,\n"


def test_a_csv_is_read_and_what_was_guessed_is_said(tmp_path):
    (tmp_path / "scores.csv").write_text(TEXT)
    said = []
    found = read_scores(tmp_path / "scores.csv", stated=STATED, say=said.append)
    assert (found.image, found.patient, found.split) == (
        ("a.png", "b.png", "c.png"),
        ("1", "1", "2"),
        ("test", "test", "val"),
    )
    assert found.truth[:2, 0].tolist() == [1.0, 0.0]
    assert np.isnan(found.truth[2, 0])
    assert found.scores[:2, 0].tolist() == [0.9, 0.2]
    assert found.age_years[:2].tolist() == [50.0, 51.0]
    assert (found.protocol, found.patients_known, found.design) == ("made up, by patient", True, "held out")
    assert said == [
        "scores.csv: images in file, patients in subject, splits in split; Effusion is in Effusion (truth) and "
        "Effusion_prob (score)"
    ]


def test_bare_numbers_are_enough(tmp_path):
    (tmp_path / "s.csv").write_text("y_true;y_score\n1;0.9\n0;0.1\n")
    found = read_scores(tmp_path / "s.csv", stated=STATED)
    assert (found.labels, found.image, found.split) == (("Finding",), ("s row 1", "s row 2"), ("judged", "judged"))
    assert not found.patients_known


def test_parquet_of_pandas_is_as_a_csv_and_hilums_own_says_everything_itself(tmp_path):
    table = pa.table({"label": [1, 0, None], "p": [0.9, 0.1, float("nan")], "mrn": [7, 8, 9]})
    pq.write_table(table, tmp_path / "pandas.parquet")
    found = read_scores(tmp_path / "pandas.parquet", stated=STATED)
    assert found.patient == ("7", "8", "9")
    assert np.isnan(found.truth[2, 0])
    assert np.isnan(found.scores[2, 0])
    own = fabricate_predictions()
    write_predictions(own, path=tmp_path / "own.parquet")
    assert read_scores(tmp_path / "own.parquet", stated=StatedScores()).content_sha256 == own.content_sha256
    (tmp_path / "any.csv").write_text(TEXT)
    files = [tmp_path / name for name in ("pandas.parquet", "own.parquet", "any.csv")]
    said = [where_it_says_none(STATED, path=file).protocol for file in files]
    assert said == [STATED.protocol, None, STATED.protocol]
    with pytest.raises(UsageError, match="says its own protocol; leave --protocol out"):
        read_scores(tmp_path / "own.parquet", stated=STATED)


@pytest.mark.parametrize(
    ("text", "stated", "error", "message"),
    [
        (TEXT, StatedScores(), UsageError, "does not say how its split and its labels were made; .*--protocol"),
        (TEXT.replace("subject", "pid,mrn").replace(",1,test", ",1,1,test").replace(",2,val", ",2,2,val"), STATED,
         DataError, "say --patient-column pid or --patient-column mrn"),
        (TEXT.replace("b.png,1", "b.png,"), STATED, DataError, "Line 3 of .* has nothing in subject"),
        (TEXT.replace("0.2", "high"), STATED, DataError, "Effusion_prob of .* holds something else than numbers"),
        (TEXT.replace("0.2", "0,2"), STATED, DataError, r"csv, line 3: more cells than columns .*with a point"),
        (TEXT.replace("0.2", '"0,2"'), STATED, DataError, r"Effusion_prob of .* has decimals with a comma \(0,2\)"),
        (TEXT.replace("0.2", '"0,2"'), replace(STATED, truth="Effusion", score="Effusion_prob"), DataError,
         r"Effusion_prob of .* has decimals with a comma \(0,2\)"),
        (TEXT.replace("0.2", "1.7"), STATED, DataError, "Effusion"),
        (TEXT, StatedScores(protocol="x", patient="mrn"), UsageError, "has no column 'mrn'"),
        (TEXT, StatedScores(protocol="five folds"), DataError, "held out.*cross-validated"),
        ("file,Effusion,Effusion_prob\n", STATED, DataError, "has no rows"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_one_line(tmp_path, text, stated, error, message):
    (tmp_path / "scores.csv").write_text(text)
    with pytest.raises(error, match=message) as raised:
        read_scores(tmp_path / "scores.csv", stated=stated)
    assert "\n" not in str(raised.value)


def test_no_file_and_no_table_are_refused(tmp_path):
    with pytest.raises(FileAccessError, match="There is no file"):
        read_scores(tmp_path / "gone.csv", stated=STATED)
    (tmp_path / "x.parquet").write_bytes(b"no table")
    with pytest.raises(DataError, match="is not a predictions file in Parquet"):
        read_scores(tmp_path / "x.parquet", stated=STATED)


def test_ages_sexes_and_views_are_understood_and_what_is_lost_is_said(tmp_path):
    (tmp_path / "s.csv").write_text(
        "patient,Patient Age,Sex,view,truth,score\n1,030Y,f,PA,1,0.9\n2,6M,Female,pa,0,0.1\n3,old,w,Frontal,1,0.8\n"
        "4,?,,frontal,0,0.2\n5,,unknown,N/A,0,0.2\n6,58.0,M,LAT,0,0.2\n"
    )
    said = []
    found = read_scores(tmp_path / "s.csv", stated=STATED, say=said.append)
    np.testing.assert_array_equal(found.age_years, [30.0, 0.5, np.nan, np.nan, np.nan, 58.0])
    assert found.sex == ("F", "F", "w", None, None, "M")
    assert found.view == ("PA", "PA", "frontal", "frontal", None, "LL")
    where = f"Patient Age of {tmp_path / 's.csv'}"
    one = "1 cell is not understood and counts as unknown: 'old'"
    assert said[1:] == [f"caution: write 40, 45Y, 6M, 3W or 10D in {where}: {one}"]
