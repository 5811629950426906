"""What the study of two looks adds to its page: the means branch by branch, and the paper's tables in both readings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.folder import fold_folder
from hilum.evaluation.study.section import SectionContent
from hilum.systems.attention.pairs import HEADS, NetworkPair, vote_of
from hilum.systems.attention.paper import (
    BOXED,
    BY_NAME,
    EARLIER,
    HEADER,
    IOU,
    OWN,
    PROTOCOL,
    SOURCE,
    Row,
    by_disease,
    own_pair,
)

CROPS = "crops.json"
"""What a pair leaves in a fold's folder of the crops of its judged pictures."""

CLAIMED = ("Infiltration", "Nodule", "Pneumonia", "Pneumothorax")
"""In which the paper says that it is above all earlier works (section VI.A)."""

_BESIDE = "Guan et al. 2018, ResNet-50, fusion"
_BRANCHES = {"whole": "global", "crop": "local", "fused": "fusion"}


def branches_section(
    content: StudyContent, *, pairs: Sequence[NetworkPair], of: Sequence[NetworkPair]
) -> SectionContent:
    """The mean AUROC of each head of each of `pairs`, a row a pair, and of the soft vote `of` some of them."""
    mean, apart = content.aurocs.mean, content.aurocs.mean_difference
    rows: list[tuple[Cell, ...]] = [
        (pair.title, *(mean[pair.arm(head)] for head in HEADS), apart[pair.arm("fused"), pair.arm("whole")])
        for pair in pairs
    ]
    if of:
        rows.append((f"soft vote of {', '.join(pair.title for pair in of)}", None, None, mean[vote_of(of)], None))
    return SectionContent(
        key="branches",
        title="Branch by branch",
        tables=(
            ReportTable(
                key="branches",
                title="Mean AUROC by pair of networks",
                columns=("networks", "whole picture", "crop", "both looks", "both looks − whole picture"),
                rows=tuple(rows),
                note="The first network of a pair reads the whole picture, the second the crop. The three figures of a "
                "pair come from one training. Both looks also know age, sex and view, as far as they are told.",
            ),
        ),
        numbers={
            pair.name: {
                **{head: estimate_json("mean_auroc", mean[pair.arm(head)]) for head in HEADS},
                "fused_minus_whole": estimate_json("value", apart[pair.arm("fused"), pair.arm("whole")]),
            }
            for pair in pairs
        },
    )


def crops_section(content: StudyContent, *, pairs: Sequence[NetworkPair], folder: Path) -> SectionContent:
    """How much each pair cut away in the judged pictures of all folds that are done in `folder`.

    Raises `DataError` where a fold's file is missing or malformed.
    """
    folds = dict.fromkeys(content.predictions.first.split)
    found = {pair: _crops([fold_folder(fold, folder=folder) / pair.name / CROPS for fold in folds]) for pair in pairs}
    return SectionContent(
        key="crops",
        title="Crops",
        tables=(
            ReportTable(
                key="crops",
                title="What was cut",
                columns=("networks", "pictures", "crop is the whole picture", "mean share of the picture's area"),
                rows=tuple(
                    (pair.title, one["pictures"], one["whole"], one["shares"] / one["pictures"])
                    for pair, one in found.items()
                ),
                note="Where the map is the same everywhere nothing is cut, and the second network reads the whole "
                "picture. The channels' maximum of a network whose last map ends at 6 (MobileNet, EfficientNet-Lite) "
                "is like that.",
            ),
        ),
        numbers={pair.name: dict(one) for pair, one in found.items()},
    )


def _crops(files: Sequence[Path]) -> Mapping[str, int | float]:
    """The sums of what the files count."""
    sums: dict[str, int | float] = {"pictures": 0, "whole": 0, "shares": 0.0}
    for path in files:
        try:
            one = json.loads(path.read_text(encoding="utf-8"))
            sums = {name: value + one[name] for name, value in sums.items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} does not say what was cut ({error}). Remove {path.parent.parent} and run the study again"
            ) from error
    return sums


def printed_section(content: StudyContent) -> SectionContent:
    """Tables I to III as printed, the values of I and II under the right diseases, and what becomes of a claim."""
    del content
    both = {"as printed": HEADER, "under their own diseases": BY_NAME}
    above = {reading: diseases_above(order) for reading, order in both.items()}
    return SectionContent(
        key="printed",
        title="As published",
        note=f"{SOURCE}. {PROTOCOL}. The authors' own values of tables I and II are in alphabetical order of the "
        "diseases, under a header in another order; the rows of other works stand right. Means are the same either "
        "way.",
        tables=(
            _table("paper_1", "table I: other works", rows=_earlier(), order=HEADER),
            _table("paper_1_printed", "tables I and II: its own, as printed", rows=_own(), order=HEADER),
            _table("paper_1_read", "the same, each value under its own disease", rows=_own(), order=BY_NAME),
            ReportTable(
                key="paper_readings",
                title="Two readings of tables I and II",
                columns=("reading", f"correlation with {_BESIDE}", "diseases with a value above all other works"),
                rows=tuple(
                    (reading, f"{correlation(order):.2f}", ", ".join(above[reading]) or "none")
                    for reading, order in both.items()
                ),
                note="The correlation is that of the fusion of ResNet-50 over the fourteen diseases. The paper says "
                f"that it is above all other works in {', '.join(CLAIMED)}.",
            ),
            _iou(),
        ),
        numbers={
            "correlation": {reading: correlation(order) for reading, order in both.items()},
            "above_all_other_works": {reading: list(found) for reading, found in above.items()},
        },
    )


def correlation(order: Sequence[str]) -> float:
    """Of the fusion of ResNet-50 with that of Guan et al., over the diseases, where columns stand in `order`."""
    own, theirs = by_disease(OWN["resnet50"]["fused"], order=order), by_disease(EARLIER[_BESIDE], order=HEADER)
    return float(np.corrcoef([own[name] for name in HEADER], [theirs[name] for name in HEADER])[0, 1])


def diseases_above(order: Sequence[str]) -> tuple[str, ...]:
    """In which diseases a value of table I is above all other works', where its own columns stand in `order`."""
    own = [by_disease(row, order=order) for name, row in _rows_of_own() if own_pair(name).equal]
    theirs = [by_disease(row, order=HEADER) for row in EARLIER.values()]
    return tuple(name for name in HEADER if max(one[name] for one in own) > max(one[name] for one in theirs))


def _rows_of_own() -> Iterator[tuple[str, Row]]:
    return ((name, row) for name, heads in OWN.items() for row in heads.values())


def _earlier() -> list[tuple[str, Row]]:
    return list(EARLIER.items())


def _own() -> list[tuple[str, Row]]:
    return [
        (f"{own_pair(name).title}, {_BRANCHES[head]}", row)
        for name, heads in OWN.items()
        for head, row in heads.items()
    ]


def _table(key: str, title: str, *, rows: Sequence[tuple[str, Row]], order: Sequence[str]) -> ReportTable:
    """A row a model; the columns in the order of the header, whatever order the values come in."""
    found = [(name, by_disease(row, order=order), row[-1]) for name, row in rows]
    return ReportTable(
        key=key,
        title=f"{SOURCE}, {title}",
        columns=("model", *HEADER, "mean"),
        rows=tuple(
            (name, *(f"{values[label]:.4f}" for label in HEADER), f"{mean:.4f}") for name, values, mean in found
        ),
        folded=True,
    )


def _iou() -> ReportTable:
    return ReportTable(
        key="paper_3",
        title=f"{SOURCE}, table III: IoU of heatmap and radiologists' box",
        columns=("network", "method", *BOXED, "mean"),
        rows=tuple((*names, *(f"{value:.3f}" for value in row)) for names, row in IOU.items()),
        note="Grad-CAM and XGrad-CAM are one picture for networks that end in a ReLU, a mean and a linear layer, as "
        "both ResNeXts do. Means are over boxes; those of "
        "ResNeXt-101 do not fit its row. All boxes lie in the official test set.",
        folded=True,
    )
