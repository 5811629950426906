"""Write the tables of the page on adult chests: `python docs/make_chest_adult.py [STUDY_JSON …] [--check]`.

With the `study.json` of `hilum study chest-adult` or `chest-adult-tries` its figures are kept in `docs/results` first:
aggregated figures alone, which name no image, patient or path. No figure of the page is typed by hand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kept_study import keep_study
from markers import ROOT, table, write_or_check
from study_tables import made_by, value

from hilum.bundle.shelf import shipped_bundles
from hilum.evaluation.study.as_json import read_study_json
from hilum.systems.chest_adult.limits import aurocs_by_view
from hilum.systems.chest_adult.recipe import VIEWS
from hilum.systems.chest_adult.sections import BASELINES_KEY, EARNED_KEY, INSIDE_KEY, SHIPS_KEY, decided_text
from hilum.systems.chest_adult.study import ADULT, CROP, LOCAL
from hilum.systems.chest_adult.tries import NAME as TRIES

RESULTS = ROOT / "docs" / "results"
RESULT, TRIED = RESULTS / "chest-adult.json", RESULTS / f"{TRIES}.json"
PAGE = "docs/how-to/chest-adult.md"
NOT_MEASURED = "Not measured for this version; `hilum study chest-adult` does."
_LEFT_OUT = ("settings", "environment", "tests", "groups")
"""Long, and on the study's own page."""

Json = dict[str, Any]


def keep(study: Path, *, result: Path = RESULT) -> None:
    """Keep the figures of a whole study that is no smoke run; raises `SystemExit` for another."""
    keep_study(study, study=ADULT.name, left_out=_LEFT_OUT, result=result)


def keep_tries(study: Path, *, result: Path = TRIED) -> None:
    """The same of the study of other trainings, of whose folds not all need be done."""
    keep_study(study, study=TRIES, left_out=_LEFT_OUT, result=result, some_folds=True)


def means(result: Path = RESULT) -> str:
    """What each network reaches, and whether the mean of both ships."""
    if not result.is_file():
        return NOT_MEASURED
    study = read_study_json(result, study=ADULT.name)
    ships, group = study["sections"][SHIPS_KEY], study["ours"]
    rows = [(ADULT.titles[arm], value(found)) for arm, found in ships["mean_auroc"].items()]
    rows.append((f"{ADULT.titles[ships['arm']]} − {ADULT.titles[LOCAL]}", value(ships, name="difference", sign=True)))
    what = f"mean AUROC of {len(ships['labels'])} findings"
    verdict = "The mean of both ships" if ships["ships"] else f"Nothing ships: {ships['why_not']}"
    reached = "" if ships["difference"] is not None and ships["difference"] >= ships["wanted_gain"] else "not "
    return (
        f"Protocol: {study['protocol']}; {group['n']:,} images of {group['patients']:,} patients; split "
        f"`{study['split_sha256'][:16]}`. {made_by(study)} {verdict}. A gain of {ships['wanted_gain']:+.2f} on the "
        f"whole picture alone was hoped for and is {reached}reached.\n\n"
        f"{table(('network', what), rows)}"
    )


def findings(result: Path = RESULT) -> str:
    """Each finding: how well it is told, per view, whether it is decided, and what is told without the picture."""
    if not result.is_file():
        return NOT_MEASURED
    sections = read_study_json(result, study=ADULT.name)["sections"]
    header = ("finding", "n (ill)", "AUROC", "within views", *VIEWS, "view alone", "view, age and sex", "decided")
    rows = [
        _finding(label, one, baselines=sections[BASELINES_KEY][label])
        for label, one in sorted(sections[EARNED_KEY].items(), key=_strongest_first)
    ]
    return table(header, rows)


def alone() -> str:
    """Which of the findings that ship decided the whole picture decides alone, by the shipped card."""
    card = next((bundle.card for bundle in shipped_bundles() if bundle.card.name == ADULT.name), None)
    if card is None or card.fusion is None:
        return "No model of the adult's chest ships with this version."
    decided = {label.name for label in card.labels if label.operating_point is not None}
    rows = [
        (label.name, "yes" if label.operating_point is not None else f"no: {label.not_reliable}")
        for label in card.fusion.whole_labels
        if label.name in decided
    ]
    return table(("finding", "decided by the whole picture alone"), rows)


def inside(result: Path = RESULT) -> str:
    """How much of each finding's map lies inside the lungs."""
    if not result.is_file():
        return NOT_MEASURED
    sections = read_study_json(result, study=ADULT.name)["sections"]
    header = ("finding", "n", *(ADULT.titles[arm] for arm in (LOCAL, CROP)))
    rows = [
        (label, str(found[LOCAL]["n"]), *(_median(found[arm]) for arm in (LOCAL, CROP)))
        for label, found in sections[INSIDE_KEY].items()
    ]
    return table(header, rows)


def tried(result: Path = TRIED) -> str:
    """What each other training gains on the recipe, over the labels that the folds which are done can judge."""
    if not result.is_file():
        return "Not measured for this version; `hilum study chest-adult-tries` does."
    study = read_study_json(result, study=TRIES)
    ours, arms = study["ours"], study["arms"]
    rows = [(title, value(ours["mean_auroc"][arm]), value(_gain(ours, arm), sign=True)) for arm, title in arms.items()]
    return (
        f"{study['folds_done']} of {study['folds']} folds, {ours['n']:,} images of {ours['patients']:,} patients; "
        f"split `{study['split_sha256'][:16]}`. {made_by(study)} Surely better than the recipe: "
        f"{_sure(study, side=1)}. Surely worse: {_sure(study, side=-1)}.\n\n"
        f"{table(('training', 'mean AUROC', 'gain'), rows)}"
    )


def _sure(study: Json, *, side: int) -> str:
    """The trainings whose interval of the gain lies above 0 (`side` 1) or below (-1), in words."""
    bounds = {title: _gain(study["ours"], arm).get("value_ci") for arm, title in study["arms"].items()}
    return ", ".join(title for title, ends in bounds.items() if ends and min(side * end for end in ends) > 0) or "none"


def _gain(ours: Json, arm: str) -> Json:
    found: Json = ours["mean_difference"].get(f"{arm} - {LOCAL}", {})
    return found


def _finding(label: str, one: Json, *, baselines: Json) -> tuple[str, ...]:
    within = "–" if one["within_views"] is None else f"{one['within_views']:.3f}"
    views = (value(one["by_view"].get(view, {}), name="auroc") for view in VIEWS)
    without = (_short(baselines[name]) for name in ("view", "view, age and sex"))
    decided = decided_text(aurocs_by_view(one)) if one["earned"] else f"no: {'; '.join(one['why_not'])}"
    return label, f"{one['n']:,} ({one['positives']:,})", value(one, name="auroc"), within, *views, *without, decided


def _strongest_first(pair: tuple[str, Json]) -> tuple[bool, float]:
    _, one = pair
    return not one["earned"], -(one["auroc"] or 0.0)


def _short(one: Json) -> str:
    return "–" if one["auroc"] is None else f"{one['auroc']:.3f}"


def _median(one: Json) -> str:
    return "–" if one["median"] is None else f"{one['median']:.2f}"


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for study in (word for word in words if word != "--check"):
        of_tries = json.loads(Path(study).read_text(encoding="utf-8")).get("study") == TRIES
        (keep_tries if of_tries else keep)(Path(study))
    parts = {
        "chest-adult-means": means(),
        "chest-adult-findings": findings(),
        "chest-adult-alone": alone(),
        "chest-adult-inside": inside(),
        "chest-adult-tries": tried(),
    }
    return write_or_check({PAGE: parts}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
