"""The study from fabricated predictions: tables by hand, thresholds, scores, files and the page."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_gate_predictions import rows
from hilum.bundle.gate_outputs import IS_XRAY, TYPES
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.data.releases import CHEST_SOURCES
from hilum.systems.gate.study.page import render_gate_page
from hilum.systems.gate.study.predictions import GatePredictions, joined, load_predictions, save_predictions
from hilum.systems.gate.study.scores import (
    SCORES,
    Curve,
    best_score,
    curves,
    energy,
    largest_probability,
    type_probabilities,
)
from hilum.systems.gate.study.study import GateStudy, make_study, read_spec, write_study
from hilum.systems.gate.study.tables import confusion_matrix, folds_only, frame_only_table, type_table, xray_table
from hilum.systems.gate.study.thresholds import choose_spec, decide


def fold(index: int) -> GatePredictions:
    """One fold: hands mostly right, wrists half called hand, chests sure, photographs mostly refused."""
    network = f"fold {index}"
    parts = [
        rows(20, source="frac", xray_type="hand", called="hand", network=network, seed=index),
        rows(5, source="frac", xray_type="wrist", called="wrist", network=network, seed=index),
        rows(5, source="ewen", xray_type="wrist", called="hand", network=network, sureness=4.0, seed=index),
        rows(4, source="ewen", xray_type="", called=None, network=network, seed=index),
        chests(60, source=CHEST_SOURCES[index], view="frontal", looks=(2.0, 2.0, -4.0), network=network, seed=index),
        chests(6, source="chest_lateral", view="LL", looks=(-3.0, -3.0, 3.0), network=network, seed=index),
        rows(30, source="photos", is_xray=False, xray=-6.0, network=network, seed=index),
        rows(1, source="photos", is_xray=False, xray=6.0, called="hand", network=network, seed=index + 50),
        rows(10, source="us_breast", is_xray=False, xray=-6.0, network=network, seed=index),
        rows(8, source="rendering: noise", is_xray=False, xray=-6.0, network=network, seed=index),
    ]
    apart = [
        _as(chests(20, source="nih", view=view, looks=looks, network=network, seed=index + 90), "other patients")
        for view, looks in (("PA", (3.0, -3.0, -4.0)), ("AP", (-3.0, 3.0, -4.0)))
    ]
    shown = [part for part in parts if not str(part.source[0]).startswith("rendering")]
    framed = [_as(part, view) for part in shown for view in ("black", "white", "stretch", "masked")]
    faults = [_as(parts[4], view) for view in ("turned 90", "turned 180", "turned 270", "inverted", "cropped")]
    return joined([*parts, *apart, *framed, *faults])


def chests(
    count: int, *, source: str, view: str, looks: tuple[float, float, float], network: str, seed: int
) -> GatePredictions:
    """Chests that are all called chest, of the view `view` and with the logits `looks` of the three views."""
    return rows(
        count,
        source=source,
        xray_type="chest",
        called="chest",
        chest_view=view,
        looks=looks,
        network=network,
        seed=seed,
    )


def _as(part: GatePredictions, view: str) -> GatePredictions:
    changed = part.where(np.ones(len(part), bool))
    frame = changed.frame.copy()
    frame[:, 0] = ("black", "white", "stretch", "masked").index(view) if view in ("black", "white", "stretch") else 0
    return GatePredictions(
        **{name: getattr(changed, name) for name in GatePredictions.__slots__ if name not in ("view", "frame")},
        view=np.array([view] * len(part)),
        frame=frame,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for index in range(5):
        save_predictions(fold(index), path=folder / f"fold-{index}" / "predictions.npz")
    name = "without wrist, chest"
    learnt = [
        rows(40, source="frac", xray_type=t, called=t, network=name, view="learnt from", seed=9)
        for t in ("hand", "knee")
    ]
    unseen = rows(12, source="ewen", xray_type="wrist", called="hand", sureness=2.0, network=name, seed=10)
    known = rows(12, source="ewen", xray_type="hand", called="hand", network=name, seed=11)
    save_predictions(joined([*learnt, unseen, known]), path=folder / "without-wrist-chest" / "predictions.npz")
    return folder


@pytest.fixture(scope="module")
def study(folder: Path) -> GateStudy:
    return make_study([load_predictions(path) for path in sorted(folder.glob("*/predictions.npz"))])


@pytest.fixture(scope="module")
def folds() -> GatePredictions:
    return folds_only(joined([fold(index) for index in range(5)]))


def test_predictions_come_back_as_they_were_written(folder: Path) -> None:
    back = load_predictions(folder / "fold-0" / "predictions.npz")
    expected = fold(0)
    assert np.array_equal(back.logits, expected.logits)
    assert np.array_equal(back.group, expected.group)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros(2))
    with pytest.raises(DataError, match="Delete it and run the study again"):
        load_predictions(tmp_path / "x.npz")


def test_types_by_hand(folds: GatePredictions) -> None:
    table = type_table(folds)
    assert table.shares["accuracy"].value == pytest.approx(25 / 30)
    assert table.shares["recall, wrist"].value == pytest.approx(0.5)
    assert table.shares["recall, hand"].n == 100
    assert table.shares["mean recall of the types with at least 20 groups"].value == pytest.approx(0.75)
    matrix = confusion_matrix(folds)
    wrist, hand = XRAY_TYPES.index("wrist"), XRAY_TYPES.index("hand")
    assert matrix[wrist][hand] == 25
    assert sum(map(sum, matrix)) == 150


def test_radiograph_or_not_by_hand(folds: GatePredictions) -> None:
    table = xray_table(folds)
    assert table.shares["balanced accuracy, as read"].value == pytest.approx((1 + 40 / 41) / 2)
    assert table.shares["grey photographs called no X-ray, white"].value == pytest.approx(30 / 31)


def test_scores_against_their_formulas(folds: GatePredictions) -> None:
    logits = folds.logits[:, TYPES].astype(np.float64)
    assert energy(folds, learnt=folds) == pytest.approx(np.log(np.exp(logits).sum(axis=1)))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert type_probabilities(folds.logits) == pytest.approx(expected)
    assert largest_probability(folds, learnt=folds) == pytest.approx(expected.max(axis=1))


def test_every_score_tells_far_from_near(folder: Path) -> None:
    one = load_predictions(folder / "without-wrist-chest" / "predictions.npz")
    for curve in curves([one]).values():
        truth = [1] * len(curve.known) + [0] * len(curve.left_out)
        assert curve.auroc == pytest.approx(roc_auc_score(truth, [*curve.known, *curve.left_out]))
    assert set(SCORES) == {"largest probability", "energy", "distance"}
    assert curves([one])["energy"].auroc == 1.0


def test_thresholds_keep_their_budgets(folds: GatePredictions) -> None:
    spec = choose_spec(folds, score="energy")
    as_read = folds.where(folds.view == "as read")
    decisions = decide(as_read, spec=spec)
    chest = np.isin(as_read.source, CHEST_SOURCES)
    assert decisions.status("refused", "unsure")[chest].mean() <= 0.01
    assert decisions.accepted_as("chest")[chest].mean() >= 0.99
    known = np.isin(as_read.source, ("frac", "ewen")) & (as_read.xray_type != "")
    assert decisions.status("refused", "unsure")[known].mean() <= 0.14
    none = np.isin(as_read.source, ("frac", "ewen")) & (as_read.xray_type == "")
    assert decisions.status("refused", "unsure")[none].all()


def test_the_score_that_ships_is_the_best_that_reads_from_logits_alone() -> None:
    def found(**areas: float) -> dict[str, Curve | UndefinedMetric]:
        named = {name.replace("_", " "): area for name, area in areas.items()}
        return {name: Curve(name, np.zeros(1), np.zeros(1), area) for name, area in named.items()}

    assert best_score(found(largest_probability=0.8, energy=0.7, distance=0.9)) == "largest probability"
    assert best_score(found(largest_probability=0.8, energy=0.85)) == "energy"
    undefined = UndefinedMetric("there are no negatives", 1, 1)
    assert best_score({"energy": undefined, **found(largest_probability=0.4)}) == "largest probability"
    assert best_score({}) == "energy"


def test_the_study_has_every_table_and_the_cards_figures(study: GateStudy, tmp_path: Path) -> None:
    assert [table.key for table in study.tables] == [
        "xray", "frame", "type", "chest", "decisions", "faults", "views", "curve", "left-out",
    ]  # fmt: skip
    assert 0.3 < (study.table("frame").shares["balanced accuracy, frame alone"].value) < 0.7
    assert study.table("decisions").shares["refused, renderings"].value == 1.0
    assert any(figure.name.endswith("accuracy, chest or not") for figure in study.spec.figures)
    write_study(study, folder=tmp_path)
    assert read_spec(tmp_path) == study.spec
    assert "frac-" not in (tmp_path / "study.json").read_text()  # no name of a picture


def test_mistakes_name_what_was_got_wrong(study: GateStudy) -> None:
    found = {(mistake.true, mistake.called) for mistake in study.mistakes}
    assert found == {("wrist", "hand"), ("not an X-ray", "hand")}
    assert len(study.mistakes) == 30


def test_the_page_holds_the_tables_and_runs_no_script(study: GateStudy) -> None:
    page = render_gate_page(study, pictures=())
    assert "mean recall of the types with at least 20 groups" in page
    assert "30 pictures" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"spec": {}}', '{"figures": []}'])
def test_tables_of_another_study_are_refused_in_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(DataError, match="Run `hilum study gate` first") as refused:
        read_spec(tmp_path)
    assert "\n" not in str(refused.value)


def all_networks(folder: Path) -> list[GatePredictions]:
    """Those of the fixture, and one that was trained without a source."""
    source = rows(6, source="ewen", xray_type="wrist", called="hand", network="without ewen")
    return [*(load_predictions(path) for path in sorted(folder.glob("*/predictions.npz"))), source]


def reasons(study: GateStudy) -> dict[str, str]:
    """Of each table its first share without a value, and why."""
    return {
        table.key: one.reason
        for table in study.tables
        for one in list(table.shares.values())[:1]
        if isinstance(one, UndefinedMetric)
    }


def turned_round(networks: Sequence[GatePredictions]) -> list[GatePredictions]:
    """The same networks, as if radiographs had the lower logits: no rising curve fits."""
    for each in networks:
        each.logits[:, IS_XRAY] *= -1
    return list(networks)


def test_scores_that_rank_the_wrong_way_round_leave_what_needs_no_fit(folder: Path, tmp_path: Path) -> None:
    study = make_study(turned_round(all_networks(folder)))
    why = reasons(study)
    assert set(why) == {"xray", "decisions", "left-out", "sources"}
    assert all("rank the wrong way round" in each for each in why.values())
    assert study.table("type").shares["recall, wrist"].value == pytest.approx(0.5)
    assert study.table("sources").shares["type right, ewen"].value == 0.0
    assert study.mistakes == UndefinedMetric(why["xray"], 0, 0)
    assert study.spec == UndefinedMetric(why["left-out"], 0, 0)
    write_study(study, folder=tmp_path)
    with pytest.raises(DataError, match=r"holds no thresholds of a gate: The scores rank the wrong way round"):
        read_spec(tmp_path)
    page = render_gate_page(study, pictures=())
    assert f"No thresholds could be chosen: {why['left-out']}." in page
    assert f"Not known: {why['xray']}." in page


def test_features_that_do_not_differ_leave_the_distance_out(folder: Path, tmp_path: Path) -> None:
    same = [replace(each, features=np.ones_like(each.features)) for each in all_networks(folder)]
    study = make_study(same)
    table = study.table("curve")
    assert "do not differ from picture to picture" in table.shares["AUROC, distance"].reason
    assert table.shares["AUROC, energy"].value == 1.0
    assert [curve.score for curve in study.curves] == ["largest probability", "energy"]
    write_study(study, folder=tmp_path)
    assert "do not differ from picture to picture" in render_gate_page(study, pictures=())


def test_without_known_types_to_compare_with_no_score_has_a_curve(folder: Path, tmp_path: Path) -> None:
    every = all_networks(folder)
    every[-2] = every[-2].where((every[-2].view == "learnt from") | (every[-2].xray_type == "wrist"))
    study = make_study(every)
    assert {one.reason for one in study.table("curve").shares.values()} == {"there are no positives"}
    assert study.curves == ()
    write_study(study, folder=tmp_path)


@pytest.mark.parametrize(("kept", "reason"), [(2, "fewer than 5 groups"), (200, "one kind only")])
def test_a_frame_cannot_tell_what_is_not_there(folds: GatePredictions, kept: int, reason: str) -> None:
    few = folds.where(folds.is_xray & np.isin(folds.view, ("black", "white")))
    shares = frame_only_table(few.where(np.isin(few.group, np.unique(few.group)[:kept]))).shares
    assert reason in shares["balanced accuracy, frame alone"].reason


def test_without_folds_there_is_nothing_to_tabulate() -> None:
    with pytest.raises(DataError, match="no predictions of the study's folds"):
        make_study([rows(3, source="ewen", xray_type="wrist", network="without ewen")])
