"""Write the tables of the pages on pneumonia in children: `python docs/make_pneumonia.py [FILE …] [--check]`.

With the `study.json` of `hilum study pneumonia` or `pneumonia-shift` its figures are kept in `docs/results` first:
aggregated figures alone, which name no image, patient or path. With the `card.json` of a bundle by `hilum train
pneumonia-lungs` those of its validation are kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kept_study import keep_study, write_kept
from markers import ROOT, table, write_or_check
from study_tables import claims, made_by, protocol_line, value

from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.study.as_json import read_study_json
from hilum.systems.pneumonia.paper import IMAGENET, RANDOM
from hilum.systems.pneumonia.shift.arms import TODAY
from hilum.systems.pneumonia.shift.write import NAME as SHIFT
from hilum.systems.pneumonia.study import NAME

RESULTS = ROOT / "docs" / "results"
PAPERS, ALL, ARMS = RESULTS / f"{NAME}.json", RESULTS / f"{NAME}-all.json", RESULTS / f"{SHIFT}.json"
"""What is kept of the paper's two networks, of all networks in one study, and of the shift's arms."""
CANDIDATES = RESULTS / "pneumonia-lungs.json"
NETWORKS_PAGE, SHIFT_PAGE = "docs/how-to/pneumonia-study.md", "docs/how-to/pneumonia-shift.md"
SETS = ("plain", "soft", "shifted")
BASELINE = "sharpness alone"
_LEFT_OUT = ("settings", "tests", "groups")
_MEASURES = ("balanced_accuracy", "sensitivity", "specificity")

Json = dict[str, Any]


def keep(study: Path, *, results: Path = RESULTS) -> None:
    """Keep the figures of a whole study of networks that is no smoke run; raises `SystemExit` for another.

    One with further networks than the paper's two is kept beside the paper's, which may have more folds.
    """
    content = read_study_json(study, study=NAME)
    result = (PAPERS if set(content["arms"]) <= {RANDOM, IMAGENET} else ALL).name
    keep_study(study, study=NAME, left_out=_LEFT_OUT, result=results / result)


def keep_shift(study: Path, *, result: Path = ARMS) -> None:
    """Keep the arms of a study of the shift, beside those that are kept already from the same parts.

    A training of this study can be repeated to the last digit. So arms of several runs stand in one table where today's
    recipe came out the same in each. Raises `SystemExit` where it did not, and for a smoke run.
    """
    content = read_study_json(study, study=SHIFT)
    if content["smoke"]:
        raise SystemExit(f"expected a whole study, came a smoke run in {study}; no figure of it is kept")
    before = read_study_json(result, study=SHIFT) if result.is_file() else None
    if before is not None and _parts(before) == _parts(content):
        if _today(before) != _today(content):
            raise SystemExit(f"expected today's recipe as it is kept in {result}, came another outcome in {study}")
        content["arms"] = before["arms"] | content["arms"]
        for name in SETS:
            own, kept = content["sections"][name], before["sections"][name]
            own |= {way: kept[way] | own[way] for way in ("picture", "matched", "copies")}
    write_kept(content, result=result)


def keep_candidate(card: Path, *, result: Path = CANDIDATES) -> None:
    """Keep what the card of a trained bundle says of validation, beside what is kept already of the same split.

    Raises `SystemExit` for a smoke run and for another split.
    """
    content = json.loads(card.read_text(encoding="utf-8"))
    training, (label,) = content["training"], content["labels"]
    if training.get("smoke"):
        raise SystemExit(f"expected a whole training, came a smoke run in {card}; no figure of it is kept")
    before = json.loads(result.read_text(encoding="utf-8")) if result.is_file() else {}
    if before.get("split_sha256", training["split_sha256"]) != training["split_sha256"]:
        raise SystemExit(f"expected the split that is kept in {result}, came another one in {card}")
    words = training["command"].split()
    changed = [f"--set {word}" for at, word in enumerate(words) if words[at - 1] == "--set"]
    names = ("set", "n", "positives", "auroc", "auroc_ci")
    rows = [{name: row[name] for name in names} for row in label["results"] if not row["is_test"]]
    title = ", ".join((f"version {content['version']}", *(f"`{setting}`" for setting in changed)))
    kept = {**before.get("candidates", {}), title: {"commit": training["commit"], "validation": rows}}
    write_kept({"split_sha256": training["split_sha256"], "candidates": kept}, result=result)


def candidates(result: Path = CANDIDATES) -> str:
    """How each kept training ranks the validation parts."""
    if not result.is_file():
        return "Not measured for this version; `hilum train pneumonia-lungs` does."
    kept = json.loads(result.read_text(encoding="utf-8"))
    rows = [
        (title, f"`{one['commit'][:8]}`", row["set"], f"{row['n']:,} ({row['positives']:,})", value(row, name="auroc"))
        for title, one in kept["candidates"].items()
        for row in one["validation"]
    ]
    return (
        f"`hilum train pneumonia-lungs`; split `{kept['split_sha256'][:16]}`.\n\n"
        f"{table(('trained as', 'code', 'part', 'n (ill)', 'AUROC'), rows)}"
    )


def papers(results: Path = RESULTS) -> str:
    """What the paper's two networks reach, with its sentences tested."""
    result = results / PAPERS.name
    if not result.is_file():
        return f"Not measured for this version; `hilum study {NAME}` does."
    study = read_study_json(result, study=NAME)
    told = (_networks(study), claims(study["sections"]["published"]["claims"]))
    return "\n\n".join(told)


def every_network(results: Path = RESULTS) -> str:
    """What all networks reach and cost, and what synthetic children change."""
    result = results / ALL.name
    if not result.is_file():
        return f"Not measured for this version; `hilum study {NAME} --arms all` does."
    study = read_study_json(result, study=NAME)
    synthetic = study["sections"].get("synthetic")
    return "\n\n".join((_networks(study), *(_synthetic(synthetic, study=study) if synthetic else ())))


def _networks(study: Json) -> str:
    found, areas = study["sections"]["networks"], study["ours"]["labels"][LABEL]["auroc"]
    names = ("accuracy", *_MEASURES, "calibration_slope")
    rows = [
        (
            title,
            found[arm]["balance"],
            value(areas[arm]),
            *(value(found[arm], name=name) for name in names),
            value(found[arm], name="calibration_in_the_large", sign=True),
            _costs(found[arm]),
        )
        for arm, title in study["arms"].items()
    ]
    rows.append((BASELINE, "–", value(found["baseline"], name="auroc"), *("–",) * (len(names) + 2)))
    measured = ("AUROC", *(name.replace("_", " ") for name in names), "in the large")
    header = ("network", "balance", *measured, "parameters, MB, ms a picture")
    positives = study["ours"]["labels"][LABEL]["positives"]
    said = f"{protocol_line(study, sections=('networks', 'published'))} {positives:,} images with pneumonia."
    return f"{said}\n\n{table(header, rows)}"


def _costs(one: Json) -> str:
    return f"{one['parameters'] / 1e6:.1f} M, {one['megabytes']:.1f}, {one['milliseconds']:.0f}"


def _synthetic(section: Json, *, study: Json) -> tuple[str, ...]:
    """What SMOTE and the DCGAN change, and how far the DCGAN's samples lie from children."""
    areas = study["ours"]["labels"][LABEL]["difference"]
    changes = [
        (
            " − ".join(study["arms"][arm] for arm in pair.split(" - ")),
            *(value(one, name="difference", sign=True) for one in measured.values()),
            value(areas[pair], sign=True),
        )
        for pair, measured in section["changes"].items()
    ]
    names = next(iter(section["changes"].values()))
    quality = [
        (
            f"{place}",
            *(f"{one[name]:,}" for name in ("learnt_from", "made", "compared")),
            *(f"{one[name]:.1f}" for name in ("distance", "of_children")),
        )
        for place, one in enumerate(section["quality"])
    ]
    network = section["quality"][0]["network"]
    return (
        "What synthetic healthy children change, on the same images:",
        table(("with less without", *names, "AUROC"), changes),
        f"Fréchet distances on features of {network}:",
        table(("fold", "learnt from", "added", "compared", "samples", "children not learnt from"), quality),
    )


def once(result: Path = ARMS) -> str:
    """Each arm on each set, every picture read once."""
    return _arms(result, way="picture", last="inside_lungs_median", title="inside the lungs")


def averaged(result: Path = ARMS) -> str:
    """Each arm on each set, every picture read as four copies."""
    return _arms(result, way="copies", last="copies_disagree", title="copies disagree")


def _arms(result: Path, *, way: str, last: str, title: str) -> str:
    if not result.is_file():
        return f"Not measured for this version; `hilum study {SHIFT}` does."
    study = read_study_json(result, study=SHIFT)
    parts = [f"Split `{study['split_sha256'][:16]}`. {made_by(study)}"]
    for name in SETS:
        section = study["sections"][name]
        rows = [
            (
                f"`{arm}`",
                value(one, name="auroc"),
                value(one, name="auroc_less_today", sign=True),
                *(value(one, name=each) for each in _MEASURES),
                value(one, name="in_the_large_beyond_prevalence", sign=True),
                value(one, name="slope"),
                value(one, name=last),
            )
            for arm, one in section[way].items()
        ]
        if way == "picture":
            rows.append((BASELINE, value(section["baseline"], name="auroc"), *("–",) * 7))
        header = ("arm", "AUROC", "less today's", *(each.replace("_", " ") for each in _MEASURES))
        said = f"`{name}`: {section['n']:,} images, {section['positives']:,} with pneumonia."
        parts += [said, table((*header, "in the large", "slope", title), rows)]
    return "\n\n".join(parts)


def _parts(study: Json) -> tuple[str, str]:
    return study["split_sha256"], study["lungs_sha256"]


def _today(study: Json) -> Json:
    return {name: study["sections"][name]["picture"][TODAY] for name in SETS}


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for path in (Path(word) for word in words if word != "--check"):
        content = json.loads(path.read_text(encoding="utf-8"))
        take = keep_candidate if "labels" in content else keep_shift if content.get("study") == SHIFT else keep
        take(path)
    pages = {
        NETWORKS_PAGE: {"pneumonia-networks": papers(), "pneumonia-all": every_network()},
        SHIFT_PAGE: {
            "pneumonia-shift-once": once(),
            "pneumonia-shift-averaged": averaged(),
            "pneumonia-lungs": candidates(),
        },
    }
    return write_or_check(pages, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
