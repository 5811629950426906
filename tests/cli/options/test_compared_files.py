from pathlib import Path

import pytest

from fabricate_predictions import fabricate_predictions
from hilum.cli.options.compared_files import named_files, read_models, read_points
from hilum.errors import DataError, UsageError
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.predictions.predictions_file import write_predictions
from hilum.statistics.operating_point import OperatingPoint

MANY = same_images({"old": fabricate_predictions(), "new": fabricate_predictions(strength=0.5)})
NOTHING = {"validation": (), "validation_split": None, "thresholds": (), "sensitivity": None}


def test_names_come_from_the_files_or_are_given():
    assert named_files(["runs/a.parquet", "b.parquet"]) == {"a": Path("runs/a.parquet"), "b": Path("b.parquet")}
    assert list(named_files(["old=runs/a.parquet", "b.parquet"])) == ["old", "b"]
    assert list(named_files(["x/predictions.parquet", "y/predictions.parquet"])) == ["x/predictions", "y/predictions"]
    assert list(named_files(["x/1/p.parquet", "y/1/p.parquet", "z.parquet"])) == ["x/1/p", "y/1/p", "z"]


def test_a_file_with_an_equals_sign_is_still_a_file(tmp_path):
    path = tmp_path / "lr=0.1.parquet"
    path.touch()
    assert named_files([str(path), "b.parquet"])["lr=0.1"] == path


def test_names_that_are_one_are_refused():
    with pytest.raises(UsageError, match="2 files would be called 'a'; give them names: NAME=FILE"):
        named_files(["a=x.parquet", "a.parquet"])
    with pytest.raises(UsageError, match="2 files would be called"):
        named_files(["a.parquet", "a.parquet"])
    with pytest.raises(UsageError, match=r"two predictions files or more to compare; here is a\.parquet"):
        named_files(["a.parquet"])


def test_a_file_of_several_splits_is_named(tmp_path):
    one = fabricate_predictions()
    object.__setattr__(one, "split", ("val", *("test",) * (one.n - 1)))
    write_predictions(one, path=tmp_path / "two.parquet")
    with pytest.raises(DataError, match=r"two.parquet: .* test, val\. Name one of them with --split"):
        read_models({"two": tmp_path / "two.parquet"}, split=None)
    with pytest.raises(DataError, match=r"two.parquet: .*'tset'"):
        read_models({"two": tmp_path / "two.parquet"}, split="tset")


def test_thresholds_for_all_for_a_model_and_for_a_label():
    words = ("0.5", "new:Effusion=0.3", "new:Atelectasis=0.6")
    found = read_points(MANY, **{**NOTHING, "thresholds": words})

    def threshold(model, label):
        point = found[model].points[label]
        assert isinstance(point, OperatingPoint)
        return point.threshold

    assert [threshold("old", label) for label in ("Atelectasis", "Effusion")] == [0.5, 0.5]
    assert [threshold("new", label) for label in ("Atelectasis", "Effusion")] == [0.6, 0.3]
    assert read_points(MANY, **NOTHING) == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("half",), "say --threshold 0.5, NAME=0.5 or NAME:LABEL=0.5 with NAME among old, new; 'half' is none"),
        (("third=0.5",), "'third=0.5' is none of these"),
        (("0.5", "0.4"), "old has two thresholds for all its labels; '0.4' is the second"),
        (("0.5", "old:Nodule=0.4"), "No label is called Nodule"),
        (("0.5", "old:Nodule=nan"), "above 0"),
    ],
)
def test_thresholds_that_are_none(words, message):
    with pytest.raises((UsageError, DataError), match=message):
        read_points(MANY, **{**NOTHING, "thresholds": words})


def test_points_from_validation_files(tmp_path):
    write_predictions(fabricate_predictions(split="val", first_patient=900, seed=3), path=tmp_path / "val.parquet")
    write_predictions(fabricate_predictions(), path=tmp_path / "test.parquet")
    val = str(tmp_path / "val.parquet")
    found = read_points(MANY, **{**NOTHING, "validation": (f"old={val}", f"new={val}"), "sensitivity": 0.9})
    assert found["old"].source.startswith("sensitivity")
    mixed = read_points(MANY, **{**NOTHING, "validation": (f"old={val}",), "thresholds": ("new=0.5",)})
    assert mixed["new"].source == "stated thresholds"
    for words, message in (
        ((val,), "say --validation NAME=FILE with NAME among old, new"),
        ((f"old={val}", f"old={val}"), "old has two validation files"),
        ((f"old={tmp_path}/test.parquet",), r"test\.parquet: .*validation split"),
    ):
        with pytest.raises((UsageError, DataError), match=message):
            read_points(MANY, **{**NOTHING, "validation": words})
    with pytest.raises(UsageError, match="old has both a validation file and a threshold"):
        read_points(MANY, **{**NOTHING, "validation": (f"old={val}",), "thresholds": ("0.5",)})
    with pytest.raises(UsageError, match="--sensitivity chooses points on validation"):
        read_points(MANY, **{**NOTHING, "thresholds": ("0.5",), "sensitivity": 0.9})
