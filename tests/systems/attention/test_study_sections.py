import json
from types import SimpleNamespace

import pytest

from hilum.errors import DataError
from hilum.systems.attention.pairs import NetworkPair
from hilum.systems.attention.paper import BY_NAME, HEADER
from hilum.systems.attention.study_sections import (
    CLAIMED,
    CROPS,
    correlation,
    crops_section,
    diseases_above,
    printed_section,
)


def test_as_printed_the_papers_claim_comes_out_and_under_their_own_diseases_it_does_not():
    assert diseases_above(HEADER) == ("Infiltration", "Nodule", "Pneumonia", "Pneumothorax") == CLAIMED
    assert diseases_above(BY_NAME) == ("Hernia",)


def test_the_printed_order_agrees_with_nothing():
    assert correlation(HEADER) == pytest.approx(0.08, abs=0.005)
    assert correlation(BY_NAME) == pytest.approx(0.90, abs=0.005)


def test_both_readings_stand_under_one_header():
    tables = {table.key: table for table in printed_section(None).tables}
    printed, read = (
        next(row for row in tables[key].rows if row[0] == "ResNet-50, fusion")
        for key in ("paper_1_printed", "paper_1_read")
    )
    columns = tables["paper_1_printed"].columns
    assert columns == tables["paper_1_read"].columns == ("model", *HEADER, "mean")
    of_printed, of_read = (dict(zip(columns, row, strict=True)) for row in (printed, read))
    assert (of_printed["Effusion"], of_read["Effusion"]) == ("0.7303", "0.8139")
    assert of_printed["Effusion"] == of_read["Consolidation"]
    assert of_printed["mean"] == of_read["mean"] == "0.7988"
    assert len(tables["paper_1_printed"].rows) == 36
    assert len(tables["paper_3"].rows) == 9


def test_crops_are_counted_over_folds_and_a_missing_count_is_named(tmp_path):
    pair = NetworkPair("resnet18", "resnet18")
    folds = SimpleNamespace(predictions=SimpleNamespace(first=SimpleNamespace(split=("fold 0", "fold 1", "fold 0"))))
    for place, whole in enumerate((4, 0)):
        folder = tmp_path / f"fold-{place}" / "resnet18"
        folder.mkdir(parents=True)
        (folder / CROPS).write_text(json.dumps({"pictures": 10, "whole": whole, "shares": 3.0 + whole}))
    (table,) = crops_section(folds, pairs=(pair,), folder=tmp_path).tables
    assert table.rows == (("resnet18", 20, 4, pytest.approx(0.5)),)
    (tmp_path / "fold-1" / "resnet18" / CROPS).unlink()
    with pytest.raises(DataError, match=r"crops\.json does not say what was cut"):
        crops_section(folds, pairs=(pair,), folder=tmp_path)
