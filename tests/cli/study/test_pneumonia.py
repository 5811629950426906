"""The pneumonia study from the command line, by smoke runs on a fabricated miniature of the release."""

import json
from pathlib import Path

import pytest

from fabricate_kermany import fabricate_kermany
from hilum.evaluation.predictions.predictions_file import read_predictions
from run_command import FOLDS, SMOKE, TWO_FOLDS, check_other_folds_are_refused, check_tables_alone, run, run_well

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_kermany(tmp_path_factory.mktemp("made") / "chest_xray", train=40)


def words(release: Path, *, out: Path) -> list[str]:
    return ["study", "pneumonia", "--data", f"kermany={release}", "--out", str(out), *SMOKE, *TWO_FOLDS]


@pytest.fixture(scope="module")
def study(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    assert "SMOKE, no result: AUROC, MobileNetV2, ImageNet weights" in run_well(*words(release, out=out))
    return out


def test_children_of_the_train_folder_are_predicted_once_by_networks_that_never_saw_them(study: Path) -> None:
    for arm in ("random", "imagenet"):
        pooled = read_predictions(study / "predictions" / f"{arm}.parquet")
        assert pooled.smoke
        assert pooled.cross_validated
        assert all(image.startswith("train/") for image in pooled.image)
        assert not any(" " in image for image in pooled.image), "no altered copy is judged"
    patients = [set(read_predictions(study / fold / "random.parquet").patient) for fold in FOLDS]
    assert not patients[0] & patients[1]
    protocol = json.loads((study / "study.json").read_text())["protocol"]
    assert protocol.startswith("SMOKE cross-validated: 2 folds by patient")
    assert "patient ids are namespaced by official folder" in protocol


def test_copies_of_healthy_pictures_are_learnt_from(study: Path) -> None:
    counts = json.loads((study / "fold-0" / "random" / "fold.json").read_text())["counts"]
    saved = json.loads((study / "split.json").read_text())["parts"]
    judged = {line[1] for line in saved["fold 0"]}
    healthy_copies = [path for path in (study / "copies").rglob("*.png")]
    assert healthy_copies
    others = sum(len(part) for part in saved.values()) - len(judged)
    assert counts["train"] + counts["validation"] > others
    assert counts["test"] == len(judged)


def test_the_page_has_the_papers_accuracies_curves_confusions_and_errors(study: Path) -> None:
    fields = json.loads((study / "study.json").read_text())
    published = fields["sections"]["published"]
    assert published["accuracy"] == {"random": 0.7837, "imagenet": 0.7949}
    assert published["official_test"] == {}
    assert {claim["key"] for claim in published["claims"]} == {
        "accuracy-imagenet-over-random",
        "random-errs-on-the-healthy", "random-looks-at-bright-parts",
        "imagenet-errs-on-the-healthy", "imagenet-looks-at-bright-parts",
    }  # fmt: skip
    figures = {path.name for path in (study / "figures").iterdir()}
    assert {"validations.png", "confusion.png", "roc.png"} <= figures
    network = fields["sections"]["networks"]["imagenet"]
    table = network["confusion"]
    assert sum(table.values()) == read_predictions(study / "predictions" / "imagenet.parquet").n
    wrong = table["false_positives"] + table["false_negatives"]
    assert network["accuracy"] == pytest.approx(1 - wrong / sum(table.values()))
    assert 2e6 < network["parameters"] < 3e6
    assert network["milliseconds"] > 0
    assert fields["sections"]["networks"]["baseline"]["auroc"] is not None
    page = (study / "study.html").read_text()
    assert "0.7837" in page
    assert "Failure cases" in page or wrong == 0
    text = (study / "study.json").read_text()
    assert "person" not in text, "the JSON names nobody"
    assert "IM-0" not in text


def test_tables_alone_train_nothing_and_say_the_same(release: Path, study: Path, tmp_path: Path) -> None:
    kept = (study / "copies").rename(tmp_path / "copies")
    check_tables_alone(words(release, out=study), study=study)
    assert not (study / "copies").exists(), "no patient's picture is copied for tables"
    kept.rename(study / "copies")


def test_a_stopped_study_goes_on_and_ends_as_one_that_was_not(release: Path, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    # what a kill leaves after the first network of the first fold: neither its predictions nor those of any other
    run_well(*words(release, out=out))
    for path in (out / "fold-0" / "imagenet.parquet", out / "fold-1" / "random.parquet", out / "study.json"):
        path.unlink()
    run_well(*words(release, out=out))
    ours, theirs = (json.loads((folder / "study.json").read_text()) for folder in (out, study))
    assert ours["ours"] == theirs["ours"]
    assert ours["sections"]["published"] == theirs["sections"]["published"]


def test_all_networks_and_synthetic_children_stand_in_one_table(release: Path, tmp_path: Path) -> None:
    run_well(*words(release, out=tmp_path / "out"), "--arms", "all")
    sections = json.loads((tmp_path / "out" / "study.json").read_text())["sections"]
    networks = sections["networks"]
    assert list(networks) == [
        "random", "imagenet", "plain", "weights", "sampling",
        "resnet18", "mobilenet_v1", "squeezenet1_1", "efficientnet_lite0",
        "small", "features", "smote", "dcgan", "baseline",
    ]  # fmt: skip
    parameters = {name: one["parameters"] for name, one in networks.items() if name != "baseline"}
    assert parameters["squeezenet1_1"] < parameters["imagenet"] < parameters["resnet18"]
    assert networks["plain"]["balance"] == "none"
    assert networks["smote"]["started_from"] == "features of the arm plain, which started from random"
    assert set(sections["synthetic"]["changes"]) == {"smote - features", "dcgan - small"}
    assert len(sections["synthetic"]["quality"]) == 2
    page = (tmp_path / "out" / "study.html").read_text()
    assert "MobileNetV2, weighted loss" in page
    assert "Samples beside the nearest training pictures" in page


def test_further_networks_take_their_weights_from_a_folder(release: Path, tmp_path: Path) -> None:
    refused = run(*words(release, out=tmp_path / "out"), "--arms", "networks", "--starts", str(tmp_path / "none"))
    assert refused.exit_code != 0
    assert "the folder of the starting weights" in " ".join(refused.output.split())


def test_other_settings_and_looks_that_would_count_are_refused(release: Path, study: Path) -> None:
    kept = sorted((study / "copies").rglob("*"))
    (study / "copies" / "mirrored").rename(study / "copies" / "away")
    check_other_folds_are_refused(words(release, out=study))
    assert not (study / "copies" / "mirrored").exists(), "no patient's picture is copied into a folder that is refused"
    (study / "copies" / "away").rename(study / "copies" / "mirrored")
    assert sorted((study / "copies").rglob("*")) == kept
    look = run(*words(release, out=study), "--look-at-test")
    assert (look.exit_code, "Leave out --look-at-test with --smoke" in look.output) == (2, True)
