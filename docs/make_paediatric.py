"""Write the tables of the page on children's networks: `python docs/make_paediatric.py [STUDY_JSON …] [--check]`.

With the `study.json` of `hilum study paediatric-losses-local` or `paediatric-transfer-local` its figures are kept in
`docs/results` first: aggregated figures alone, which name no image, patient or path.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from kept_study import keep_study
from markers import ROOT, table, write_or_check
from study_tables import protocol_line, value

from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.study.as_json import read_study_json
from hilum.systems.paediatric.local import NAME
from hilum.systems.paediatric.recipe import BCE
from hilum.systems.paediatric.transfer import DIRECT, PERCENT, TRANSFERRED, arm_name
from hilum.systems.paediatric.transfer import NAME as TRANSFER

RESULTS = ROOT / "docs" / "results"
PAGE = "docs/how-to/paediatric.md"
NOT_MEASURED = "Not measured for this version; `hilum study {name}` does."
_LEFT_OUT = ("settings", "tests", "groups")
"""Long, and on the study's own page."""

Json = dict[str, Any]


def keep(study: Path, *, name: str = NAME, results: Path = RESULTS) -> None:
    """Keep the figures of a whole study of that name that is no smoke run; raises `SystemExit` for another."""
    keep_study(study, study=name, left_out=_LEFT_OUT, result=results / f"{name}.json")


def losses(results: Path = RESULTS) -> str:
    """Each loss from the highest mean AUROC down, with its difference to cross-entropy, and what the seeds reach."""
    if (study := _kept(NAME, results=results)) is None:
        return NOT_MEASURED.format(name=NAME)
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


def transfer(results: Path = RESULTS) -> str:
    """Pneumonia's AUROC directly and by way of adults, for each share of the children."""
    if (study := _kept(TRANSFER, results=results)) is None:
        return NOT_MEASURED.format(name=TRANSFER)
    found = study["ours"]["labels"][LABEL]
    rows = []
    for percent in PERCENT:
        direct, transferred = arm_name(DIRECT, percent), arm_name(TRANSFERRED, percent)
        areas = [value(found["auroc"][arm], digits=4) for arm in (direct, transferred)]
        apart = value(found["difference"][f"{transferred} - {direct}"], sign=True, digits=4)
        rows.append((f"{percent}%", *areas, apart))
    said = f"{protocol_line(study)} {found['positives']:,} images with pneumonia. AUROC:"
    return "\n\n".join((said, table(("children learnt from", "directly", "by way of adults", "difference"), rows)))


def _kept(name: str, *, results: Path) -> Json | None:
    path = results / f"{name}.json"
    return read_study_json(path, study=name) if path.is_file() else None


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
    for study in (Path(word) for word in words if word != "--check"):
        of_transfer = json.loads(study.read_text(encoding="utf-8")).get("study") == TRANSFER
        keep(study, name=TRANSFER if of_transfer else NAME)
    blocks = {"paediatric-losses": losses(), "paediatric-transfer": transfer()}
    return write_or_check({PAGE: blocks}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
