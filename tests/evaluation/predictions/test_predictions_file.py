import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError, FileAccessError, OutputError
from hilum.evaluation.predictions.predictions_file import read_predictions, write_predictions

COLUMNS: dict[str, Any] = {
    "image": ["1.png", "2.png", "3.png"],
    "patient": [7, 7, 8],
    "split": ["test", "test", "test"],
    "truth:Pleural Effusion": pa.array([1, 0, None], pa.int8()),
    "score:Pleural Effusion": pa.array([0.75, 0.5, None], pa.float32()),
}


def write(path: Path, *, without: str = "", metadata: dict[str, str] | None = None, **columns: Any) -> Path:
    """A file as somebody else's program would write it."""
    values = {name: value for name, value in {**COLUMNS, **columns}.items() if name != without}
    table = pa.table(values).replace_schema_metadata({"protocol": "by hand"} if metadata is None else metadata)
    pq.write_table(table, path)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = replace(fabricate_predictions(), mean_labels=("Effusion",), design="cross-validated", smoke=True)
    write_predictions(written, path=tmp_path / "new" / "p.parquet")
    read = read_predictions(tmp_path / "new" / "p.parquet")
    for name in (
        "image",
        "patient",
        "split",
        "labels",
        "protocol",
        "sex",
        "view",
        "source",
        "mean_labels",
        "design",
        "smoke",
    ):
        assert getattr(read, name) == getattr(written, name)
    for name in ("truth", "scores", "age_years"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
    assert read.split_sha256 == written.split_sha256
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["p.parquet"]


def test_the_file_is_the_contract(tmp_path: Path) -> None:
    write_predictions(fabricate_predictions(), path=tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet")
    assert table.column_names == [
        "image", "patient", "split", "age_years", "sex", "view", "source",
        "truth:Atelectasis", "score:Atelectasis", "truth:Effusion", "score:Effusion",
    ]  # fmt: skip
    assert table.schema.metadata[b"protocol"] == b"made-up patients, one split"
    assert table.schema.metadata[b"design"] == b"held out"
    assert table.schema.metadata[b"smoke"] == b"false"
    assert set(table.column("truth:Effusion").to_pylist()) == {0, 1, None}
    assert None in table.column("age_years").to_pylist()  # null, not NaN


def test_somebody_elses_file(tmp_path: Path) -> None:
    path = write(tmp_path / "p.parquet", sex=["female", "m", ""], age_years=pa.array([3, None, 40], pa.int16()))
    p = read_predictions(path)
    assert p.labels == ("Effusion",)
    assert p.patient == ("7", "7", "8")
    np.testing.assert_array_equal(p.truth[:, 0], [1.0, 0.0, np.nan])
    np.testing.assert_array_equal(p.scores[:, 0], [0.75, 0.5, np.nan])
    assert p.sex == ("F", "M", None)
    assert p.age_years is not None
    np.testing.assert_array_equal(p.age_years, [3.0, np.nan, 40.0])
    assert (p.view, p.source, p.mean_labels) == (None, None, None)


def test_a_missing_truth_may_be_null_or_nan(tmp_path: Path) -> None:
    path = write(tmp_path / "p.parquet", **{"truth:Pleural Effusion": [1.0, 0.0, float("nan")]})
    np.testing.assert_array_equal(read_predictions(path).truth[:, 0], [1.0, 0.0, np.nan])
    path = write(tmp_path / "q.parquet", **{"truth:Pleural Effusion": [True, False, None]})
    np.testing.assert_array_equal(read_predictions(path).truth[:, 0], [1.0, 0.0, np.nan])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"without": "patient"}, "lacks the columns patient"),
        ({"without": "score:Pleural Effusion"}, "score:Pleural Effusion is missing"),
        ({"without": "truth:Pleural Effusion"}, "truth:Pleural Effusion is missing"),
        ({"truth:Effusion": [1, 0, 1], "score:Effusion": [0.5, 0.5, 0.5]}, "Two labels mean the same"),
        ({"score:Pleural Effusion": [-3.0, 0.2, 5.5]}, "If these are logits, apply the sigmoid once"),
        (
            {"score:Pleural Effusion": ["high", "low", "low"]},
            "score:Pleural Effusion must hold numbers; it holds string",
        ),
        ({"truth:Pleural Effusion": [1, -1, 0]}, "Map uncertain labels"),
        ({"image": ["1.png", "1.png", "2.png"]}, "'1.png' stands there 2 times"),
        ({"patient": ["a", None, " "]}, "patient is empty in 2 rows"),
        ({"age_years": [5.0, 412.0, 7.0]}, "age_years is 412"),
        ({"metadata": {}}, "Give it as 'protocol'"),
        ({"metadata": {"protocol": "x", "design": "pooled"}}, "must be 'held out' or 'cross-validated', not 'pooled'"),
        ({"metadata": {"protocol": "x", "smoke": "1"}}, "true or false, not '1'"),
        ({"metadata": {"protocol": "one model (not cross-validated)"}}, "Add --design 'held out'"),
        ({"metadata": {"protocol": "x", "mean_labels": "Effusion"}}, "is no JSON"),
        ({"metadata": {"protocol": "x", "mean_labels": "[]"}}, "JSON list of labels"),
        ({"metadata": {"protocol": "x", "mean_labels": json.dumps(["Edema"])}}, "asked over Edema"),
    ],
)
def test_malformed_files_are_named_in_one_line(tmp_path: Path, how: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "p.parquet", **how)
    with pytest.raises(DataError, match=message) as caught:
        read_predictions(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_no_label_and_no_row(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    bare = pa.table({name: COLUMNS[name] for name in ("image", "patient", "split")})
    pq.write_table(bare.replace_schema_metadata({"protocol": "x"}), path)
    with pytest.raises(DataError, match="The file has no label"):
        read_predictions(path)
    pq.write_table(pa.table(COLUMNS).replace_schema_metadata({"protocol": "x"}).slice(0, 0), path)
    with pytest.raises(DataError, match="0 images"):
        read_predictions(path)


def test_a_column_that_comes_twice(tmp_path: Path) -> None:
    table = pa.table([*COLUMNS.values(), COLUMNS["patient"]], names=[*COLUMNS, "patient"])
    pq.write_table(table.replace_schema_metadata({"protocol": "x"}), tmp_path / "p.parquet")
    with pytest.raises(DataError, match="Two columns have the same name"):
        read_predictions(tmp_path / "p.parquet")


@pytest.mark.parametrize("content", [b"", b"image,patient\n1,2\n", b"PAR1 cut short"])
def test_no_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.parquet").write_bytes(content)
    with pytest.raises(DataError, match="is not a predictions file in Parquet") as caught:
        read_predictions(tmp_path / "p.parquet")
    assert "\n" not in str(caught.value)


def test_truncated(tmp_path: Path) -> None:
    path = write(tmp_path / "p.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="in Parquet"):
        read_predictions(path)


def test_corrupt_inside(tmp_path: Path) -> None:
    write_predictions(fabricate_predictions(patients=200), path=tmp_path / "p.parquet")
    content = bytearray((tmp_path / "p.parquet").read_bytes())
    content[4:600] = bytes(596)
    (tmp_path / "p.parquet").write_bytes(content)
    with pytest.raises(DataError, match="is not a predictions file in Parquet") as caught:
        read_predictions(tmp_path / "p.parquet")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="No such file"):
        read_predictions(tmp_path / "none.parquet")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_predictions(fabricate_predictions(), path=tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]  # nothing unfinished is left
