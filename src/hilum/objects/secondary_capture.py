"""The picture for whatever shows pictures alone: a Secondary Capture of the overlay, words included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from hilum.objects.body_part import tell_body_part
from hilum.objects.finish import equipment
from hilum.objects.kinds import KINDS
from hilum.objects.library import highdicom
from hilum.objects.lossy import tell_lossy
from hilum.objects.places import upright_orientation
from hilum.objects.source import SourceImage
from hilum.objects.uids import Uids
from hilum.reading_result import Examination
from hilum.report.headline import headline
from hilum.report.overlay import overlay_picture
from hilum.report.wording import RESEARCH_USE, plain_text

MOST_PIXELS = 1024
"""Of the longer side, words included: uncompressed, such a picture has at most 3.1 MB."""

_STEP = 0.96


def secondary_capture(examination: Examination, *, image: SourceImage, uids: Uids) -> highdicom.sc.SCImage:
    """The overlay as 8-bit RGB, with "Research use, not a medical device" in it."""
    row, reading = KINDS["sc"], examination.reading
    header = image.header
    orientation = image.orientation()
    made = highdicom.sc.SCImage(
        pixel_array=np.asarray(_picture(_unnamed(examination, image=image))),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),  # replaced below by what is known
        study_instance_uid=header.StudyInstanceUID,
        series_instance_uid=uids.uid("sc", "series"),
        series_number=row.series_number,
        sop_instance_uid=uids.uid("sc", "instance"),
        instance_number=1,
        series_description="hilum picture (research use)",
        **equipment(reading),
    )
    made.PatientOrientation = [] if orientation is None else [*upright_orientation(orientation, source=reading.source)]
    burned_in = image.text("BurnedInAnnotation").upper()
    if burned_in in ("YES", "NO"):  # it is about who the patient is, which none of hilum's own words tell
        made.BurnedInAnnotation = burned_in
    tell_lossy(made, image=image, is_required=False)
    made.DerivationDescription = plain_text(f"{RESEARCH_USE}. {headline(reading)}.")[:1024]
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.class_uid, image.instance_uid
    made.SourceImageSequence = [item]
    tell_body_part(made, image=image, reading=reading)
    return made


def _unnamed(examination: Examination, *, image: SourceImage) -> Examination:
    """The examination under a name that is in the image and not on somebody's disk; a phantom's says so."""
    name = "phantom" if image.is_test else image.instance_uid
    reading = examination.reading
    return replace(examination, reading=replace(reading, source=replace(reading.source, name=name)))


def _picture(examination: Examination) -> Image.Image:
    """The largest overlay that stays within the limit; its column of words grows with the radiograph."""
    side = MOST_PIXELS
    while True:
        picture = overlay_picture(examination, longest_side=side, most_rows=MOST_PIXELS)
        if max(picture.size) <= MOST_PIXELS:
            return picture
        if side < MOST_PIXELS // 4:  # words that even in short fill more than the picture
            picture.thumbnail((MOST_PIXELS, MOST_PIXELS))
            return picture
        side = int(side * max(_STEP * MOST_PIXELS / max(picture.size), 0.5))
