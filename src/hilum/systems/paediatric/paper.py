"""What Tran et al. 2021 print, as data: their tables 2 to 6, each figure under its own name.

Source: "Learning to automatically diagnose multiple diseases in pediatric chest radiographs using deep convolutional
neural networks", ICCV Workshops 2021, pages 3314-3323 (doi:10.1101/2021.08.12.21261954). Its images are 5,017 studies
in the text and 5,071 in its table 1 (3,550 to train on, 744 for validation, 777 to test); the release that came later,
VinDr-PCXR, holds others. Table 4 calls its first column after Chouhan et al. and cites Singh et al.; it stands here as
printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hilum.evaluation.comparing.published import PublishedTable
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import Section, SectionContent

SOURCE = "Tran et al. 2021"
PROTOCOL = (
    "as printed in the paper: 3,550 training, 744 validation and 777 test images of one hospital's children, parted by "
    "patient; one training each; means over ten labels, No Finding among them"
)
SHORT = "777 test images of another data set"

STARTS = PublishedTable(
    source=f"{SOURCE}, table 2",
    protocol=f"{PROTOCOL}; DenseNet-121",
    protocol_short=SHORT,
    columns={"random": "random", "imagenet": "ImageNet", "chexpert": "CheXpert"},
    rows={},
    means=(0.657, 0.657, 0.696),
)

LOSSES = PublishedTable(
    source=f"{SOURCE}, table 6",
    protocol=f"{PROTOCOL}; DenseNet-121, from ImageNet as the figures of table 2 suggest",
    protocol_short=SHORT,
    columns={
        "bce": "cross-entropy",
        "weighted": "weighted cross-entropy",
        "focal": "focal",
        "db": "Distribution-Balanced",
        "modified-db": "modified Distribution-Balanced",
    },
    rows={},
    means=(0.657, 0.670, 0.668, 0.665, 0.683),
)

ENSEMBLE = PublishedTable(
    source=f"{SOURCE}, tables 3 and 4",
    protocol=f"{PROTOCOL}; networks from CheXpert; the other works' methods were trained anew by the authors",
    protocol_short=SHORT,
    columns={
        "chouhan": "Chouhan et al. 2020",
        "rahman": "Rahman et al. 2020",
        "chen": "Chen et al. 2020",
        "densenet121": "DenseNet-121",
        "densenet169": "DenseNet-169",
        "resnet101": "ResNet-101",
        "ensemble": "mean of three",
    },
    rows={
        "Other opacity": (0.6737, 0.636, 0.656, None, None, None, 0.703),
        "Reticulonodular opacity": (0.6870, 0.652, 0.701, None, None, None, 0.739),
        "Peribronchovascular interstitial opacity": (0.6624, 0.619, 0.653, None, None, None, 0.706),
        "Bronchial thickening": (0.6791, 0.648, 0.647, None, None, None, 0.673),
        "No Finding": (0.7740, 0.734, 0.746, None, None, None, 0.776),
        "Bronchitis": (0.6613, 0.648, 0.652, None, None, None, 0.691),
        "Broncho-pneumonia": (0.6710, 0.648, 0.677, None, None, None, 0.696),
        "Other disease": (0.6754, 0.581, 0.653, None, None, None, 0.669),
        "Bronchiolitis": (0.6089, 0.639, 0.648, None, None, None, 0.638),
        "Pneumonia": (0.7097, 0.682, 0.737, None, None, None, 0.802),
    },
    means=(0.6802, 0.649, 0.677, 0.696, 0.691, 0.700, 0.709),
)

TABLE_2: Mapping[str, tuple[str, str]] = {
    "Random": ("0.673 (0.650-0.696)", "0.657 (0.636-0.679)"),
    "ImageNet": ("0.686 (0.664-0.708)", "0.657 (0.636-0.678)"),
    "CheXpert": ("0.715 (0.693-0.737)", "0.696 (0.675-0.716)"),
}
TABLE_3: Mapping[str, tuple[str, str]] = {
    "DenseNet-121": ("0.715 (0.693-0.737)", "0.696 (0.675-0.716)"),
    "DenseNet-169": ("0.721 (0.699-0.741)", "0.691 (0.672-0.711)"),
    "ResNet-101": ("0.717 (0.696-0.737)", "0.700 (0.680-0.719)"),
    "Ensemble": ("0.733 (0.713-0.754)", "0.709 (0.690-0.729)"),
}
TABLE_5: Mapping[str, tuple[float, float, float, float]] = {
    "Other opacity": (0.703, 0.856, 0.373, 0.320),
    "Reticulonodular opacity": (0.739, 0.786, 0.559, 0.337),
    "Peribronchovascular interstitial opacity": (0.706, 0.817, 0.522, 0.581),
    "Bronchial thickening": (0.673, 0.627, 0.571, 0.297),
    "No Finding": (0.776, 0.668, 0.739, 0.586),
    "Bronchitis": (0.691, 0.571, 0.69, 0.414),
    "Broncho-pneumonia": (0.696, 0.725, 0.581, 0.361),
    "Other disease": (0.669, 0.806, 0.445, 0.307),
    "Bronchiolitis": (0.638, 0.683, 0.496, 0.270),
    "Pneumonia": (0.802, 0.682, 0.809, 0.422),
    "Mean": (0.709, 0.722, 0.579, 0.389),
}
TABLE_6: Mapping[str, tuple[str, str]] = {
    "BCE": ("0.657 (0.636-0.678)", "0.346 (0.328-0.364)"),
    "Weighted-BCE": ("0.670 (0.650-0.691)", "0.354 (0.336-0.371)"),
    "Focal loss": ("0.668 (0.647-0.689)", "0.355 (0.338-0.371)"),
    "DB loss": ("0.665 (0.644-0.686)", "0.363 (0.345-0.380)"),
    "Ours": ("0.683 (0.662-0.703)", "0.368 (0.350-0.385)"),
}

LOSS_F1: Mapping[str, float] = {
    column: float(f1.split()[0]) for column, (_, f1) in zip(LOSSES.columns, TABLE_6.values(), strict=True)
}
"""Table 6's mean F1 by the names of `LOSSES`."""

_OF_PARTS = ("validation", "test")
_NOTE = f"{PROTOCOL}; 95% intervals of 10,000 bootstrap replications where printed. Not comparable with our figures."


def _printed(
    key: str, title: str, *, columns: Sequence[str], rows: Mapping[str, Sequence[Cell]], more: str = ""
) -> ReportTable:
    """One table of the paper; `more` ends its note."""
    return ReportTable(
        key=key,
        title=f"{SOURCE}, {title}",
        columns=tuple(columns),
        rows=tuple((name, *cells) for name, cells in rows.items()),
        note=f"{_NOTE}{more}",
    )


_TABLES = (
    _printed("paper_2", "table 2: mean AUROC of DenseNet-121 by start", columns=("start", *_OF_PARTS), rows=TABLE_2),
    _printed("paper_3", "table 3: mean AUROC by network", columns=("network", *_OF_PARTS), rows=TABLE_3),
    _printed(
        "paper_5",
        "table 5: the ensemble by label, at the threshold of Youden's index",
        columns=("label", "AUROC", "sensitivity", "specificity", "F1"),
        rows=TABLE_5,
        more=" On which images the thresholds were chosen is not said.",
    ),
    _printed(
        "paper_6",
        "table 6: means of DenseNet-121 by loss, test images",
        columns=("loss", "AUROC", "F1"),
        rows=TABLE_6,
    ),
)
_PRINTED = {table.key: table for table in _TABLES}


def printed_section(*keys: str) -> Section:
    """The section that shows the tables of these `keys` (`paper_2`, `paper_3`, `paper_5`, `paper_6`) as printed."""
    tables = tuple(_PRINTED[key] for key in keys)

    def section(content: StudyContent) -> SectionContent:
        del content
        return SectionContent(key="printed", title="As published", tables=tables)

    return section
