"""Write the tables of docs/reference/dicom-conformance.md from the tables that the code works by.

python docs/make_conformance.py [--check]
"""

from __future__ import annotations

import sys

from markers import table, write_or_check
from pydicom.charset import python_encoding
from pydicom.uid import UID
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, DEFAULT_TRANSFER_SYNTAXES, AllStoragePresentationContexts
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from hilum.cli.commands import COMMANDS
from hilum.cli.options.lazy import load_command
from hilum.imaging.dicom.codecs import COMPRESSED_SYNTAXES
from hilum.objects import codes
from hilum.objects.finish import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from hilum.objects.kinds import KINDS
from hilum.objects.patient_study import CLINICAL_TRIAL, PATIENT, PATIENT_STUDY, STUDY
from hilum.service.dicom import commitment, deliver, listener, outbox, peers
from hilum.service.dicom.web_archive import WebArchives
from hilum.service.web import stow

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


def _defaults() -> dict[str, object]:
    """What the options of `hilum listen` are by default."""
    return {option.name: option.default for option in load_command("listen", row=COMMANDS["listen"]).params}


def associations() -> str:
    """Titles, ports, limits and times of the network."""
    default, entity = _defaults(), AE()
    limits = listener.ListenSettings(title="HILUM", host="", port=0, callers=())
    rows = [
        ("AE title", f"`{default['title']}`, `--title`"),
        ("port", f"{default['port']}, `--port` (`--dicom-port` of `hilum serve`)"),
        (
            "who may associate",
            "AE titles of `--from`, each from its address where one is named, that call this title",
        ),
        ("associations at once", f"{limits.associations}; more are rejected for now (local limit exceeded)"),
        ("largest PDU that is taken", f"{listener.LARGEST_PDU:,} bytes"),
        ("largest image that is taken", f"{default['max_mb']} MiB, `--max-mb`"),
        ("asynchronous operations", "none: one operation at a time on an association"),
        (
            "time for an association's negotiation",
            f"{entity.acse_timeout:g} s taken, {deliver._TIMEOUT_S:g} s asked for",
        ),
        ("time without a message", f"{entity.network_timeout:g} s taken, {deliver._TIMEOUT_S:g} s asked for"),
        ("images that may wait", f"{default['capacity']:,}, `--capacity`"),
        ("room on the disk that stays free", f"{default['reserve_gb']:g} GiB, `--reserve-gb`"),
        ("TLS, user identity", "none on DICOM; the web's part speaks HTTPS, with passwords and tokens"),
    ]
    return table(("what", "value"), rows)


def roles() -> str:
    """Services by SOP class, and the role in each."""
    usual = ", ".join(UID(uid).name for uid in DEFAULT_TRANSFER_SYNTAXES)
    rows = [
        ("Verification", f"`{Verification}`", "SCP", usual),
        ("Storage", f"{len(AllStoragePresentationContexts)} classes, below", "SCP", "all below"),
        ("Storage", "those of the objects above", "SCU", ", ".join(uid.name for uid in deliver.OFFERED)),
        ("Storage Commitment Push Model", f"`{StorageCommitmentPushModel}`", "SCU", usual),
    ]
    return table(("service", "SOP class", "role", "transfer syntaxes"), rows)


def answers() -> str:
    """What a sender is answered."""
    rows = [(f"0x{status:04X}", meaning) for status, meaning in listener.ANSWERS.items()]
    return table(("status of C-STORE", "when"), rows)


def deliveries() -> str:
    """What an archive's answers mean to the outbox."""
    taken = ", ".join(f"0x{status:04X}" for status in deliver._TAKEN)
    pauses = f"{outbox.FIRST_PAUSE_S:g} s, doubled each time, up to {outbox.LONGEST_PAUSE_S / 3600:g} h"
    written, unwritten = f"0x{commitment._SUCCESS:04X}", f"0x{commitment._FAILURE:04X}"
    rows = [
        ("kinds of objects", f"`{','.join(peers.USUAL_KINDS)}`, or those that `--to` names"),
        ("C-STORE is answered with one of", f"{taken}: taken"),
        ("any other answer, none, or no association", f"sent again after {pauses}"),
        (
            "storage commitment is offered",
            "asked by N-ACTION for what was taken, where hilum listens; delivered once a report says it is kept",
        ),
        ("a report says that it is not kept", f"sent again after {pauses}"),
        (
            "a report names another transaction",
            "it counts by AE title and SOP Instance UID: the object was sent again meanwhile",
        ),
        ("no report comes", f"sent again after {outbox.PROMISE_S:g} s"),
        ("storage commitment is not offered, not asked for, or refused", "delivered once it is taken"),
        ("a report is answered with", f"{written}; {unwritten} where it could not be written down"),
        ("nobody takes it", f"given up after {_defaults()['give_up']:g} days, `--give-up`"),
    ]
    return table(("what", "how"), rows)


def web_store() -> str:
    """What DICOMweb is answered where an object is not taken."""
    rows = [(f"0x{reason:04X}", meaning) for reason, meaning in stow.REASONS.items()]
    return table(("FailureReason (0008,1197)", "when"), rows)


def web_send() -> str:
    """What the answers of an archive on the web mean to the outbox."""
    rows = [
        ("request", "`POST ADDRESS/studies`, multipart/related, one object each"),
        ("login", "`Authorization: Bearer` or `Basic`, `--to-login`; the archive's certificate is always checked"),
        ("200 or 202, and the object stands in ReferencedSOPSequence", "delivered"),
        ("the object stands in FailedSOPSequence, or in neither", "sent again, as above"),
        ("any other answer", "sent again, as above"),
        (f"nothing for {WebArchives().timeout_s:g} s", "the archive is away: sent again, as above"),
    ]
    return table(("what", "how"), rows)


def character_sets() -> str:
    """The defined terms of Specific Character Set that are decoded."""
    known = [term for term in python_encoding if term.startswith(("ISO_IR", "ISO 2022 IR", "GB"))]
    return ", ".join(f"`{term}`" for term in known)


def stored_classes() -> str:
    """Every class that is taken."""
    rows = [
        (UID(each.abstract_syntax or "").name, f"`{each.abstract_syntax}`") for each in AllStoragePresentationContexts
    ]
    return table(("SOP class", "UID"), rows)


def network_syntaxes() -> str:
    """Every transfer syntax in which an object is taken."""
    return table(("transfer syntax", "UID"), [(UID(uid).name, f"`{uid}`") for uid in ALL_TRANSFER_SYNTAXES])


PARTS = {
    "implementation": implementation,
    "objects": objects,
    "copied": copied,
    "codes": private_codes,
    "syntaxes": syntaxes,
    "associations": associations,
    "roles": roles,
    "answers": answers,
    "deliveries": deliveries,
    "web-store": web_store,
    "web-send": web_send,
    "charsets": character_sets,
    "stored-classes": stored_classes,
    "network-syntaxes": network_syntaxes,
}


def main() -> int:
    """Write the page's tables; 0 is good."""
    return write_or_check({PAGE: {name: made() for name, made in PARTS.items()}}, check="--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
