from pathlib import Path

import pytest

from hilum.datasets.records.record import typed_record
from hilum.errors import DataError


@pytest.mark.parametrize(("xray_type", "is_xray"), [("tail", True), ("hand", False)])
def test_a_type_outside_the_vocabulary_is_refused(tmp_path: Path, xray_type: str, is_xray: bool) -> None:
    (tmp_path / "x.png").write_bytes(b"x")
    with pytest.raises(DataError, match="Known types: ankle"):
        typed_record(tmp_path / "x.png", image="x.png", group="1", source="s", is_xray=is_xray, xray_type=xray_type)


def test_patients_and_studies_are_unique_over_releases(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"x")
    record = typed_record(tmp_path / "x.png", image="x.png", group="1", source="s", study="2", xray_type="hand")
    assert (record.patient, record.study, record.stratum) == ("s:1", "s:2", "hand")
