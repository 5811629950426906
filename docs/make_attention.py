"""Write the tables of the page on two looks: `python docs/make_attention.py [STUDY_JSON] [--check]`.

With the `study.json` of `hilum study attention-local` its figures are kept in `docs/results/attention-local.json`
first: aggregated figures alone, which name no image, patient or path. No figure of the tables is typed by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import study_tables
from kept_study import keep_study
from markers import ROOT, write_or_check
from study_tables import claims, classes, protocol_line, tests, views

from hilum.evaluation.study.as_json import read_study_json

STUDY = "attention-local"
RESULT = ROOT / "docs" / "results" / f"{STUDY}.json"
PAGE = "docs/how-to/attention.md"
NOT_MEASURED = f"Not measured for this version; `hilum study {STUDY}` does."
_LEFT_OUT = ("settings",)


def keep(study: Path, *, result: Path = RESULT) -> None:
    """Keep the figures of a whole study that is no smoke run; raises `SystemExit` for another."""
    keep_study(study, study=STUDY, left_out=_LEFT_OUT, result=result)


def ours(result: Path = RESULT) -> str:
    """What the kept study measured: classes, claims, tests and views, with the protocol above; or that it was not."""
    if not result.is_file():
        return NOT_MEASURED
    study = read_study_json(result, study=STUDY)
    titles, pairs = study["arms"], tuple(study["ours"]["mean_difference"])[:2]
    parts = (
        protocol_line(study),
        classes(study["ours"], titles=titles, pairs=pairs),
        claims(study["claims"]),
        tests(study["tests"], titles=titles),
        views(study, titles=titles, pair=pairs[0]),
    )
    return "\n\n".join(filter(None, parts))


def means(result: Path = RESULT) -> str:
    """The mean AUROC of both looks and of each alone, for the README."""
    if not result.is_file():
        return NOT_MEASURED
    study = read_study_json(result, study=STUDY)
    return study_tables.means(study, titles=study["arms"], pairs=tuple(study["ours"]["mean_difference"])[:2])


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for study in (word for word in words if word != "--check"):
        keep(Path(study))
    return write_or_check({PAGE: {"attention-ours": ours()}}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
