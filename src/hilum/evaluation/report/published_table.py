"""A paper's own table beside what was judged here; each column's heading says under which protocol."""

from __future__ import annotations

from hilum.evaluation.comparing.published import PublishedTable
from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.report.table import Cell, ReportTable


def published_beside(published: PublishedTable, *, judgement: Judgement) -> ReportTable:
    """The paper's rows with the AUROC and interval of the same label here; a label without one says why."""
    here: dict[str, Cell] = {one.label: one.undefined or one.auroc for one in judgement.whole.labels}
    rows: list[tuple[Cell, ...]] = [(label, here.get(label), *row) for label, row in published.rows.items()]
    rows.append(("mean", judgement.whole.mean_auroc, *published.means))
    works = (f"published, {published.protocol_short}: {work}" for work in published.columns.values())
    return ReportTable(
        key="published",
        title=f"{published.source}, beside what was judged here",
        columns=("label", "judged here: AUROC", *works),
        rows=tuple(rows),
        note=f"Protocol here: {judgement.protocol}. Protocol of the published columns: {published.protocol}. Columns "
        "of different protocols are not to be compared: easier splits alone lift a mean from 0.81 to 0.84 and more.",
    )
