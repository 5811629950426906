"""Write the coverage tables of the statistics page: `python docs/make_coverage.py [--check]`.

The figures are those of `benchmarks/results/coverage.json`, which `python benchmarks/coverage.py` writes. No figure of
the tables is typed by hand.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from markers import ROOT, table, write_or_check

RESULT = ROOT / "benchmarks" / "results" / "coverage.json"
PAGE = "docs/concepts/statistics.md"
SHOWN = {
    "AUROC": "clustered score",
    "AP": "jackknife logit by patient",
    "mean AUROC": "clustered logit (Obuchowski)",
    "share": "clustered Wilson",
}
"""What hilum shows of each figure, and so stands first, in bold."""

METHODS = {
    "AUROC": ("clustered score", "clustered logit (Obuchowski)", "BCa by patient", "percentile by patient"),
    "AP": ("jackknife logit by patient", "BCa by patient", "percentile by patient"),
    "mean AUROC": ("clustered logit (Obuchowski)",),
    "share": ("clustered Wilson", "Wilson, images as independent", "percentile by patient"),
}
SHAPES = {
    "normal": "two normal populations",
    "wide": "positives twice as spread",
    "missed": "2% of the positives score like negatives",
}
Json = dict[str, Any]


def parts(content: Json) -> dict[str, str]:
    """The text between each pair of markers."""
    cases = list(content["cases"].values())
    aurocs = [case for case in cases if case["figure"] == "AUROC"]
    return {
        "coverage-auroc": _table([case for case in aurocs if case["shape"] == "normal"], figure="AUROC"),
        "coverage-shapes": _table([case for case in aurocs if case["shape"] != "normal"], figure="AUROC", shapes=True),
        "coverage-ap": _table([case for case in cases if case["figure"] == "AP"], figure="AP"),
        "coverage-mean": _table([case for case in cases if case["figure"] == "mean AUROC"], figure="mean AUROC"),
        "coverage-decisions": _decisions([case for case in cases if case["figure"] == "decisions"]),
        "coverage-share": _table([case for case in cases if case["figure"] == "share"], figure="share"),
        "coverage-size": (
            f"{content['simulations']:,} simulations of each row (of the bootstraps {content['drawn']:,}, with "
            f"{content['replicates']:,} replicates), hilum {content['hilum']}."
        ),
    }


def _table(cases: list[Json], *, figure: str, shapes: bool = False) -> str:
    """One row a case: coverage of each method, and in brackets how often the interval began above the truth."""
    methods = METHODS[figure]
    leads = ("design", "ill / well patients") if figure != "share" else ("design", "patients")
    header = (*leads, *(("scores",) if shapes else ()), "true value", *(_title(name, figure) for name in methods))
    return table(header, [_row(case, methods=methods, shapes=shapes) for case in cases])


def _decisions(cases: list[Json]) -> str:
    """One row a measure: the least and the greatest coverage over the designs."""
    rows = []
    for measure in cases[0]["methods"]:
        found = [case["methods"][measure]["coverage"] for case in cases]
        rows.append((measure.replace("_", " "), f"{min(found):.3f}", f"{max(found):.3f}"))
    return table(("measure", "least coverage", "greatest coverage"), rows)


def _row(case: Json, *, methods: tuple[str, ...], shapes: bool) -> tuple[str, ...]:
    who = str(case["patients"]) if case["figure"] == "share" else f"{case['ill_patients']} / {case['well_patients']}"
    scores = (SHAPES[case["shape"]],) if shapes else ()
    return (
        case["design"],
        who,
        *scores,
        f"{case['truth']:.3g}",
        *(_cell(case["methods"].get(name)) for name in methods),
    )


def _cell(one: Json | None) -> str:
    if one is None or one["coverage"] is None:
        return "–"
    return f"{one['coverage']:.3f} ({one['low_too_high']:.3f})"


def _title(method: str, figure: str) -> str:
    return f"**{method}**" if method == SHOWN[figure] else method


def main(arguments: list[str]) -> int:
    """Write the tables, or say with `--check` that they are out of date."""
    content = json.loads(RESULT.read_text(encoding="utf-8"))
    return write_or_check({PAGE: parts(content)}, check="--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
