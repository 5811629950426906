"""Write the tables of the SDFN page: `python docs/make_sdfn.py [STUDY_JSON] [--check]`.

With the `study.json` of `hilum study sdfn` its figures are kept in `docs/results/sdfn.json` first: aggregated figures
alone, which name no image, patient or path. No figure of the page is typed by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kept_study import keep_study
from markers import ROOT, table, write_or_check

from hilum.evaluation.comparing.published import Printed
from hilum.evaluation.study.as_json import read_study_json
from hilum.evaluation.study.tables import p_text
from hilum.systems.sdfn.paper import PAPER
from hilum.systems.sdfn.study import SDFN

RESULT = ROOT / "docs" / "results" / "sdfn.json"
PAGE = "docs/how-to/sdfn.md"
NOT_MEASURED = "Not measured for this version; `hilum study sdfn` does."
_LEFT_OUT = ("settings",)
"""Long, and the recipe says the same."""

Json = dict[str, Any]


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
    group = study["ours"]
    lungs = study["sections"].get("lungs")
    said = (
        f"Protocol: {study['protocol']}. {group['n']:,} images of {group['patients']:,} patients; split "
        f"`{study['split_sha256'][:16]}`. Intervals: 95%, {study['bootstrap']['replicates']:,} bootstrap replicates "
        "that draw patients."
    )
    if lungs is not None:
        said += f" {lungs['untrusted']:,} of {lungs['images']:,} crops are whole images: their lungs were not trusted."
    parts = [said, _classes(group), _claims(study["claims"]), _tests(study["tests"])]
    views = {name: view for name, view in study["groups"]["view"].items() if "labels" in view}
    if views:
        parts.append(f"<details><summary>By view</summary>\n\n{_views(views)}\n\n</details>")
    return "\n\n".join(parts)


def means(result: Path = RESULT) -> str:
    """The mean AUROC of the three networks and how far they are apart, for the README."""
    if not result.is_file():
        return NOT_MEASURED
    study = read_study_json(result, study=SDFN.name)
    group = study["ours"]
    rows = [(title, _value(group["mean_auroc"][arm])) for arm, title in SDFN.titles.items()]
    rows += [(_spoken(pair), _value(group["mean_difference"][pair], sign=True)) for pair in _PAIRS]
    count = len(group["labels"]) - len(group["mean_left_out"])
    return (
        f"Protocol: {study['protocol']}; {group['n']:,} images of {group['patients']:,} patients.\n\n"
        f"{table(('network', f'mean AUROC of {count} findings'), rows)}"
    )


def _printed(row: Printed) -> tuple[str, ...]:
    return tuple("–" if value is None else f"{value:.3f}" for value in row)


def _classes(group: Json) -> str:
    header = ("class", "n (ill)", *SDFN.titles.values(), "SDFN − whole image", "SDFN − lung crop")
    rows = [_class(label, one) for label, one in group["labels"].items()]
    means = [_value(group["mean_auroc"][arm]) for arm in SDFN.titles]
    apart = [_value(group["mean_difference"][pair], sign=True) for pair in _PAIRS]
    left = group["mean_left_out"]
    count = len(group["labels"]) - len(left)
    without = f" (without {', '.join(left)})" if left else ""
    return table(header, [*rows, (f"**mean of {count}**{without}", "", *means, *apart)])


def _class(label: str, one: Json) -> tuple[str, ...]:
    counts = f"{one['n']:,} ({one['positives']:,})"
    if "undefined" in one:
        return label, counts, str(one["undefined"]), "–", "–", "–", "–"
    areas = [_value(one["auroc"][arm]) for arm in SDFN.titles]
    return label, counts, *areas, *(_value(one["difference"][pair], sign=True) for pair in _PAIRS)


def _claims(claims: list[Json]) -> str:
    header = ("the paper's claim", "its numbers", "ours", "on our images")
    return table(header, [(one["claim"], one["paper"], one["ours"], one["verdict"]) for one in claims])


def _tests(tests: Mapping[str, Json]) -> str:
    rows: list[tuple[str, ...]] = []
    for pair, one in tests.items():
        t = one["paired_t"]
        found = (f"{t['t']:.2f}", p_text(t["p"]) or "–") if "t" in t else (str(t["undefined"]), "–")
        low = sum((each["bootstrap_p_holm"] or 1.0) < 0.05 for each in one["labels"].values())
        within = sum((each["fold_delong_p_holm"] or 1.0) < 0.05 for each in one["labels"].values())
        rows.append((_spoken(pair), *found, _value(one["mean_difference"], sign=True), str(low), str(within)))
    header = (
        "pair",
        "paired t over classes",
        "p (level 0.01)",
        "mean difference",
        "classes below 0.05, bootstrap with Holm",
        "classes below 0.05, DeLong within folds with Holm",
    )
    return table(header, rows)


def _views(views: Mapping[str, Json]) -> str:
    header = ("view", "class", "n (ill)", *SDFN.titles.values(), "SDFN − whole image")
    rows: list[tuple[str, ...]] = [
        (name, *_class(label, one)[:-1])
        for name, view in views.items()
        for label, one in view["labels"].items()
        if "undefined" not in one
    ]
    return table(header, rows)


def _value(one: Json, *, sign: bool = False) -> str:
    form = "+.3f" if sign else ".3f"
    text = format(one["value"], form)
    bounds = one["value_ci"]
    return text if bounds is None else f"{text} [{format(bounds[0], form)}, {format(bounds[1], form)}]"


_PAIRS = tuple(f"{first} - {second}" for first, second in SDFN.pairs[:2])


def _spoken(pair: str) -> str:
    first, _, second = pair.partition(" - ")
    return " − ".join(title for name in (first, second) for arm, title in SDFN.titles.items() if arm == name)


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for study in (word for word in words if word != "--check"):
        keep(Path(study))
    return write_or_check({PAGE: {"sdfn-paper": paper(), "sdfn-ours": ours()}}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
