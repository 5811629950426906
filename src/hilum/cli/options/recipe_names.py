"""The names of recipes and studies, a line each: what help, completion and errors need before torch is there.

`hilum.systems.table` holds what runs; a test holds both to the same names.
"""

from __future__ import annotations

OWN_RECIPE = "FILE.py"
"""What stands for a file of your own where names are listed."""

RECIPES: dict[str, str] = {
    "classify": "Your own images, by your table or class folders.",
    "pneumonia": "Pneumonia in children's chests.",
    "pneumonia-lungs": "Pneumonia in children, from the lungs alone. Ships.",
    "chest14": "14 chest findings, DenseNet-121 (Urinbayev 2020).",
    "chest14-local": "14 chest findings, small: hours on two CPU cores.",
    "sdfn": "14 findings, picture and lung crop (Liu 2019).",
    "sdfn-local": "The same, small: hours on two CPU cores.",
    "attention": "14 findings, attention-guided crop (Pun 2021).",
    "attention-local": "The same, small: hours on two CPU cores.",
    "capsules": "14 findings, capsules at 28 pixels (Sabour 2017).",
    "capsules-large": "14 findings, capsules at 224 pixels (LaLonde 2018).",
    "capsules-cascade": "14 findings, capsules on a mask (Pun 2021).",
    "paediatric-db": "10 labels in children's chests (Tran 2021).",
    "paediatric-ensemble": "The same, the mean of three networks (Tran 2021).",
    "chest-adult": "Findings in adult chests. Ships.",
    "gate": "Is it an X-ray, of what, and in what state? Ships.",
    "lungs": "Lung fields, whole lungs and heart. Ships.",
    "lungs-all": "The same, from masks that rule out commercial use.",
    "lungs-lite-fine": "Lungs and heart, better and slower.",
    "lungs-all-lite-fine": "The same, from masks of restricted terms.",
}
"""What `hilum train` takes: a line each, short enough for a terminal of 80 columns."""

_LABELS_COME_LATER = "its labels come from your table; search over a recipe file of your own that names them"
_FROM_A_STUDY = "it trains from a study"

NOT_TUNED: dict[str, str] = {
    "classify": _LABELS_COME_LATER,
    "chest-adult": _FROM_A_STUDY,
    "gate": _FROM_A_STUDY,
    "lungs": _FROM_A_STUDY,
    "lungs-all": _FROM_A_STUDY,
    "lungs-lite-fine": _FROM_A_STUDY,
    "lungs-all-lite-fine": _FROM_A_STUDY,
}
"""The recipes that `hilum tune` cannot search over, and why."""

STUDIES: dict[str, str] = {
    "gate": "The gate, and without a type or source.",
    "gate-urinbayev": "X-ray or not, and of what (Urinbayev 2020).",
    "lungs": "Lungs and heart, with all masks and free ones.",
    "lungs-fine": "Lungs and heart on finer pictures.",
    "lungs-lite": "Lungs and heart, EfficientNet-Lite0.",
    "lungs-lite-fine": "The same on finer pictures.",
    "lungs-own": "The same, taught by own drawings too.",
    "lungs-liu": "The U-Net of Liu 2019 on lung fields.",
    "chest-adult": "Adults: picture, lungs, and the mean of both.",
    "chest-adult-tries": "Adults: other losses, sizes, networks, images.",
    "pneumonia": "Children's pneumonia (Barnett 2023).",
    "pneumonia-shift": "Children's pneumonia where sources differ.",
    "paediatric-losses": "Children: five losses (Tran 2021).",
    "paediatric-starts": "Children: three starting weights (Tran 2021).",
    "paediatric-ensemble": "Children: three networks, their mean (Tran 2021).",
    "paediatric-methods": "Children: four methods (Tran 2021, table 4).",
    "paediatric-losses-local": "Five losses on ChestX-ray14, small.",
    "paediatric-transfer-local": "From adults to children, small.",
    "sdfn": "Picture, lung crop and their fusion (Liu 2019).",
    "attention": "Pairs of networks that look twice (Pun 2021).",
    "attention-local": "One small pair of networks that look twice.",
}
"""What `hilum study` takes: cross-validated, with tables and a page."""
