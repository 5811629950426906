from dataclasses import replace
from pathlib import Path

from fabricate_recipe import fabricate_labelled_table
from hilum.datasets.own.own_table import read_own_table
from hilum.training.records.provenance import data_fingerprints, environment, records_sha256


def test_the_hash_covers_labels_and_files_and_not_the_order_or_the_place(tmp_path):
    records = read_own_table(fabricate_labelled_table(tmp_path / "a", patients=4))
    same = records_sha256(records)
    assert records_sha256(tuple(reversed(records))) == same
    elsewhere = read_own_table(fabricate_labelled_table(tmp_path / "b", patients=4))
    assert records_sha256(elsewhere) == same
    first = records[0]
    for changed in (
        replace(first, sha256="0" * 64),
        replace(first, labels={**first.labels, "Effusion": 1.0 - first.labels["Effusion"]}),
        replace(first, patient="another"),
        replace(first, official="val"),
    ):
        assert records_sha256((changed, *records[1:])) != same


def test_a_release_is_told_by_name_and_number_without_its_place(tmp_path):
    records = read_own_table(fabricate_labelled_table(tmp_path / "secret" / "data", patients=4))
    (told,) = data_fingerprints({"table": records}, folders={"table": [tmp_path / "secret" / "data"]})
    assert told == {"source": "table", "folder": "data", "n": 8, "sha256": records_sha256(records)}


def test_the_environment_names_versions_and_no_machine():
    told = environment()
    assert {"hilum", "python", "torch", "lightning", "onnxruntime", "cores", "threads", "bfloat16"} <= set(told)
    assert str(Path.home()) not in str(told)
