"""What was found as measurement groups of TID 1500: the gate's verdict, each finding, the cardiothoracic ratio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom.sr.coding import Code

from hilum.geometry import Box
from hilum.objects import codes
from hilum.objects.library import highdicom
from hilum.objects.places import stored_corners
from hilum.objects.source import SourceImage
from hilum.objects.uids import Uids
from hilum.reading.lungs.ratio import ADULT_THORAX_MM
from hilum.reading_result import CardiothoracicRatio, Finding, ModelRef, RatioWithheld, Reading, Width
from hilum.report.wording import number_name, plain_text

sr = highdicom.sr

Group = sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations

_DIGITS = 6
"""Decimals of a probability: more differ from processor to processor."""


def measurement_groups(reading: Reading, *, image: SourceImage, uids: Uids) -> list[Group]:
    """All groups: the gate's first, then each finding in the models' order, then lungs and ratio."""
    maker = _Maker(reading, image, uids)
    return [maker.gate(), *maker.findings(), *maker.lungs()]


class _Maker:
    def __init__(self, reading: Reading, image: SourceImage, uids: Uids) -> None:
        self._reading, self._image, self._uids = reading, image, uids
        self._by_name = {model.name: model for model in reading.models}

    def gate(self) -> Group:
        verdict = self._reading.gate
        said = [_said(codes.GATE, codes.GATE_STATUS[verdict.status])]
        if verdict.seen_type is not None:
            said.append(_said(codes.XRAY_TYPE, codes.type_code(verdict.seen_type)))
        measured = []
        if verdict.is_xray_probability is not None:
            measured.append(_number(codes.PROBABILITY, verdict.is_xray_probability))
        judged = verdict.status != "not judged" and bool(self._reading.models)
        gate = self._reading.models[0] if judged else None  # what judges comes first
        return self._group("gate", finding=codes.GATE, measured=measured, said=said, model=gate)

    def findings(self) -> Iterator[Group]:
        """One group a finding; each box beyond a finding's first is a group of its own."""
        for finding in self._reading.findings:
            code = codes.finding_code(finding.name)
            measured, said = _measured(finding), _decided(finding)
            model = self._by_name.get(finding.model)
            name = f"{finding.model}/{finding.name}"
            if not finding.boxes:
                yield self._group(name, finding=code, measured=measured, said=said, model=model)
            for number, box in enumerate(finding.boxes, start=1):
                yield self._boxed(
                    name if number == 1 else f"{name}/{number}",
                    box=box,
                    finding=code,
                    measured=measured if number == 1 else [],
                    said=said,
                    model=model,
                )

    def lungs(self) -> Iterator[Group]:
        verdict, ratio = self._reading.lungs, self._reading.cardiothoracic_ratio
        if verdict is None:
            return
        drawn = codes.LUNGS_TRUSTED if verdict.trusted else codes.LUNGS_NOT_TRUSTED
        said, measured = [_said(codes.LUNG_DRAWING, drawn)], []
        if isinstance(ratio, CardiothoracicRatio):
            measured = [_number(codes.RATIO, ratio.value, digits=3)]
            in_mm = _fits_an_adult(ratio.thorax)
            measured += [
                _width(codes.HEART_WIDTH, ratio.heart, in_mm=in_mm),
                _width(codes.THORAX_WIDTH, ratio.thorax, in_mm=in_mm),
            ]
        elif isinstance(ratio, RatioWithheld):
            said.append(_said(codes.WHY_NO_RATIO, codes.RATIO_WITHHELD[ratio.code]))
        yield self._group("lungs", finding=codes.LUNG, measured=measured, said=said, model=verdict.model)

    def _group(
        self,
        name: str,
        *,
        finding: Code,
        measured: Sequence[sr.Measurement],
        said: Sequence[sr.QualitativeEvaluation],
        model: ModelRef | None = None,
    ) -> Group:
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=self._tracking(name),
            finding_type=finding,
            algorithm_id=_algorithm(model),
            measurements=measured or None,
            qualitative_evaluations=said,
            source_images=[sr.SourceImageForMeasurementGroup(self._image.class_uid, self._image.instance_uid)],
        )

    def _boxed(
        self,
        name: str,
        *,
        box: Box,
        finding: Code,
        measured: Sequence[sr.Measurement],
        said: Sequence[sr.QualitativeEvaluation],
        model: ModelRef | None,
    ) -> Group:
        region = sr.ImageRegion(
            graphic_type=sr.GraphicTypeValues.POLYLINE,
            graphic_data=stored_corners(box, source=self._reading.source),
            source_image=sr.SourceImageForRegion(self._image.class_uid, self._image.instance_uid),
        )
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=self._tracking(name),
            referenced_region=region,
            finding_type=finding,
            algorithm_id=_algorithm(model),
            measurements=measured or None,
            qualitative_evaluations=said,
        )

    def _tracking(self, name: str) -> sr.TrackingIdentifier:
        return sr.TrackingIdentifier(uid=self._uids.uid("tracking", name), identifier=plain_text(name))


def _measured(finding: Finding) -> list[sr.Measurement]:
    is_score = number_name(finding) == "score"
    found = [_number(codes.SCORE if is_score else codes.PROBABILITY, finding.probability)]
    if finding.operating_point is not None:
        found.append(_number(codes.OPERATING_POINT, finding.operating_point))
    return found


def _decided(finding: Finding) -> list[sr.QualitativeEvaluation]:
    """The decision; and the reason where there is none."""
    if finding.positive is not None:
        return [_said(codes.DECISION, codes.POSITIVE if finding.positive else codes.NEGATIVE)]
    said = [_said(codes.DECISION, codes.NOT_DECIDED)]
    if finding.not_decided is not None:
        said.append(_said(codes.WHY_NOT_DECIDED, codes.UNDECIDED[finding.not_decided.code]))
    return said


def _said(name: Code, value: Code) -> sr.QualitativeEvaluation:
    return sr.QualitativeEvaluation(name=name, value=value)


def _number(name: Code, value: float, *, unit: Code = codes.UNITY, digits: int = _DIGITS) -> sr.Measurement:
    return sr.Measurement(name=name, value=round(value, digits), unit=unit)


def _fits_an_adult(thorax: Width) -> bool:
    """Whether the pixel spacing is believed: who reads a number in mm from a report seldom reads the comments."""
    low, high = ADULT_THORAX_MM
    return thorax.mm is not None and low <= thorax.mm <= high


def _width(name: Code, width: Width, *, in_mm: bool) -> sr.Measurement:
    """In mm where the pixel spacing is known and believed, else in pixels."""
    if width.mm is None or not in_mm:
        return _number(name, width.px, unit=codes.PIXELS, digits=1)
    return _number(name, width.mm, unit=codes.MILLIMETRE, digits=1)


def _algorithm(model: ModelRef | None) -> sr.AlgorithmIdentification | None:
    if model is None:
        return None
    return sr.AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[f"SHA-256 of the bundle's card: {model.sha256}"],
        family=codes.ARTIFICIAL_INTELLIGENCE,
    )
