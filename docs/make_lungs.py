"""Write the table of the lung studies: `python docs/make_lungs.py [STUDY_JSON ...] [--check]`.

With the `study.json` of `hilum study lungs`, or of one of its sisters, its figures are kept in
`docs/results/STUDY.json` first; it is known by its arms. No figure of the table is typed by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kept_study import write_kept
from markers import ROOT, table, write_or_check

from hilum.bundle.lung_spec import LungFigure
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.systems.lungs.shipped import ARMS
from hilum.systems.lungs.study.study import LungStudy, lung_study_of
from hilum.systems.lungs.study.trust import BAD_BELOW

RESULTS = ROOT / "docs" / "results"
PAGE = "docs/concepts/lungs.md"
NOT_MEASURED = "Not measured for this version; `hilum study lungs` does."
TITLES: Mapping[str, str] = {
    "free": "ships: `lungs` and `wingspan`",
    "all": "with `lungs_tb`",
    "free-fine": "256 px",
    "all-fine": "256 px, with `lungs_tb`",
    "lite": "EfficientNet-Lite0",
    "lite-fine": "EfficientNet-Lite0, 256 px",
    "all-lite-fine": "EfficientNet-Lite0, 256 px, with `lungs_tb`",
    "own": "with drawings of its own",
    "liu": "Liu et al. 2019",
}
"""By arm, what its networks learn from and how they differ from the one that ships."""
SHOWN = ("Dice, fields", "Dice, whole lungs", "Dice, heart", "cardiothoracic ratio, mean absolute error")


def keep(path: Path, *, results: Path = RESULTS) -> None:
    """Keep the figures of a study that is no smoke run, by its name; raises `SystemExit` for another."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    of = [name for name, arms in ARMS.items() if set(content["arms"]) <= set(arms)]
    if content["smoke"] or not of:
        kind = "a smoke run" if content["smoke"] else f"arms {', '.join(content['arms'])}, which are of no study"
        raise SystemExit(f"expected a lung study, came {kind} in {path}; no figure of it is kept")
    write_kept(content, result=results / f"{of[0]}.json")


def kept(results: Path = RESULTS) -> dict[str, LungStudy]:
    """The kept studies by name."""
    return {name: lung_study_of(results / f"{name}.json") for name in ARMS if (results / f"{name}.json").is_file()}


def figures(results: Path = RESULTS) -> str:
    """A row for each arm with its Dice and ratios by release; the number of chests stands beside each release."""
    studies = kept(results)
    if not studies:
        return NOT_MEASURED
    by_arm = {
        TITLES[name]: {figure.full_name: figure for figure in arm.figures if figure.name in SHOWN}
        for study in studies.values()
        for name, arm in sorted(study.arms.items(), key=lambda pair: list(TITLES).index(pair[0]))
    }
    names = sorted({name for found in by_arm.values() for name in found})
    most = {name: max(found[name].n for found in by_arm.values() if name in found) for name in names}
    rows = [
        (_title(title, found=found, most=most), *(_cell(found.get(name)) for name in names))
        for title, found in by_arm.items()
    ]
    commands: dict[str, list[str]] = {}
    for name, study in studies.items():
        commands.setdefault(f"{study.protocol}; split `{study.split_sha256[:16]}`", []).append(f"`hilum study {name}`")
    said = " ".join(f"{' and '.join(runs)}: {protocol}." for protocol, runs in commands.items())
    return f"{said}\n\n{table(('networks', *names), rows)}"


def trust(results: Path = RESULTS) -> str:
    """How often the rule of the arm that ships doubts what it drew, cross-fitted."""
    studies = kept(results)
    if "lungs" not in studies:
        return NOT_MEASURED
    rows = [
        (
            f"the three releases, {one.pictures}",
            f"{one.n:,}",
            f"{one.bad_untrusted} of {one.bad}",
            f"{one.good_untrusted} of {one.n - one.bad}",
        )
        for one in studies["lungs"].arm("free").trust
    ]
    bad = f"not trusted, of those with Dice below {BAD_BELOW:.2f}"
    header = ("chests", "drawings", bad, "not trusted, of the others")
    return table(header, rows)


def _title(title: str, *, found: Mapping[str, LungFigure], most: Mapping[str, int]) -> str:
    """What the networks are, and whether they were judged on fewer chests than others."""
    return f"{title}; some folds alone" if any(one.n < most[name] for name, one in found.items()) else title


def _cell(figure: LungFigure | None) -> str:
    if figure is None:
        return "–"
    return f"{interval_text(figure.estimate)}, n {figure.n}"


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for study in (word for word in words if word != "--check"):
        keep(Path(study))
    return write_or_check({PAGE: {"lungs-figures": figures(), "lungs-trust": trust()}}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
