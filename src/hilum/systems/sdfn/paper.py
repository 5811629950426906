"""What the SDFN paper reports, as data: its table 1 with the columns of the works that it compares itself with.

Source: Liu et al. 2019, "SDFN: Segmentation-based deep fusion network for thoracic disease classification in chest
X-ray images", table 1, AUROC by class on the official test split of ChestX-ray14. The last three columns are its own:
DenseNet-121 on the whole image, on the lung region, and SDFN.
"""

from __future__ import annotations

from hilum.evaluation.comparing.published import PublishedTable

PAPER = PublishedTable(
    source="Liu et al. 2019 (SDFN), table 1",
    protocol="as printed in the paper: official split of ChestX-ray14 (86,524 images to train and validate on, 25,596 "
    "to test), DenseNet-121 from ImageNet at 224 pixels, up to 100 epochs, one training; AUROC without intervals",
    protocol_short="official split, 25,596 test images",
    columns={
        "wang": "Wang et al. 2017",
        "yao": "Yao et al. 2018",
        "guendel": "Gündel et al. 2018",
        "whole": "whole image",
        "lung": "lung",
        "sdfn": "SDFN",
    },
    rows={
        "Atelectasis": (0.700, 0.733, 0.767, 0.762, 0.773, 0.781),
        "Cardiomegaly": (0.814, 0.856, 0.883, 0.878, 0.868, 0.885),
        "Effusion": (0.736, 0.806, 0.828, 0.822, 0.827, 0.832),
        "Infiltration": (0.613, 0.673, 0.709, 0.693, 0.670, 0.700),
        "Mass": (0.693, 0.777, 0.821, 0.791, 0.807, 0.815),
        "Nodule": (0.669, 0.724, 0.758, 0.744, 0.759, 0.765),
        "Pneumonia": (0.658, 0.684, 0.731, 0.707, 0.708, 0.719),
        "Pneumothorax": (0.799, 0.805, 0.846, 0.855, 0.851, 0.866),
        "Consolidation": (0.703, 0.711, 0.745, 0.737, 0.738, 0.743),
        "Edema": (0.805, 0.806, 0.835, 0.837, 0.831, 0.842),
        "Emphysema": (0.833, 0.842, 0.895, 0.912, 0.909, 0.921),
        "Fibrosis": (0.786, 0.743, 0.818, 0.826, 0.825, 0.835),
        "Pleural Thickening": (0.684, 0.724, 0.761, 0.760, 0.783, 0.791),
        "Hernia": (0.872, 0.775, 0.896, 0.902, 0.912, 0.911),
    },
    means=(0.740, 0.761, 0.807, 0.802, 0.804, 0.815),
)
"""By canonical name, in the order of the paper's rows; the means as printed."""
