"""Table III of Urinbayev et al. 2020, as data.

Source: K. Urinbayev et al., "End-to-End Deep Diagnosis of X-ray Images", EMBC 2020,
https://doi.org/10.1109/EMBC44109.2020.9175208, table III, "AUC scores of ChestX-ray14, CheXNet, and our DL
model". It does not state its split, and its three columns come from three splits.
"""

from __future__ import annotations

from hilum.evaluation.comparing.published import PublishedTable

TABLE_3 = PublishedTable(
    source="Urinbayev et al. 2020, table III (doi:10.1109/EMBC44109.2020.9175208)",
    protocol="ChestX-ray14, split not stated, one number a label, without intervals; their means are taken here",
    protocol_short="split not stated",
    columns={
        "wang": "ChestX-ray14 (Wang et al. 2017)",
        "chexnet": "CheXNet (Rajpurkar et al. 2017)",
        "urinbayev": "Urinbayev et al. 2020",
    },
    rows={
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
    },
    means=(0.732, 0.836, 0.839),
    decimals=2,
)
"""AUROC by canonical name, in the order of the paper's rows; the paper prints no means."""

REPRODUCTIONS = {"chest14": TABLE_3, "chest14-demonstration": TABLE_3}
"""By the names of the bundles that the table is shown beside: what the paper's recipe and its local one make."""
