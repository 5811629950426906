"""What the SDFN paper reports, as data: its table 1 with the columns of the works that it compares itself with.

Source: Liu et al. 2019, "SDFN: Segmentation-based deep fusion network for thoracic disease classification in chest
X-ray images", table 1, AUROC by class on the official test split of ChestX-ray14. The last three columns are its own:
DenseNet-121 on the whole image, on the lung region, and SDFN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hilum.errors import UsageError
from hilum.evaluation.comparing.paired_t import PairedT, paired_t_test
from hilum.systems.sdfn.predictions import NETWORKS, Network

SOURCE = "Liu et al. 2019 (SDFN), table 1"
PROTOCOL = (
    "as printed in the paper: official split of ChestX-ray14 (86,524 images to train and validate on, 25,596 to test), "
    "DenseNet-121 from ImageNet at 224 pixels, up to 100 epochs, one training; AUROC without intervals"
)
PROTOCOL_SHORT = "official split, 25,596 test images"
"""The protocol as a heading bears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """One class of table 1: AUROC of three earlier works, then of the paper's own three networks."""

    wang: float
    yao: float
    guendel: float
    whole: float
    lung: float
    sdfn: float

    def of(self, network: Network) -> float:
        """The AUROC of one of the paper's own networks."""
        return {"whole": self.whole, "lung": self.lung, "sdfn": self.sdfn}[network]


def _row(*values: float) -> PaperRow:
    wang, yao, guendel, whole, lung, sdfn = values
    return PaperRow(wang=wang, yao=yao, guendel=guendel, whole=whole, lung=lung, sdfn=sdfn)


TABLE_1: Mapping[str, PaperRow] = MappingProxyType(
    {
        "Atelectasis": _row(0.700, 0.733, 0.767, 0.762, 0.773, 0.781),
        "Cardiomegaly": _row(0.814, 0.856, 0.883, 0.878, 0.868, 0.885),
        "Effusion": _row(0.736, 0.806, 0.828, 0.822, 0.827, 0.832),
        "Infiltration": _row(0.613, 0.673, 0.709, 0.693, 0.670, 0.700),
        "Mass": _row(0.693, 0.777, 0.821, 0.791, 0.807, 0.815),
        "Nodule": _row(0.669, 0.724, 0.758, 0.744, 0.759, 0.765),
        "Pneumonia": _row(0.658, 0.684, 0.731, 0.707, 0.708, 0.719),
        "Pneumothorax": _row(0.799, 0.805, 0.846, 0.855, 0.851, 0.866),
        "Consolidation": _row(0.703, 0.711, 0.745, 0.737, 0.738, 0.743),
        "Edema": _row(0.805, 0.806, 0.835, 0.837, 0.831, 0.842),
        "Emphysema": _row(0.833, 0.842, 0.895, 0.912, 0.909, 0.921),
        "Fibrosis": _row(0.786, 0.743, 0.818, 0.826, 0.825, 0.835),
        "Pleural Thickening": _row(0.684, 0.724, 0.761, 0.760, 0.783, 0.791),
        "Hernia": _row(0.872, 0.775, 0.896, 0.902, 0.912, 0.911),
    }
)
"""By canonical name, in the order of the paper's rows."""

MEANS = PaperRow(wang=0.740, yao=0.761, guendel=0.807, whole=0.802, lung=0.804, sdfn=0.815)
"""The row "Mean" as printed."""


def column(network: Network) -> tuple[float, ...]:
    """One of the paper's own columns, in the order of `TABLE_1`. Raises `UsageError` for another network."""
    if network not in NETWORKS:
        raise UsageError(f"expected a network among {', '.join(NETWORKS)}, came {network!r}")
    return tuple(row.of(network) for row in TABLE_1.values())


def paper_difference(label: str, *, first: Network, second: Network) -> float:
    """The paper's AUROC of `first` minus that of `second`, to the three decimals that it prints."""
    row = TABLE_1[label]
    return round(row.of(first) - row.of(second), 3)


def paper_t(*, first: Network, second: Network) -> PairedT:
    """Student's paired t over the fourteen classes of the paper's own columns: 6.16 and 5.37 for SDFN."""
    found = paired_t_test(column(first), second=column(second))
    if not isinstance(found, PairedT):
        raise UsageError(f"expected two different networks, came {first} and {second}")
    return found
