"""The tables on children's networks are what the kept studies say, and no smoke run's figure gets there."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from fabricate_study import RUN, fabricate_arms
from hilum.evaluation.study.as_json import study_json_bytes
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import study_content
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Study
from hilum.systems.paediatric.local import LOCAL, ranking_section
from hilum.systems.paediatric.transfer import TRANSFER

STRENGTH = {"bce": 1.0, "weighted": 0.9, "focal": 0.4, "db": 0.7, "modified-db": 1.3, "random": 0.0}
SEEDS = SectionContent(
    key="seeds",
    title="Other seeds",
    numbers={
        "deviation": 0.0042,
        "by_loss": {
            "bce": {
                "deviation": 0.0042,
                "mean_auroc": [{"value": 0.7, "value_ci": [0.65, 0.75]}, {"value": 0.71, "value_ci": None}],
            }
        },
    },
)


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_paediatric")


def study_of(*, smoke: bool = False, folds_done: int = 5) -> StudyContent:
    arms = fabricate_arms(strength=STRENGTH, labels=("Mass", "Nodule"), patients=150, smoke=smoke)
    return study_content(LOCAL, predictions=arms, run=replace(RUN, folds_done=folds_done), replicates=100)


def written(content: StudyContent, *, folder: Path, sections: tuple[SectionContent, ...], study: Study = LOCAL) -> Path:
    path = folder / "study.json"
    path.write_bytes(study_json_bytes(study, content=content, sections=sections))
    return path


def test_losses_stand_from_the_highest_down_beside_cross_entropy(script: ModuleType, tmp_path: Path) -> None:
    content = study_of()
    script.keep(written(content, folder=tmp_path, sections=(ranking_section(content), SEEDS)), results=tmp_path)
    assert re.search(r"\d{8}_\d{3}|nih:\d", (tmp_path / f"{LOCAL.name}.json").read_text()) is None
    said = script.losses(tmp_path)
    rows = [line.split(" | ") for line in said.splitlines() if line.startswith("| ")]
    assert [row[0].strip("| ") for row in rows[2:8]] == [
        "modified Distribution-Balanced",
        "cross-entropy",
        "weighted cross-entropy",
        "Distribution-Balanced",
        "focal",
        "cross-entropy from random weights",
    ]
    assert rows[3][2] == "– |"
    forth = content.aurocs.mean_difference["modified-db", "bce"]
    assert rows[2][2].startswith(f"{forth.value:+.3f} [")
    back = content.aurocs.mean_difference["bce", "random"]
    low, high = back.interval or (0.0, 0.0)
    assert rows[7][2] == f"{-back.value:+.3f} [{-high:+.3f}, {-low:+.3f}] |"
    assert "| cross-entropy | 0.700 [0.650, 0.750] | 0.710 | 0.705 | 0.004 |" in said
    assert said.endswith("The standard deviation between seeds of one loss is 0.004.")


def test_one_seed_has_no_table_of_seeds(script: ModuleType, tmp_path: Path) -> None:
    content = study_of()
    script.keep(written(content, folder=tmp_path, sections=(ranking_section(content),)), results=tmp_path)
    assert "seed" not in script.losses(tmp_path).partition("| loss |")[2]


def test_children_learnt_from_directly_and_by_way_of_adults_stand_side_by_side(
    script: ModuleType, tmp_path: Path
) -> None:
    strength = {arm.name: 0.3 + 0.1 * place for place, arm in enumerate(TRANSFER.arms)}
    arms = fabricate_arms(strength=strength, labels=("Pneumonia",), patients=150)
    content = study_content(TRANSFER, predictions=arms, run=RUN, replicates=100)
    script.keep(written(content, folder=tmp_path, sections=(), study=TRANSFER), name=TRANSFER.name, results=tmp_path)
    said = script.transfer(tmp_path)
    rows = [line.split(" | ") for line in said.splitlines() if line.startswith("| ")]
    assert [row[0].strip("| ") for row in rows[2:]] == ["10%", "30%", "100%"]
    (found,) = content.aurocs.labels
    assert rows[2][1].startswith(f"{found.auroc['direct-10'].value:.4f} [")
    assert rows[2][2].startswith(f"{found.auroc['adult-10'].value:.4f} [")
    assert rows[2][3].startswith(f"{found.difference['adult-10', 'direct-10'].value:+.4f} [")
    assert f"{found.positives} images with pneumonia" in said


def test_a_table_that_was_not_measured_says_by_what(script: ModuleType, tmp_path: Path) -> None:
    assert script.transfer(tmp_path) == "Not measured for this version; `hilum study paediatric-transfer-local` does."


def test_no_figure_of_a_smoke_run_or_of_some_folds_is_kept(script: ModuleType, tmp_path: Path) -> None:
    for content, said in ((study_of(smoke=True), "a smoke run"), (study_of(folds_done=3), "3 of 5 folds")):
        with pytest.raises(SystemExit, match=said):
            script.keep(written(content, folder=tmp_path, sections=()), results=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    assert script.losses(tmp_path / "kept").startswith("Not measured")
