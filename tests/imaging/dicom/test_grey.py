"""Modality LUT, window, VOI LUT, polarity and padding, against PS3.3's formulas by hand and against pydicom's."""

import io

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit, RLELossless, XRayRadiofluoroscopicImageStorage

from fabricate_dicom import dicom_bytes, elements, lut, written
from fabricate_pictures import marked
from hilum.errors import RefusedImageError
from hilum.imaging.decode import decode
from hilum.radiograph import Radiograph

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def read(pixels: np.ndarray = RAMP, *, bits: int | None = 12, **tags: object) -> Radiograph:
    return decode(dicom_bytes(pixels, bits=bits, **tags), name="x")


def as_pydicom_shows(pixels: np.ndarray, *, bits: int, prefer_lut: bool = False, **tags: object) -> np.ndarray:
    """pydicom's modality LUT and VOI, scaled by the range that it maps a window to."""
    ds = dcmread(io.BytesIO(dicom_bytes(pixels, bits=bits, **tags)))
    pixels = pixels.astype(np.int64)  # pydicom computes in the type that it is given
    values = apply_modality_lut(pixels, ds)
    with np.errstate(over="ignore"):  # pydicom lets the exponential of a steep sigmoid overflow
        shown = apply_voi_lut(values, ds, prefer_lut=prefer_lut)
    slope, intercept = float(tags.get("RescaleSlope", 1)), float(tags.get("RescaleIntercept", 0))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if ds.PixelRepresentation else (0, 2**bits - 1)
    ends = [low * slope + intercept, high * slope + intercept]  # pydicom keeps this order for a negative slope
    if "ModalityLUTSequence" in tags:
        ends = [0, 2 ** tags["ModalityLUTSequence"][0].LUTDescriptor[2] - 1]
    return (shown - ends[0]) / (ends[1] - ends[0])


def details(radiograph: Radiograph) -> dict[str, str]:
    return {step.step: step.detail for step in radiograph.trail}


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", None])
@pytest.mark.parametrize(("centre", "width"), [(2048, 4096), (1000, 500), (600.5, 2), (3000, 1)])
@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (2, -1000), (-1, 4095), (0.5, 10.25)])
def test_windows_as_pydicom_and_the_standard_have_them(
    function: str | None, centre: float, width: float, slope: float, intercept: float
) -> None:
    tags: dict[str, object] = {"WindowCenter": centre, "WindowWidth": width, "RescaleSlope": slope}
    tags["RescaleIntercept"] = intercept
    if function:
        tags["VOILUTFunction"] = function
    ours = read(**tags).pixels
    if slope == 0.5 and centre == 3000:  # beyond every value, so that the window is not used
        np.testing.assert_allclose(ours, RAMP / 4095, atol=2e-6)
        return
    if not (width == 1 and function in (None, "LINEAR")):  # pydicom divides by width - 1
        np.testing.assert_allclose(ours, as_pydicom_shows(RAMP, bits=12, **tags), atol=2e-6)
    values = RAMP.astype(np.float64) * slope + intercept
    if function == "SIGMOID":
        expected = 1 / (1 + np.exp(np.minimum(-4 * (values - centre) / width, 700)))
    elif function == "LINEAR_EXACT":
        expected = np.clip((values - centre) / width + 0.5, 0, 1)
    else:
        ramp = (values - (centre - 0.5)) / max(width - 1, 1e-12) + 0.5
        expected = np.where(values <= centre - 0.5 - (width - 1) / 2, 0, ramp)
        expected = np.where(values > centre - 0.5 + (width - 1) / 2, 1, expected)
    np.testing.assert_allclose(ours, expected, atol=2e-6)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_signed_pixels_with_rescale_and_window(bits: int) -> None:
    signed = (marked(top=2**bits - 1).astype(np.int64) - 2 ** (bits - 1)).astype(np.int16)
    tags = {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": 1.5, "RescaleIntercept": -200}
    np.testing.assert_allclose(
        read(signed, bits=bits, **tags).pixels, as_pydicom_shows(signed, bits=bits, **tags), atol=2e-6
    )


def test_the_first_of_several_windows_is_used() -> None:
    radiograph = read(WindowCenter=[1000, 2048], WindowWidth=[500, 4096])
    np.testing.assert_array_equal(radiograph.pixels, read(WindowCenter=1000, WindowWidth=500).pixels)
    assert details(radiograph)["window"] == "first of 2 windows, centre 1000, width 500, LINEAR"


def test_a_window_goes_before_a_voi_lut() -> None:
    table = lut(np.arange(4096)[::-1] * 16)
    both = read(WindowCenter=1000, WindowWidth=500, VOILUTSequence=table)
    np.testing.assert_array_equal(both.pixels, read(WindowCenter=1000, WindowWidth=500).pixels)
    alone = read(VOILUTSequence=table)
    np.testing.assert_allclose(alone.pixels, (4095 - RAMP) * 16 / 65535, atol=1e-6)
    assert details(alone)["window"] == "VOI LUT, 4096 entries of 16 bits, no window"


@pytest.mark.parametrize(("first", "count"), [(0, 4096), (1000, 100), (0, 65536)])
def test_a_voi_lut_as_pydicom_applies_it(first: int, count: int) -> None:
    entries = (np.linspace(0, 1, count) ** 2 * 65535).astype(np.uint16)
    values, bits = (RAMP * 16, 16) if count == 65536 else (RAMP, 12)
    radiograph = read(values, bits=bits, VOILUTSequence=lut(entries, first=first))
    ds = dcmread(io.BytesIO(dicom_bytes(values, bits=bits, VOILUTSequence=lut(entries, first=first))))
    np.testing.assert_allclose(radiograph.pixels, apply_voi_lut(values, ds) / 65535, atol=1e-6)


def test_a_voi_lut_of_signed_pixels_begins_below_zero() -> None:
    signed = (RAMP.astype(np.int32) - 2048).astype(np.int16)
    radiograph = read(signed, VOILUTSequence=lut(np.arange(4096) * 16, first=-2048))
    np.testing.assert_allclose(radiograph.pixels, RAMP * 16 / 65535, atol=1e-6)


def test_a_voi_lut_of_eight_bits_packed_in_bytes() -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4096, 0, 8])
    item.add_new("LUTData", "OW", (np.arange(4096) // 16).astype(np.uint8).tobytes())
    radiograph = read(VOILUTSequence=Sequence([item]))
    np.testing.assert_allclose(radiograph.pixels, RAMP // 16 / 255, atol=1e-6)


def test_a_modality_lut_goes_before_the_window() -> None:
    table = lut((4095 - np.arange(4096)) * 16)
    tags = {"ModalityLUTSequence": table, "WindowCenter": 16000, "WindowWidth": 8000}
    radiograph = read(**tags)
    np.testing.assert_allclose(radiograph.pixels, as_pydicom_shows(RAMP, bits=12, **tags), atol=2e-6)
    assert radiograph.pixels[0, 0] == 1.0
    full = read(ModalityLUTSequence=table)
    np.testing.assert_allclose(full.pixels, (4095 - RAMP) * 16.0 / 65535, atol=1e-6)
    assert [step.step for step in full.trail] == ["decode", "modality", "window"]


def test_a_voi_lut_of_more_bits_than_declared_is_read_with_those_that_it_needs() -> None:
    radiograph = read(VOILUTSequence=lut(np.arange(4096), bits=10))
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    assert radiograph.warnings == (
        "LUTData holds entries up to 4095, more than the 10 bits of LUTDescriptor: it is read with 12 bits",
    )


def short_table() -> Sequence:
    """16 entries where 4,096 are promised."""
    table = lut(np.arange(16))
    table[0].LUTDescriptor = [4096, 0, 16]
    return table


def empty_table() -> Sequence:
    """An item whose elements are there and empty, as some toolkits write every optional sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", None)
    item.add_new("LUTData", "OW", b"")
    return Sequence([item])


FAULTY_TABLES = {
    "short": short_table,
    "empty elements": empty_table,
    "empty item": lambda: Sequence([Dataset()]),
    "no bits": lambda: lut(np.arange(4096), bits=0),
    "too many bits": lambda: lut(np.arange(4096), bits=32),
}


@pytest.mark.parametrize("fault", FAULTY_TABLES)
@pytest.mark.parametrize(("sequence", "name"), [("VOILUTSequence", "VOI LUT"), ("ModalityLUTSequence", "modality LUT")])
def test_a_faulty_lookup_table_is_passed_over_with_a_warning(sequence: str, name: str, fault: str) -> None:
    radiograph = read(**{sequence: FAULTY_TABLES[fault]()})
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    (warning,) = radiograph.warnings
    assert warning.startswith(f"the {name} is not used: ")


def test_the_first_sound_voi_lut_and_the_first_possible_window_are_used_and_the_trail_counts() -> None:
    tables = Sequence([*empty_table(), *lut((4095 - np.arange(4096)) * 16)])
    radiograph = read(VOILUTSequence=tables)
    np.testing.assert_allclose(radiograph.pixels, (4095 - RAMP) * 16 / 65535, atol=1e-6)
    assert details(radiograph)["window"] == "number 2 of 2 VOI LUTs, 4096 entries of 16 bits, no window"
    radiograph = read(WindowCenter=[5, 1000], WindowWidth=[0, 500])
    np.testing.assert_array_equal(radiograph.pixels, read(WindowCenter=1000, WindowWidth=500).pixels)
    assert details(radiograph)["window"] == "number 2 of 2 windows, centre 1000, width 500, LINEAR"
    assert radiograph.warnings == ("the window is not used: a width of 0 is impossible for LINEAR",)


@pytest.mark.parametrize(
    "window", [{"WindowCenter": 30000, "WindowWidth": 100}, {"WindowCenter": -9, "WindowWidth": 9}]
)
def test_a_window_that_no_pixel_comes_near_is_not_used(window: dict[str, float]) -> None:
    radiograph = read(**window)
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    assert "is not used: it maps nearly every pixel to one grey" in radiograph.warnings[0]
    flat = np.full((48, 72), 7, np.uint16)
    assert (read(flat, **window).pixels == (0 if window["WindowCenter"] > 0 else 1)).all()  # nothing else would show


def test_a_window_that_only_a_mark_comes_near_is_not_used() -> None:
    marked_ramp = np.minimum(RAMP, 3000)
    marked_ramp[:3, :7] = 4095  # 21 of 3,456 pixels
    radiograph = read(marked_ramp, WindowCenter=3800, WindowWidth=200)
    np.testing.assert_allclose(radiograph.pixels, marked_ramp / 4095, atol=1e-6)
    assert "window, centre 3800, width 200, LINEAR is not used" in radiograph.warnings[0]
    marked_ramp[:6, :7] = 4095  # 42 are more than 1%
    assert read(marked_ramp, WindowCenter=3800, WindowWidth=200).warnings == ()


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_without_window_the_full_stored_range_counts_and_not_the_extremes(bits: int) -> None:
    values = marked(top=2**bits // 2).astype(np.uint16)
    radiograph = read(values, bits=bits)
    np.testing.assert_allclose(radiograph.pixels, values / (2**bits - 1), atol=1e-6)
    assert details(radiograph)["window"] == f"full range 0 to {2**bits - 1}, no window and no VOI LUT"


def test_full_range_after_rescale() -> None:
    radiograph = read(RescaleSlope=2, RescaleIntercept=-1000)
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    assert details(radiograph)["window"].startswith("full range -1000 to 7190")


def test_a_negative_slope_inverts() -> None:
    radiograph = read(RescaleSlope=-1, RescaleIntercept=4095)
    np.testing.assert_allclose(radiograph.pixels, 1 - RAMP / 4095, atol=1e-6)
    assert "negative" in details(radiograph)["modality"]


def test_a_slope_of_zero_is_not_used() -> None:
    radiograph = read(RescaleSlope=0, RescaleIntercept=1)
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    assert radiograph.warnings == ("the rescale is not used: a slope of 0 would map every pixel to one value",)


def test_a_slope_and_a_padding_that_are_no_numbers_are_not_used() -> None:
    data = dicom_bytes(RAMP, bits=12, RescaleSlope="1.25", RescaleIntercept=1).replace(b"1.25", b"many")
    radiograph = decode(data, name="x")
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    assert radiograph.warnings[0].startswith("the rescale is not used: RescaleSlope holds")


@pytest.mark.parametrize("modality", ["XA", "RF", "XRF", "DX", None])
def test_the_modality_lut_of_angiography_is_not_for_display(modality: str | None) -> None:
    table = lut(np.sqrt(np.arange(4096) / 4095) * 65535)
    of_class = {"SOPClassUID": XRayRadiofluoroscopicImageStorage} if modality is None else {}
    radiograph = read(Modality=modality, ModalityLUTSequence=table, **of_class)
    expected = np.sqrt(RAMP / 4095) if modality == "DX" else RAMP / 4095
    np.testing.assert_allclose(radiograph.pixels, expected, atol=2e-5)
    assert ("not for display" in details(radiograph)["modality"]) == (modality != "DX")
    rescaled = read(Modality=modality, RescaleSlope=2, RescaleIntercept=0, WindowCenter=4096, WindowWidth=8192)
    np.testing.assert_allclose(rescaled.pixels, RAMP * 2 / 8191, atol=1e-4)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted", "warns"),
    [
        ("MONOCHROME2", None, False, False),
        ("MONOCHROME2", "IDENTITY", False, False),
        ("MONOCHROME1", None, True, False),
        ("MONOCHROME1", "INVERSE", True, False),
        ("MONOCHROME1", "IDENTITY", True, True),
        ("MONOCHROME2", "INVERSE", True, True),
    ],
)
def test_inversion_happens_exactly_once(photometric: str, shape: str | None, inverted: bool, warns: bool) -> None:
    tags = {"PhotometricInterpretation": photometric, "WindowCenter": 1000, "WindowWidth": 500}
    if shape:
        tags["PresentationLUTShape"] = shape
    plain = read(WindowCenter=1000, WindowWidth=500).pixels
    radiograph = read(**tags)
    np.testing.assert_allclose(radiograph.pixels, 1 - plain if inverted else plain, atol=1e-6)
    assert [step.step for step in radiograph.trail].count("invert") == int(inverted)
    assert any("contradicts" in warning for warning in radiograph.warnings) == warns


def test_for_processing_is_refused() -> None:
    with pytest.raises(RefusedImageError) as caught:
        read(PresentationIntentType="FOR PROCESSING")
    assert str(caught.value) == (
        "x: the image is FOR PROCESSING: raw detector values that are not meant for viewing. "
        "Give the FOR PRESENTATION image"
    )
    assert read(PresentationIntentType="FOR PRESENTATION").warnings == ()


@pytest.mark.parametrize(("width", "function"), [(0, "LINEAR"), (0.5, "LINEAR"), (-5, "LINEAR_EXACT"), (0, "SIGMOID")])
def test_an_impossible_window_is_passed_over_with_a_warning(width: float, function: str) -> None:
    radiograph = read(WindowCenter=1000, WindowWidth=width, VOILUTFunction=function)
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    assert radiograph.warnings == (f"the window is not used: a width of {width:g} is impossible for {function}",)


def test_a_window_of_text_is_passed_over_with_a_warning() -> None:
    data = dicom_bytes(RAMP, bits=12, WindowCenter="1000", WindowWidth="5000").replace(b"5000", b"many")
    radiograph = decode(data, name="x")
    np.testing.assert_allclose(radiograph.pixels, RAMP / 4095, atol=1e-6)
    assert "WindowWidth holds" in radiograph.warnings[0]


def test_an_undefined_window_function_is_read_as_linear() -> None:
    radiograph = read(WindowCenter=1000, WindowWidth=500, VOILUTFunction="GAMMA")
    np.testing.assert_array_equal(radiograph.pixels, read(WindowCenter=1000, WindowWidth=500).pixels)
    assert radiograph.warnings == ("VOI LUT Function 'GAMMA' is not defined: the window is applied as LINEAR",)


def test_padding_turns_black_whatever_the_polarity() -> None:
    values = RAMP.copy()
    values[:, :5] = 4095
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        radiograph = read(values, PhotometricInterpretation=photometric, PixelPaddingValue=4095)
        assert (radiograph.pixels[:, :5] == 0).all()
        assert radiograph.pixels[30:34, 20:].min() > 0
        assert details(radiograph)["padding"] == "pixels of the padding value 4095 set to 0"


def test_a_range_of_padding() -> None:
    radiograph = read(PixelPaddingValue=4000, PixelPaddingRangeLimit=4095)
    np.testing.assert_allclose(radiograph.pixels, np.where(RAMP >= 4000, 0, RAMP / 4095), atol=1e-6)


def test_padding_that_bits_stored_cannot_hold_is_looked_for_in_the_whole_word() -> None:
    signed = (RAMP.astype(np.int32) - 2048).astype(np.int16)
    signed[:3] = -32768
    radiograph = read(signed, PixelPaddingValue=-32768, PhotometricInterpretation="MONOCHROME1")
    assert (radiograph.pixels[:3] == 0).all()
    assert radiograph.pixels[3, 0] > 0.9


def test_functional_groups_hold_the_window_of_each_frame() -> None:
    def group(centre: float) -> Dataset:
        voi, groups = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = centre, 500
        groups.FrameVOILUTSequence = Sequence([voi])
        return groups

    shared, rescale = Dataset(), Dataset()
    rescale.RescaleSlope, rescale.RescaleIntercept = 2, 0
    shared.PixelValueTransformationSequence = Sequence([rescale])
    movie = np.stack([RAMP, RAMP])
    data = dicom_bytes(
        movie, bits=12, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=Sequence([group(1000), group(3000)]),
        SharedFunctionalGroupsSequence=Sequence([shared]),
    )  # fmt: skip
    for frame, centre in ((1, 1000), (2, 3000)):
        expected = read(WindowCenter=centre, WindowWidth=500, RescaleSlope=2, RescaleIntercept=0).pixels
        np.testing.assert_array_equal(decode(data, name="x", frame=frame).pixels, expected)


GREY = marked()
COLOUR = np.dstack([GREY, GREY // 2, 255 - GREY])
LUMA = (0.299 * COLOUR[..., 0] + 0.587 * COLOUR[..., 1] + 0.114 * COLOUR[..., 2]) / 255


def test_colour_becomes_luminance() -> None:
    np.testing.assert_allclose(read(COLOUR, bits=8).pixels, LUMA, atol=0.6 / 255)
    planes = np.ascontiguousarray(np.moveaxis(COLOUR, -1, 0))
    ds = elements(COLOUR, PlanarConfiguration=1)
    ds.PixelData = planes.tobytes()
    ds["PixelData"].VR = "OB"
    np.testing.assert_allclose(decode(written(ds), name="x").pixels, LUMA, atol=0.6 / 255)
    rle = dicom_bytes(COLOUR, syntax=RLELossless)
    np.testing.assert_allclose(decode(rle, name="x").pixels, LUMA, atol=0.6 / 255)
    jpeg = dicom_bytes(COLOUR, syntax=JPEGBaseline8Bit, PhotometricInterpretation="YBR_FULL_422")
    np.testing.assert_allclose(decode(jpeg, name="x").pixels, LUMA, atol=6 / 255)


def test_ybr_gives_its_luma() -> None:
    np.testing.assert_allclose(read(COLOUR, bits=8, PhotometricInterpretation="YBR_FULL").pixels, GREY / 255, atol=1e-6)


def test_subsampled_ybr_without_compression() -> None:
    pairs = GREY.reshape(-1, 2)
    ds = elements(COLOUR, PhotometricInterpretation="YBR_FULL_422")
    ds.PixelData = np.concatenate([pairs, np.full_like(pairs, 128)], axis=1).tobytes()
    ds["PixelData"].VR = "OB"
    np.testing.assert_allclose(decode(written(ds), name="x").pixels, GREY / 255, atol=1e-6)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_palette_is_looked_up(inverted: bool) -> None:
    ramp = (np.arange(256)[::-1] if inverted else np.arange(256)).astype("<u2") * 257
    tags: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tags[f"{colour}PaletteColorLookupTableData"] = ramp.tobytes()
    expected = (255 - GREY if inverted else GREY) / 255
    np.testing.assert_allclose(read(GREY, bits=8, **tags).pixels, expected, atol=1e-6)


def test_an_unknown_photometric_interpretation_is_refused() -> None:
    with pytest.raises(RefusedImageError, match="Photometric Interpretation 'HSV' with 1 samples a pixel says nothing"):
        read(PhotometricInterpretation="HSV")
