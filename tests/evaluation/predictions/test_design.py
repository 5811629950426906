from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError
from hilum.evaluation.predictions.design import read_design, read_smoke
from hilum.evaluation.predictions.predictions_file import read_predictions, write_predictions


@pytest.mark.parametrize(
    ("protocol", "design"),
    [
        ("made-up patients, one split", "held out"),
        ("cross-validated: 5 folds by patient over 9 images", "cross-validated"),
        ("SMOKE cross-validated: 5 folds by patient over 9 images", "cross-validated"),
        ("patients of a hospital with a threshold of 40 kV and a manifest", "held out"),
    ],
)
def test_an_old_file_is_read_by_what_hilum_itself_wrote(protocol: str, design: str) -> None:
    assert read_design({}, protocol=protocol, stated=None) == design


@pytest.mark.parametrize(
    "protocol",
    [
        "single model (not cross-validated)", "official test; not cross-validated", "5-fold CV", "tenfold, pooled",
        "out of fold", "LOOCV", "leave-one-out", "OOF scores", "crossvalidated by patient", "kfold",
    ],
)  # fmt: skip
def test_an_unclear_protocol_is_refused_with_the_fix_until_somebody_says(protocol: str) -> None:
    with pytest.raises(DataError, match="Add --design 'held out' or --design cross-validated"):
        read_design({}, protocol=protocol, stated=None)
    for design in ("held out", "cross-validated"):
        assert read_design({}, protocol=protocol, stated=design) == design
        assert read_design({"design": design}, protocol=protocol, stated=None) == design


def test_a_field_is_not_overruled() -> None:
    assert read_design({"design": "held out"}, protocol="cross-validated: pooled", stated="held out") == "held out"
    with pytest.raises(DataError, match="says that its design is 'held out'"):
        read_design({"design": "held out"}, protocol="x", stated="cross-validated")


def test_smoke_is_a_field_and_before_it_hilums_own_mark() -> None:
    assert read_smoke({}, protocol="SMOKE made-up")
    assert not read_smoke({}, protocol="SMOKERS of a hospital")
    assert not read_smoke({"smoke": "false"}, protocol="SMOKE made-up")
    assert read_smoke({"smoke": "true"}, protocol="made-up")


def test_a_file_that_says_it_is_not_cross_validated_keeps_its_parts_apart(tmp_path: Path) -> None:
    """Read by words, such a file pooled validation and test, and lost DeLong's interval."""
    path = tmp_path / "p.parquet"
    write_predictions(fabricate_predictions(protocol="one model (not cross-validated)"), path=path)
    assert not read_predictions(path).cross_validated
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"protocol": "one model (not cross-validated)"}), path)
    with pytest.raises(DataError, match="--design"):
        read_predictions(path)
    assert read_predictions(path, design="cross-validated").cross_validated
