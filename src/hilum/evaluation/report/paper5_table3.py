"""Table III of paper 5, as data, beside what is judged here; each column's heading says under which protocol.

Source: the end-to-end X-ray diagnosis paper (paper 5), table III, "AUC scores of ChestX-ray14, CheXNet, and our DL
model". It does not state its split, and its three columns come from three splits.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.report.table import Cell, ReportTable

REPRODUCTIONS = ("chest14", "chest14-demonstration")
"""The names of the bundles that the table is shown beside: what the paper's recipe and its local one make."""

WORKS = ("ChestX-ray14 (Wang et al. 2017)", "CheXNet", "paper 5")

TABLE_3: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "Atelectasis": (0.71, 0.80, 0.81),
        "Cardiomegaly": (0.80, 0.92, 0.91),
        "Effusion": (0.78, 0.86, 0.88),
        "Infiltration": (0.60, 0.73, 0.70),
        "Mass": (0.70, 0.86, 0.84),
        "Nodule": (0.67, 0.78, 0.77),
        "Pneumonia": (0.63, 0.76, 0.75),
        "Pneumothorax": (0.80, 0.88, 0.88),
        "Consolidation": (0.70, 0.79, 0.81),
        "Edema": (0.83, 0.88, 0.89),
        "Emphysema": (0.81, 0.93, 0.93),
        "Fibrosis": (0.76, 0.80, 0.83),
        "Pleural Thickening": (0.70, 0.80, 0.79),
        "Hernia": (0.76, 0.91, 0.96),
    }
)
"""AUROC by canonical name, in the order of the paper's rows; the columns are `WORKS`."""


def table_3_beside(judgement: Judgement) -> ReportTable:
    """The paper's rows with the AUROC and interval of the same label here; a label without one says why."""
    here: dict[str, Cell] = {one.label: one.undefined or one.auroc for one in judgement.whole.labels}
    rows: list[tuple[Cell, ...]] = [(label, here.get(label), *values) for label, values in TABLE_3.items()]
    means = [round(sum(column) / len(column), 3) for column in zip(*TABLE_3.values(), strict=True)]
    rows.append(("mean", judgement.whole.mean_auroc, *means))
    return ReportTable(
        key="published",
        title="Table III of paper 5, beside what was judged here",
        columns=("label", "judged here: AUROC", *(f"published, split not stated: {work}" for work in WORKS)),
        rows=tuple(rows),
        note=f"Protocol here: {judgement.protocol}. Protocol of the published columns: ChestX-ray14, split not stated, "
        "one number a label, without intervals; their means are taken here. Columns of different protocols are not to "
        "be compared: easier splits alone lift a mean from 0.81 to 0.84 and more.",
    )
