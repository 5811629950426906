"""The map between model input and native pixels inverts, composes and agrees with what resizing does to pixels."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import Equalise, PreprocessSpec, Resize, apply_steps, resize

scales = st.floats(0.01, 100.0)
offsets = st.floats(-10_000.0, 10_000.0)
geometries = st.builds(Geometry, scales, scales, offsets, offsets)
coordinates = st.floats(-10_000.0, 10_000.0)
boxes = st.builds(Box, coordinates, coordinates, st.floats(0, 10_000), st.floats(0, 10_000))
rules = st.sampled_from(["stretch", "letterbox", "cover"])
filters = st.sampled_from(["box", "bilinear", "bicubic", "lanczos"])


@given(geometries, coordinates, coordinates)
def test_the_inverse_leads_back(geometry: Geometry, x: float, y: float) -> None:
    there = geometry.point(x, y)
    size = abs(there[0]) + abs(there[1]) + abs(geometry.offset_x) + abs(geometry.offset_y) + abs(x) + abs(y) + 1
    assert geometry.inverse().point(*there) == pytest.approx((x, y), abs=1e-9 * size * 100)


@given(geometries, geometries, coordinates, coordinates)
def test_after_applies_the_inner_map_first(outer: Geometry, inner: Geometry, x: float, y: float) -> None:
    expected = outer.point(*inner.point(x, y))
    assert outer.after(inner).point(x, y) == pytest.approx(expected, rel=1e-9, abs=1e-5)


@given(geometries, boxes)
def test_a_box_maps_by_its_corners(geometry: Geometry, box: Box) -> None:
    mapped = geometry.box(box)
    near, far = geometry.point(box.x, box.y), geometry.point(box.x + box.width, box.y + box.height)
    assert (mapped.x, mapped.y) == near
    assert (mapped.x + mapped.width, mapped.y + mapped.height) == pytest.approx(far, rel=1e-9, abs=1e-6)


@given(boxes, st.integers(1, 5000), st.integers(1, 5000))
def test_a_clipped_box_lies_in_the_image_and_stays_so(box: Box, width: int, height: int) -> None:
    clipped = box.clipped(width=width, height=height)
    assert 0 <= clipped.x <= width
    assert 0 <= clipped.y <= height
    assert 0 <= clipped.width <= width - clipped.x + 1e-9
    assert 0 <= clipped.height <= height - clipped.y + 1e-9
    assert clipped.clipped(width=width, height=height).as_list() == pytest.approx(clipped.as_list(), abs=1e-6)


def test_a_scale_of_zero_is_no_geometry() -> None:
    for scale_x, scale_y in ((0.0, 1.0), (1.0, 0.0)):
        with pytest.raises(ValueError, match="cannot be inverted"):
            Geometry(scale_x, scale_y, 0, 0)


def test_identity() -> None:
    assert Geometry.identity().point(3.5, -2) == (3.5, -2)
    assert Geometry.identity().inverse() == Geometry.identity()


def coordinate_ramps(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Images whose values are the coordinates x and y of their pixel centres, as shares of the size."""
    y, x = np.mgrid[0:rows, 0:columns]
    return ((x + 0.5) / columns).astype(np.float32), ((y + 0.5) / rows).astype(np.float32)


@settings(max_examples=150, deadline=None)
@given(st.integers(40, 300), st.integers(40, 300), st.integers(16, 200), st.integers(16, 200), rules, filters)
def test_every_input_pixel_lies_where_the_geometry_says(
    rows: int, columns: int, height: int, width: int, rule: str, filter_name: str
) -> None:
    step = Resize(height=height, width=width, rule=rule, filter=filter_name, pad_value=0.0)
    ramps = coordinate_ramps(rows, columns)
    (resized_x, geometry), (resized_y, same) = (resize(ramp, step=step) for ramp in ramps)
    assert geometry == same
    assert resized_x.shape == (height, width)
    native_x = geometry.scale_x * (np.arange(width) + 0.5) + geometry.offset_x
    native_y = geometry.scale_y * (np.arange(height) + 0.5) + geometry.offset_y
    # near the border a filter sees one side only; a filter's reach is at most 3 pixels of the coarser grid
    margin_x, margin_y = 3 * max(1, geometry.scale_x) + 1, 3 * max(1, geometry.scale_y) + 1
    inner_x = (native_x > margin_x) & (native_x < columns - margin_x)
    inner_y = (native_y > margin_y) & (native_y < rows - margin_y)
    assume(inner_x.any() and inner_y.any())
    # the box filter takes the nearest pixel when it enlarges
    within = 0.51 if filter_name == "box" else 0.15  # a filter sampled at few pixels shifts by so much
    seen_x = resized_x[inner_y][:, inner_x] * columns
    seen_y = resized_y[inner_y][:, inner_x] * rows
    assert np.abs(seen_x - native_x[inner_x]).max() <= within * max(1, geometry.scale_x)
    assert np.abs(seen_y - native_y[inner_y][:, None]).max() <= within * max(1, geometry.scale_y)


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 200), st.integers(20, 200), st.integers(8, 100), st.integers(8, 100), rules, st.data())
def test_a_marked_block_is_found_where_its_box_lands(
    rows: int, columns: int, height: int, width: int, rule: str, data: st.DataObject
) -> None:
    step = Resize(height=height, width=width, rule=rule, filter="box")
    y, x = data.draw(st.integers(0, rows - 8)), data.draw(st.integers(0, columns - 8))
    native = np.zeros((rows, columns), np.float32)
    native[y : y + 8, x : x + 8] = 1.0
    resized, geometry = resize(native, step=step)
    box = geometry.inverse().box(Box(x, y, 8, 8))
    inside = box.clipped(width=width, height=height)
    assume(inside.width >= 1 and inside.height >= 1)
    ys, xs = np.nonzero(resized > 0.02)
    assert len(ys) > 0
    assert xs.min() >= inside.x - 1.5
    assert xs.max() + 1 <= inside.x + inside.width + 1.5
    assert ys.min() >= inside.y - 1.5
    assert ys.max() + 1 <= inside.y + inside.height + 1.5


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 100), st.integers(1, 100))
@settings(max_examples=80, deadline=None)
def test_letterbox_holds_the_whole_image_and_cover_fills_the_input(
    rows: int, columns: int, height: int, width: int
) -> None:
    native = np.ones((rows, columns), np.float32)
    boxed, geometry = resize(native, step=Resize(height=height, width=width, rule="letterbox", pad_value=0.25))
    corner = geometry.inverse().box(Box(0, 0, columns, rows))
    assert corner.x >= -1e-9
    assert corner.y >= -1e-9
    assert corner.x + corner.width <= width + 1e-9
    assert corner.y + corner.height <= height + 1e-9
    assert set(np.unique(boxed)) <= {np.float32(0.25), np.float32(1.0)}
    covered, geometry = resize(native, step=Resize(height=height, width=width, rule="cover"))
    field = geometry.box(Box(0, 0, width, height))
    assert field.x >= -1e-9
    assert field.y >= -1e-9
    assert field.x + field.width <= columns * (1 + 1e-9)
    assert field.y + field.height <= rows * (1 + 1e-9)
    assert (covered == 1).all()


def test_cover_cuts_a_very_long_image_without_blowing_it_up() -> None:
    native = np.zeros((2, 3_000_000), np.float32)
    native[:, 1_500_000:] = 1.0
    covered, _ = resize(native, step=Resize(height=200, width=200, rule="cover", filter="box"))
    assert covered.shape == (200, 200)
    assert (covered[:, :100] == 0).all()
    assert (covered[:, 100:] == 1).all()


def test_two_steps_compose() -> None:
    spec = PreprocessSpec(
        steps=(
            Resize(height=60, width=90, rule="letterbox"),
            Equalise(),
            Resize(height=30, width=30, rule="cover"),
        ),
        mean=(0.5,),
        std=(0.5,),
    )
    rows, columns = 100, 120
    native = np.zeros((rows, columns), np.float32)
    native[40:50, 70:80] = 1.0
    grey, geometry = apply_steps(native, spec=spec)
    y, x = np.unravel_index(grey.argmax(), grey.shape)
    assert geometry.point(x + 0.5, y + 0.5) == pytest.approx((75, 45), abs=5)
