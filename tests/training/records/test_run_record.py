import json
from dataclasses import replace

import pytest

from hilum.errors import UsageError
from hilum.training.records.run_record import _LATER, RunRecord, begin_run

RECORD = RunRecord(
    command="hilum train tiny",
    recipe="tiny",
    settings={"epochs": 3, "optimizer.betas": [0.9, 0.999], "freezing": None},
    smoke=False,
    seed=3,
    commit=None,
    dirty=None,
    environment={"torch": "1"},
    data=[{"source": "table", "folder": "data", "n": 4, "sha256": "ab" * 32}],
    split_sha256="cd" * 32,
    protocol="by patient",
    stage_splits={"train": "cd" * 32},
)


def test_the_same_run_goes_on_and_leaves_the_file_as_it_is(tmp_path):
    begin_run(tmp_path, record=RECORD)
    before = (tmp_path / "run.json").read_bytes()
    assert json.loads(before)["settings"] == {"epochs": 3, "optimizer.betas": [0.9, 0.999], "freezing": None}
    moved = replace(
        RECORD,
        command="hilum train tiny --workers 2",
        commit="new",
        environment={"torch": "2"},
        data=[{**RECORD.data[0], "folder": "renamed"}],
    )
    begin_run(tmp_path, record=moved)
    assert (tmp_path / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recipe": "other"}, "its recipe is tiny, here other"),
        ({"smoke": True}, "its smoke is False, here True"),
        ({"settings": {**RECORD.settings, "epochs": 4}}, "its epochs is 3, here 4"),
        ({"settings": {**RECORD.settings, "new": 1}}, "its new is None, here 1"),
        ({"data": [{**RECORD.data[0], "sha256": "ef" * 32}]}, r"its data is table \(4 images, abab.*, here table"),
        ({"split_sha256": "ef" * 32}, "its split_sha256 is cdcd"),
        ({"lungs_sha256": "ef" * 32}, "its lungs_sha256 is None, here efef"),
        ({"permuted_labels": 2}, "its permuted_labels is None, here 2"),
    ],
)
def test_another_run_is_refused(tmp_path, changes, said):
    begin_run(tmp_path, record=RECORD)
    with pytest.raises(UsageError, match=said) as refused:
        begin_run(tmp_path, record=replace(RECORD, **changes))
    assert "name another --out" in str(refused.value)


@pytest.mark.parametrize("later", _LATER)
def test_a_run_from_before_something_was_recorded_goes_on(tmp_path, later):
    begin_run(tmp_path, record=RECORD)
    older = json.loads((tmp_path / "run.json").read_bytes())
    del older[later]
    (tmp_path / "run.json").write_text(json.dumps(older))
    begin_run(tmp_path, record=RECORD)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '"x"'])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UsageError, match=r"a run\.json that is not of a run"):
        begin_run(tmp_path, record=RECORD)
