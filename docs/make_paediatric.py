"""Write the tables of the losses for children: `python docs/make_paediatric.py [STUDY_JSON] [--check]`.

With the `study.json` of `hilum study paediatric-losses-local` its figures are kept in `docs/results` first: aggregated
figures alone, which name no image, patient or path.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from kept_study import keep_study
from markers import ROOT, table, write_or_check
from study_tables import protocol_line, value

from hilum.evaluation.study.as_json import read_study_json
from hilum.systems.paediatric.local import NAME
from hilum.systems.paediatric.recipe import BCE

RESULT = ROOT / "docs" / "results" / f"{NAME}.json"
PAGE = "docs/how-to/paediatric.md"
NOT_MEASURED = f"Not measured for this version; `hilum study {NAME}` does."
_LEFT_OUT = ("settings", "tests", "groups")
"""Long, and on the study's own page."""

Json = dict[str, Any]


def keep(study: Path, *, result: Path = RESULT) -> None:
    """Keep the figures of a whole study that is no smoke run; raises `SystemExit` for another."""
    keep_study(study, study=NAME, left_out=_LEFT_OUT, result=result)


def losses(result: Path = RESULT) -> str:
    """Each loss from the highest mean AUROC down, with its difference to cross-entropy, and what the seeds reach."""
    if not result.is_file():
        return NOT_MEASURED
    study = read_study_json(result, study=NAME)
    titles, ours = study["arms"], study["ours"]
    counts = sorted(one["positives"] for one in ours["labels"].values())
    said = (
        f"{protocol_line(study)} {len(counts)} labels with {counts[0]:,} to {counts[-1]:,} positives. Mean AUROC over "
        f"the labels, and what it has more than {titles[BCE]}'s on the same images:"
    )
    ranked = sorted(titles, key=lambda arm: -ours["mean_auroc"][arm]["value"])
    rows = [(titles[arm], value(ours["mean_auroc"][arm]), _more(ours, arm)) for arm in ranked]
    seeds = _seeds(study["sections"]["seeds"], titles=titles) if "seeds" in study["sections"] else ""
    return "\n\n".join(filter(None, (said, table(("loss", "mean AUROC", "difference"), rows), seeds)))


def _more(ours: Json, arm: str) -> str:
    differences = ours["mean_difference"]
    forth, back = differences.get(f"{arm} - {BCE}"), differences.get(f"{BCE} - {arm}")
    if forth is None and back is not None:
        low, high = back["value_ci"]
        forth = {"value": -back["value"], "value_ci": [-high, -low]}
    return value(forth or {}, sign=True)


def _seeds(seeds: Json, *, titles: dict[str, str]) -> str:
    found = seeds["by_loss"]
    count = max(len(one["mean_auroc"]) for one in found.values())
    rows = [
        (
            titles[arm],
            *(value(each) for each in one["mean_auroc"]),
            f"{fmean(each['value'] for each in one['mean_auroc']):.3f}",
            f"{one['deviation']:.3f}",
        )
        for arm, one in found.items()
    ]
    header = ("loss", *(f"seed {number}" for number in range(1, count + 1)), "mean", "standard deviation")
    return f"{table(header, rows)}\n\nThe standard deviation between seeds of one loss is {seeds['deviation']:.3f}."


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for study in (word for word in words if word != "--check"):
        keep(Path(study))
    return write_or_check({PAGE: {"paediatric-losses": losses()}}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
