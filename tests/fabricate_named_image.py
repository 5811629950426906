"""Makes images that hold a name wherever one can stand: in tags of the patient, in free text, in broken tags.

A name in a date, a number or a UID is what libraries quote when they complain.
"""

from fabricate_study_image import study_image

NAME = "QUITZOWX"
"""Eight letters that stand nowhere else; also `QUITZOWX^ERIKA`."""

TAGS: dict[str, object] = {
    "PatientName": f"{NAME}^ERIKA",
    "PatientID": f"ID{NAME}",
    "OtherPatientNames": f"{NAME}^E",
    "PatientComments": f"lives with {NAME}",
    "ReferringPhysicianName": f"DR^{NAME}",
    "StudyDescription": f"Chest of {NAME}",
    "AccessionNumber": f"A{NAME}",
    "StudyID": f"S{NAME}",
    "InstitutionName": f"{NAME} hospital",
    "ImageComments": f"{NAME} moved",
}

BROKEN: dict[str, tuple[dict[str, object], bytes]] = {
    "date": ({"StudyDate": "20990102"}, b"20990102"),
    "time": ({"StudyTime": "23595901"}, b"23595901"),
    "birth": ({"PatientBirthDate": "18990102"}, b"18990102"),
    "number": ({"WindowCenter": "20481234"}, b"20481234"),
    "integer": ({"InstanceNumber": "12345678"}, b"12345678"),
    "age": ({"PatientAge": "12345678"}, b"12345678"),
    "code": ({"BodyPartExamined": "ABCDEFGH"}, b"ABCDEFGH"),
    "view": ({"ViewPosition": "ABCDEFGH"}, b"ABCDEFGH"),
    "study UID": ({"StudyInstanceUID": "1.2.826.0.12345678.10"}, b"12345678"),
    "charset": ({"SpecificCharacterSet": "ISO_IR 100"}, b"ISO_IR 1"),
    "lookup": ({"PresentationLUTShape": "IDENTITY"}, b"IDENTITY"),
    "person": ({"PatientName": "12345678^A^B^C^D^E^F=A=B=C=D"}, b"12345678"),
    "long id": ({"PatientID": f"12345678{'0' * 70}"}, b"12345678"),
    "sex": ({"PatientSex": "ABCDEFGH"}, b"ABCDEFGH"),
    "size": ({"PatientWeight": "12345678"}, b"12345678"),
}
"""By what is wrong: a value of eight letters and more, and the eight in whose place the name is put."""


def named_image(broken: str | None = None, *, number: int = 1, cut: int | None = None) -> bytes:
    """An image with the name in every tag of `TAGS` and, where asked, in one that must not hold letters.

    `number` makes it another image; `cut` leaves so many bytes of it.
    """
    changes, place = BROKEN[broken] if broken is not None else ({}, b"")
    data = study_image(**{**TAGS, "SOPInstanceUID": f"1.2.826.0.1.3680043.10.511.9.{number}", **changes})
    if broken is not None:
        assert place in data
        data = data.replace(place, NAME.encode(), 1)
    return data[:cut]
