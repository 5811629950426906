"""What Pun et al. 2021 print, as data: their tables I to III, each figure under its own name.

Source: "Chest X-ray Disease Diagnosis", University of Illinois. Tables I and II are AUROCs by class of global, local
and fusion branch, table III is the IoU of three kinds of heatmap.

The authors' own rows of tables I and II stand under the wrong diseases. The header has the order of the release's
paper, from Atelectasis to Hernia; the values are in alphabetical order, as in the authors' labels. The rows that the
paper takes from others stand right. In the order of the header the fusion of ResNet-50 correlates with that of Guan et
al., printed a few lines above, at 0.08 over the classes, in alphabetical order at 0.90. Means are not touched by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hilum.datasets.releases.chestxray14 import LABELS
from hilum.evaluation.comparing.published import PublishedTable
from hilum.systems.attention.pairs import HEADS, VOTE, NetworkPair

SOURCE = "Pun et al. 2021"
PROTOCOL = (
    "as printed in the paper: ChestX-ray14 at 224 pixels, 82,736 training and 3,788 validation images parted by "
    "patient, the 25,596 of the official test list to test; one training each; AUROC without intervals"
)
SHORT = "official test list, 25,596 images"

HEADER = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural Thickening", "Hernia",
)  # fmt: skip
"""The diseases over the columns of tables I and II."""

BY_NAME = tuple(sorted(LABELS))
"""The diseases to which the authors' own values belong."""

Row = tuple[float, ...]
"""The fourteen columns in the order of the page, and the mean."""

EARLIER: Mapping[str, Row] = {
    "Wang et al. 2017": (
        0.7003, 0.81, 0.7585, 0.6614, 0.6933, 0.6687, 0.658, 0.7993, 0.7032, 0.8052, 0.833, 0.7859, 0.6835, 0.8717,
        0.7451,
    ),
    "Yao et al. 2017": (
        0.772, 0.904, 0.859, 0.695, 0.792, 0.717, 0.713, 0.841, 0.788, 0.882, 0.829, 0.767, 0.765, 0.914, 0.798,
    ),
    "Rajpurkar et al. 2017": (
        0.8094, 0.9248, 0.8638, 0.7345, 0.8676, 0.7802, 0.768, 0.8887, 0.7901, 0.8878, 0.9371, 0.8047, 0.8062, 0.9164,
        0.8414,
    ),
    "Guan et al. 2018, DenseNet-121, global": (
        0.832, 0.906, 0.887, 0.717, 0.87, 0.791, 0.732, 0.891, 0.808, 0.905, 0.912, 0.823, 0.802, 0.883, 0.840,
    ),
    "Guan et al. 2018, DenseNet-121, local": (
        0.797, 0.865, 0.851, 0.704, 0.829, 0.733, 0.710, 0.850, 0.802, 0.882, 0.874, 0.801, 0.769, 0.872, 0.810,
    ),
    "Guan et al. 2018, DenseNet-121, fusion": (
        0.853, 0.939, 0.903, 0.754, 0.902, 0.828, 0.774, 0.921, 0.842, 0.924, 0.932, 0.864, 0.837, 0.921, 0.871,
    ),
    "Guan et al. 2018, ResNet-50, global": (
        0.818, 0.904, 0.881, 0.728, 0.863, 0.780, 0.783, 0.897, 0.807, 0.892, 0.918, 0.815, 0.800, 0.889, 0.841,
    ),
    "Guan et al. 2018, ResNet-50, local": (
        0.798, 0.881, 0.862, 0.707, 0.826, 0.736, 0.716, 0.872, 0.805, 0.874, 0.898, 0.808, 0.770, 0.887, 0.817,
    ),
    "Guan et al. 2018, ResNet-50, fusion": (
        0.844, 0.937, 0.904, 0.753, 0.893, 0.827, 0.776, 0.919, 0.842, 0.919, 0.941, 0.857, 0.836, 0.903, 0.868,
    ),
}  # fmt: skip
"""What table I takes from other works, as it prints them; the mean of Yao's row is 0.803, printed is 0.798."""

OWN: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "densenet121": {
        "whole": (
            0.7337, 0.8545, 0.7078, 0.8257, 0.7946, 0.8724, 0.8021, 0.9250,
            0.6872, 0.7427, 0.6997, 0.7337, 0.6816, 0.8348, 0.7783,
        ),
        "crop": (
            0.6783, 0.7834, 0.6780, 0.7859, 0.7322, 0.8011, 0.7318, 0.8535,
            0.6572, 0.6396, 0.6324, 0.6780, 0.6387, 0.7788, 0.7192,
        ),
        "fused": (
            0.6686, 0.8007, 0.6694, 0.7865, 0.7499, 0.8471, 0.7468, 0.8841,
            0.6390, 0.6742, 0.6202, 0.6873, 0.6247, 0.7522, 0.7251,
        ),
    },
    "resnet50": {
        "whole": (
            0.7518, 0.8782, 0.7298, 0.8367, 0.8128, 0.9128, 0.8029, 0.9178,
            0.6956, 0.7930, 0.7383, 0.7581, 0.6860, 0.8442, 0.7970,
        ),
        "crop": (
            0.7040, 0.8186, 0.7022, 0.8003, 0.7610, 0.8455, 0.7455, 0.8779,
            0.6728, 0.7037, 0.6502, 0.6947, 0.6503, 0.8051, 0.7451,
        ),
        "fused": (
            0.7526, 0.8795, 0.7303, 0.8405, 0.8139, 0.9115, 0.8039, 0.9265,
            0.6956, 0.7917, 0.7378, 0.7572, 0.6951, 0.8471, 0.7988,
        ),
    },
    "resnext50_32x4d": {
        "whole": (
            0.7454, 0.8605, 0.7228, 0.8379, 0.8102, 0.8943, 0.7937, 0.9302,
            0.6936, 0.7842, 0.7383, 0.7488, 0.6918, 0.8508, 0.7930,
        ),
        "crop": (
            0.7042, 0.7941, 0.6880, 0.7993, 0.7479, 0.8138, 0.7480, 0.9061,
            0.6594, 0.6876, 0.6490, 0.6908, 0.6490, 0.7936, 0.7379,
        ),
        "fused": (
            0.7451, 0.8573, 0.7228, 0.8396, 0.8102, 0.8928, 0.8010, 0.9392,
            0.6913, 0.7844, 0.7370, 0.7476, 0.6944, 0.8514, 0.7939,
        ),
    },
    "resnext101_32x8d": {
        "whole": (
            0.7650, 0.8829, 0.7474, 0.8302, 0.8230, 0.9174, 0.8201, 0.9103,
            0.6974, 0.8149, 0.7581, 0.7786, 0.6972, 0.8513, 0.8067,
        ),
        "crop": (
            0.5815, 0.6792, 0.6281, 0.7112, 0.6382, 0.7334, 0.6580, 0.7684,
            0.6237, 0.5693, 0.5818, 0.6196, 0.5866, 0.6823, 0.6472,
        ),
        "fused": (
            0.7269, 0.8550, 0.7103, 0.8327, 0.7858, 0.8433, 0.7901, 0.9348,
            0.6861, 0.8124, 0.6911, 0.7499, 0.6833, 0.8168, 0.7799,
        ),
    },
    "mobilenet_v1": {
        "whole": (
            0.7253, 0.8465, 0.7025, 0.8313, 0.7914, 0.8501, 0.7961, 0.8948,
            0.6831, 0.7298, 0.6969, 0.7395, 0.6913, 0.8404, 0.7728,
        ),
        "crop": (
            0.6735, 0.7591, 0.6685, 0.7684, 0.7151, 0.7317, 0.7294, 0.8607,
            0.6431, 0.6739, 0.6371, 0.6792, 0.6360, 0.7609, 0.7098,
        ),
        "fused": (
            0.7311, 0.8461, 0.7021, 0.8295, 0.7894, 0.8405, 0.7943, 0.9198,
            0.6823, 0.7352, 0.6994, 0.7344, 0.6879, 0.8389, 0.7736,
        ),
    },
    "capsnet": {
        "whole": (
            0.6673, 0.7022, 0.6874, 0.7814, 0.7181, 0.5966, 0.6997, 0.6424,
            0.6590, 0.5976, 0.5574, 0.6674, 0.6085, 0.6883, 0.6624,
        ),
        "crop": (
            0.5252, 0.5247, 0.5679, 0.6238, 0.5762, 0.4930, 0.5507, 0.4029,
            0.5645, 0.5197, 0.5045, 0.5216, 0.5553, 0.5442, 0.5339,
        ),
        "fused": (
            0.6606, 0.6606, 0.6805, 0.7694, 0.7170, 0.5385, 0.7192, 0.8478,
            0.6558, 0.5894, 0.5627, 0.6677, 0.6032, 0.6371, 0.6652,
        ),
    },
    "densenet121+capsnet": {
        "whole": (
            0.7604, 0.8881, 0.7491, 0.8536, 0.8233, 0.9247, 0.8308, 0.9225,
            0.6949, 0.8146, 0.7552, 0.7761, 0.7157, 0.8561, 0.8118,
        ),
        "crop": (
            0.6289, 0.6596, 0.6515, 0.7002, 0.7055, 0.7512, 0.5620, 0.5743,
            0.5993, 0.6182, 0.5897, 0.6080, 0.5613, 0.7142, 0.6374,
        ),
        "fused": (
            0.7400, 0.8748, 0.6951, 0.8266, 0.8064, 0.9078, 0.8073, 0.9134,
            0.6620, 0.7880, 0.7262, 0.7518, 0.6691, 0.8303, 0.7856,
        ),
    },
    "resnet50+capsnet": {
        "whole": (
            0.7480, 0.8810, 0.7319, 0.8436, 0.8124, 0.9102, 0.8090, 0.9180,
            0.6943, 0.7887, 0.7218, 0.7549, 0.7055, 0.8508, 0.7979,
        ),
        "crop": (
            0.6104, 0.6307, 0.6409, 0.6546, 0.6758, 0.7096, 0.5268, 0.5097,
            0.5809, 0.6342, 0.5985, 0.5925, 0.5414, 0.6984, 0.6146,
        ),
        "fused": (
            0.7470, 0.8821, 0.7306, 0.8443, 0.8121, 0.9086, 0.8107, 0.9216,
            0.6908, 0.7893, 0.7203, 0.7543, 0.7079, 0.8513, 0.7979,
        ),
    },
    "resnet50+densenet121": {
        "whole": (
            0.7621, 0.8826, 0.7366, 0.8418, 0.8205, 0.9198, 0.8230, 0.9298,
            0.6864, 0.8184, 0.7464, 0.7748, 0.6846, 0.8519, 0.8056,
        ),
        "crop": (
            0.7119, 0.8099, 0.7174, 0.7978, 0.7746, 0.8617, 0.7498, 0.8797,
            0.6720, 0.7200, 0.6703, 0.7030, 0.6712, 0.8076, 0.7533,
        ),
        "fused": (
            0.7291, 0.8560, 0.6984, 0.8056, 0.8035, 0.8969, 0.7689, 0.8618,
            0.6665, 0.7903, 0.6933, 0.7282, 0.6489, 0.8380, 0.7704,
        ),
    },
    "densenet121+resnet50": {
        "whole": (
            0.7430, 0.8619, 0.7205, 0.8339, 0.8058, 0.8977, 0.8139, 0.9432,
            0.6890, 0.7677, 0.7246, 0.7529, 0.6948, 0.8453, 0.7924,
        ),
        "crop": (
            0.7015, 0.8145, 0.6962, 0.7943, 0.7529, 0.8546, 0.7640, 0.8599,
            0.6672, 0.6920, 0.6440, 0.7072, 0.6464, 0.8140, 0.7435,
        ),
        "fused": (
            0.7183, 0.8243, 0.6840, 0.7997, 0.7867, 0.8884, 0.7810, 0.9323,
            0.6553, 0.7393, 0.6728, 0.7238, 0.6280, 0.8196, 0.7610,
        ),
    },
    "resnet50+mobilenet_v1": {
        "whole": (
            0.7470, 0.8725, 0.7176, 0.8288, 0.7986, 0.8907, 0.8108, 0.9196,
            0.6821, 0.7660, 0.7220, 0.7404, 0.6777, 0.8458, 0.7871,
        ),
        "crop": (
            0.6898, 0.7655, 0.6746, 0.7791, 0.7209, 0.8013, 0.7441, 0.8874,
            0.6442, 0.6538, 0.6384, 0.6727, 0.6253, 0.7811, 0.7199,
        ),
        "fused": (
            0.7480, 0.8709, 0.7085, 0.8291, 0.7942, 0.8893, 0.8144, 0.9286,
            0.6800, 0.7669, 0.7179, 0.7398, 0.6857, 0.8462, 0.7871,
        ),
    },
    "resnext101_32x8d+resnext50_32x4d": {
        "whole": (
            0.7504, 0.8766, 0.7345, 0.8425, 0.8132, 0.9104, 0.8128, 0.9291,
            0.6871, 0.7927, 0.7376, 0.7574, 0.6959, 0.8572, 0.7998,
        ),
        "crop": (
            0.6532, 0.7671, 0.6537, 0.7635, 0.7073, 0.8231, 0.7296, 0.8273,
            0.6106, 0.6441, 0.6304, 0.6475, 0.6172, 0.7660, 0.7029,
        ),
        "fused": (
            0.7080, 0.8284, 0.6681, 0.8368, 0.7541, 0.8487, 0.7820, 0.9346,
            0.6311, 0.7920, 0.6652, 0.7497, 0.6510, 0.8136, 0.7616,
        ),
    },
}  # fmt: skip
"""The authors' own, by pair of networks (`NetworkPair.name`) and head. Table I has equal pairs, table II the others."""

ENSEMBLE_MEAN = 0.8170
"""The unweighted soft vote of ResNet-50, ResNeXt-50 and ResNeXt-101; no figure by class is printed."""

BOXED = ("Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax")

IOU: Mapping[tuple[str, str], Row] = {
    ("ResNeXt-101", "Grad-CAM"): (0.02647, 0.13113, 0.03656, 0.03866, 0.00045, 0.00137, 0.00400, 0.00344, 0.02274),
    ("ResNeXt-101", "Grad-CAM++"): (0.04216, 0.29663, 0.07101, 0.13081, 0.03493, 0.00715, 0.10157, 0.02788, 0.09588),
    ("ResNeXt-101", "XGrad-CAM"): (0.02647, 0.13113, 0.03656, 0.03866, 0.00045, 0.00137, 0.00400, 0.00344, 0.02274),
    ("DenseNet-121", "Grad-CAM"): (0.07271, 0.24658, 0.04785, 0.16482, 0.09078, 0.01916, 0.13149, 0.10033, 0.11334),
    ("DenseNet-121", "Grad-CAM++"): (0.03844, 0.03963, 0.01873, 0.03909, 0.05333, 0.01446, 0.01300, 0.04567, 0.03261),
    ("DenseNet-121", "XGrad-CAM"): (0.03665, 0.20341, 0.06394, 0.12766, 0.05190, 0.00649, 0.09182, 0.06270, 0.08523),
    ("ResNeXt-50", "Grad-CAM"): (0.06289, 0.21056, 0.03668, 0.14907, 0.05626, 0.00532, 0.09431, 0.02461, 0.08632),
    ("ResNeXt-50", "Grad-CAM++"): (0.07628, 0.29474, 0.04059, 0.15055, 0.04818, 0.00300, 0.14048, 0.01733, 0.10607),
    ("ResNeXt-50", "XGrad-CAM"): (0.06289, 0.21056, 0.03668, 0.14907, 0.05626, 0.00532, 0.09431, 0.02461, 0.08632),
}
"""Table III: by network and method, the IoU of each boxed disease in the order of `BOXED`, and the mean as printed.

That is a mean over the 984 boxes, not over diseases; ResNeXt-101's printed means are neither."""


def own_pair(name: str) -> NetworkPair:
    """The pair of networks that a row of `OWN` is called after."""
    first, _, second = name.partition("+")
    return NetworkPair(first, second or first)


def by_disease(row: Row, *, order: Sequence[str]) -> dict[str, float]:
    """The fourteen figures of a row by disease, where its columns stand in `order`: `HEADER`, or `BY_NAME`."""
    return dict(zip(order, row[:-1], strict=True))


def published(pairs: Sequence[NetworkPair], *, titles: Mapping[str, str]) -> PublishedTable:
    """The authors' figures of those of `pairs` that they print, under the diseases that the values belong to.

    Columns are called as the arms of a study, the soft vote among them. `titles` are those of the columns.
    """
    rows = {pair.arm(head): OWN[pair.name][head] for pair in pairs if pair.name in OWN for head in HEADS}
    values = {arm: by_disease(row, order=BY_NAME) for arm, row in rows.items()}
    return PublishedTable(
        source=f"{SOURCE}, tables I and II, values brought to the diseases that they belong to",
        protocol=PROTOCOL,
        protocol_short=SHORT,
        columns={**{arm: titles[arm] for arm in rows}, VOTE: titles[VOTE]},
        rows={label: (*(of_arm[label] for of_arm in values.values()), None) for label in HEADER},
        means=(*(row[-1] for row in rows.values()), ENSEMBLE_MEAN),
        decimals=4,
    )
