"""Write the tables of docs/reference/dicom-conformance.md from the tables that the code works by.

python docs/make_conformance.py [--check]
"""

from __future__ import annotations

import sys

from markers import table, write_or_check

from hilum.imaging.dicom.codecs import COMPRESSED_SYNTAXES
from hilum.objects import codes
from hilum.objects.finish import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from hilum.objects.kinds import KINDS
from hilum.objects.patient_study import CLINICAL_TRIAL, PATIENT, PATIENT_STUDY, STUDY

PAGE = "docs/reference/dicom-conformance.md"


def implementation() -> str:
    """Who wrote a file, as its meta information says."""
    return table(
        ("element", "value"),
        [
            ("Implementation Class UID", f"`{IMPLEMENTATION_CLASS_UID}`"),
            ("Implementation Version Name", f"`{IMPLEMENTATION_VERSION}`"),
            ("Transfer syntax of objects", "Explicit VR Little Endian, `1.2.840.10008.1.2.1`"),
        ],
    )


def objects() -> str:
    """What is created."""
    rows = [
        (f"`{row.kind}`", row.sop_class.name, f"`{row.sop_class}`", row.modality, str(row.series_number), row.what)
        for row in KINDS.values()
    ]
    return table(("kind", "SOP class", "UID", "modality", "series number", "what it holds"), rows)


def copied() -> str:
    """What is copied from the image."""
    modules = {
        "Patient": PATIENT,
        "General Study": STUDY,
        "Patient Study": PATIENT_STUDY,
        "Clinical Trial Subject and Study": CLINICAL_TRIAL,
    }
    return table(("module", "elements"), [(name, ", ".join(rows)) for name, rows in modules.items()])


def private_codes() -> str:
    """The codes of 99HILUM."""
    own = sorted(codes.own_codes(), key=lambda code: code.value)
    return table(("code", "meaning"), [(f"`{code.value}`", code.meaning) for code in own])


def syntaxes() -> str:
    """The compressed transfer syntaxes that are decoded."""
    return table(("transfer syntax", "UID"), [(name, f"`{uid}`") for uid, name in COMPRESSED_SYNTAXES.items()])


PARTS = {
    "implementation": implementation,
    "objects": objects,
    "copied": copied,
    "codes": private_codes,
    "syntaxes": syntaxes,
}


def main() -> int:
    """Write the page's tables; 0 is good."""
    return write_or_check({PAGE: {name: made() for name, made in PARTS.items()}}, check="--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
