"""The vocabulary of findings and X-ray types: canonical names, the aliases of each release, coded concepts.

Codes are taken only from pydicom's and highdicom's dictionaries; a concept without one there gets the private scheme
99HILUM. None is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

from hilum.errors import DataError

XRAY_TYPES: tuple[str, ...] = (
    "ankle", "chest", "dental", "elbow", "finger", "foot", "forearm", "hand", "hip", "humerus", "knee", "shoulder",
    "spine", "wrist",
)  # fmt: skip
"""The fourteen radiograph types that the gate tells apart (Urinbayev et al. 2020, module II; "back" is spine)."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One finding: canonical name, what releases call it, and its code."""

    name: str
    aliases: tuple[str, ...]
    scheme: str
    code: str
    meaning: str


def _own(name: str, *aliases: str) -> Concept:
    code = "-".join(name.lower().replace("/", " ").split())
    return Concept(name, aliases, "99HILUM", code, name)


FINDINGS: tuple[Concept, ...] = (
    Concept("Atelectasis", (), "99HILUM", "atelectasis", "Atelectasis"),
    Concept("Cardiomegaly", ("Enlarged heart",), "SCT", "287272002", "Cardiomegaly"),
    Concept("Consolidation", (), "99HILUM", "consolidation", "Consolidation of lung"),
    Concept("Edema", ("Pulmonary edema", "Pulmonary oedema"), "SCT", "19242006", "Pulmonary edema"),
    Concept("Effusion", ("Pleural Effusion",), "SCT", "60046008", "Pleural effusion"),
    Concept("Emphysema", (), "99HILUM", "emphysema", "Pulmonary emphysema"),
    Concept("Fibrosis", ("Pulmonary fibrosis",), "99HILUM", "fibrosis", "Pulmonary fibrosis"),
    Concept("Hernia", ("Hiatal hernia",), "99HILUM", "hernia", "Hiatal hernia"),
    Concept("Infiltration", ("Infiltrate",), "DCM", "112121", "Infiltrate"),
    Concept("Mass", ("Lung mass",), "99HILUM", "mass", "Lung mass"),
    Concept("No Finding", ("Normal",), "99HILUM", "no-finding", "No finding"),
    Concept("Nodule", ("Lung nodule",), "99HILUM", "nodule", "Lung nodule"),
    Concept("Pleural Thickening", (), "99HILUM", "pleural-thickening", "Pleural thickening"),
    Concept("Pneumonia", (), "99HILUM", "pneumonia", "Pneumonia"),
    Concept("Pneumothorax", (), "SCT", "36118008", "Pneumothorax"),
    *(_own(name) for name in (
        "Enlarged Cardiomediastinum", "Fracture", "Lung Lesion", "Lung Opacity", "Pleural Other", "Support Devices",
    )),
    *(_own(name) for name in (
        "Bronchiolitis", "Bronchitis", "Congenital emphysema", "Hyaline membrane disease", "Lung tumor",
        "Mediastinal tumor", "Pleuro-pneumonia", "Situs inversus", "Tuberculosis",
        "Anterior mediastinal mass", "Aortic enlargement", "Boot-shaped heart", "Bronchial thickening",
        "Calcification", "Chest wall mass", "Clavicle fracture", "Egg on string sign",
        "Expanded edges of the anterior ribs", "Intrathoracic digestive structure", "Lung cavity", "Lung cyst",
        "Lung hyperinflation", "Mediastinal shift", "Other lesion", "Other nodule/mass", "Other opacity",
        "Peribronchovascular interstitial opacity", "Reticulonodular opacity", "Stomach on the right side",
    )),
    _own("Abnormal", "Abnormality"),
    _own("Chronic obstructive pulmonary disease", "COPD"),
    _own("Nodule/mass"),
    _own("Rib fracture"),
    _own("Broncho-pneumonia", "Brocho-pneumonia"),
    _own("Bronchiectasis", "Bronchectasis"),
    _own("Congenital pulmonary airway malformation", "CPAM"),
    Concept("Dextrocardia", ("Dextro cardia",), "SCT", "27637000", "Dextrocardia"),
    _own("Diaphragmatic hernia", "Diagphramatic hernia"),
    _own("Diffuse alveolar opacity", "Diffuse aveolar opacity"),
    _own("Enlarged pulmonary artery", "Enlarged PA"),
    _own("Interstitial lung disease", "Interstitial lung disease - ILD", "ILD"),
    _own("Other disease", "Other diseases"),
    _own("Paravertebral mass", "Paraveterbral mass"),
)  # fmt: skip
"""ChestX-ray14's, then what CheXpert and the VinDr releases add (their misspellings are aliases), and MURA's label.

SCT and DCM codes as they stand in pydicom's concept dictionary (a test compares them)."""


def _key(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


_BY_ALIAS = {_key(alias): concept for concept in FINDINGS for alias in (concept.name, *concept.aliases)}


def finding(name: str) -> Concept:
    """The concept that a release calls `name`; case, underscores and extra spaces do not matter.

    Raises `DataError` for a name that is in no vocabulary: a label is never bound by position or by likeness.
    """
    concept = _BY_ALIAS.get(_key(name))
    if concept is None:
        raise DataError(f"{name!r} is not a finding that hilum knows. Add it to findings.py, or map it in the adapter")
    return concept
