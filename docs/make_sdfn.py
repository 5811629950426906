"""Write the tables of the SDFN page: `python docs/make_sdfn.py [STUDY_JSON] [--check]`.

With the `study.json` of `hilum study sdfn` its figures are kept in `docs/results/sdfn.json` first: aggregated figures
alone, which name no image, patient or path. No figure of the page is typed by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import study_tables
from kept_study import keep_study
from markers import ROOT, table, write_or_check
from study_tables import claims, classes, protocol_line, tests, views

from hilum.evaluation.comparing.published import Printed
from hilum.evaluation.study.as_json import read_study_json
from hilum.systems.sdfn.paper import PAPER
from hilum.systems.sdfn.study import SDFN

RESULT = ROOT / "docs" / "results" / "sdfn.json"
PAGE = "docs/how-to/sdfn.md"
NOT_MEASURED = "Not measured for this version; `hilum study sdfn` does."
_LEFT_OUT = ("settings",)
"""Long, and the recipe says the same."""


def keep(study: Path, *, result: Path = RESULT) -> None:
    """Keep the figures of a whole study that is no smoke run; raises `SystemExit` for another."""
    keep_study(study, study=SDFN.name, left_out=_LEFT_OUT, result=result)


def paper() -> str:
    """The paper's table 1 with its protocol."""
    rows = [(label, *_printed(row)) for label, row in PAPER.rows.items()]
    columns = table(("class", *PAPER.columns.values()), [*rows, ("**mean**", *_printed(PAPER.means))])
    return f"{PAPER.source}. Protocol: {PAPER.protocol}.\n\n{columns}"


def ours(result: Path = RESULT) -> str:
    """What the kept study measured: classes, claims, tests and views, with the protocol above; or that it was not."""
    if not result.is_file():
        return NOT_MEASURED
    study = read_study_json(result, study=SDFN.name)
    lungs = study["sections"].get("lungs")
    said = protocol_line(study)
    if lungs is not None:
        said += f" {lungs['untrusted']:,} of {lungs['images']:,} crops are whole images: their lungs were not trusted."
    parts = (
        said,
        classes(study["ours"], titles=SDFN.titles, pairs=_PAIRS),
        claims(study["claims"]),
        tests(study["tests"], titles=SDFN.titles),
        views(study, titles=SDFN.titles, pair=_PAIRS[0]),
    )
    return "\n\n".join(filter(None, parts))


def means(result: Path = RESULT) -> str:
    """The mean AUROC of the three networks and how far they are apart, for the README."""
    if not result.is_file():
        return NOT_MEASURED
    return study_tables.means(read_study_json(result, study=SDFN.name), titles=SDFN.titles, pairs=_PAIRS)


def _printed(row: Printed) -> tuple[str, ...]:
    return tuple("–" if value is None else f"{value:.3f}" for value in row)


_PAIRS = tuple(f"{first} - {second}" for first, second in SDFN.pairs[:2])


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for study in (word for word in words if word != "--check"):
        keep(Path(study))
    return write_or_check({PAGE: {"sdfn-paper": paper(), "sdfn-ours": ours()}}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
