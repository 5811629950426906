"""Settings are checked when they are made, and hashed by what decides a reading."""

from dataclasses import replace

import pytest

from hilum.errors import UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.reading.settings import ReaderSettings, settings_sha256
from hilum.reading_result import ModelRef
from hilum.stated import Stated

MODEL = ModelRef("toy", "1.0.0", "a" * 64)
OTHER = ModelRef("other", "1.0.0", "b" * 64)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("engine", "tensorrt"),
        ("heatmaps", "some"),
        ("threads", 0),
        ("batch_size", 0),
        ("memory_bytes", -1),
        ("oldest_years", 0),
    ],
)
def test_values_outside_their_range(field: str, value: object) -> None:
    with pytest.raises(UsageError, match=str(value)):
        ReaderSettings(**{field: value})


def test_what_is_said_is_read_with_the_forced_type_and_no_higher_age() -> None:
    settings = ReaderSettings(force_type="chest", oldest_years=90.0)
    assert settings.as_read(Stated(96.0, "F")) == Stated(90.0, "F", xray_type="chest")
    assert settings.as_read(Stated(40.5, xray_type="hand")) == Stated(40.5, xray_type="hand")
    assert ReaderSettings().as_read(Stated(96.0)) == Stated(96.0)


def test_how_fast_it_reads_does_not_change_the_hash() -> None:
    settings = ReaderSettings()
    digest = settings_sha256(settings, models=[MODEL])
    for change in ({"threads": 1}, {"batch_size": 1}, {"memory_bytes": 1}):
        assert settings_sha256(replace(settings, **change), models=[MODEL]) == digest


def test_whatever_decides_a_reading_changes_the_hash() -> None:
    settings = ReaderSettings()
    digests = {
        settings_sha256(settings, models=[MODEL]),
        settings_sha256(settings, models=[MODEL, OTHER]),
        settings_sha256(settings, models=[OTHER]),
        settings_sha256(settings, models=[MODEL], version="9.9.9"),
        settings_sha256(replace(settings, heatmaps="all"), models=[MODEL]),
        settings_sha256(replace(settings, engine="openvino"), models=[MODEL]),
        settings_sha256(replace(settings, limits=Limits(max_pixels=10)), models=[MODEL]),
        settings_sha256(replace(settings, lungs=False), models=[MODEL]),
        settings_sha256(replace(settings, oldest_years=90.0), models=[MODEL]),
    }
    assert len(digests) == 9


def test_occlusion_decides_nothing_of_models_that_have_no_heatmap_by_it() -> None:
    with_it, without = ReaderSettings(), ReaderSettings(occlusion=False)
    assert settings_sha256(with_it, models=[MODEL]) == settings_sha256(without, models=[MODEL])
    digests = {settings_sha256(one, models=[MODEL], by_occlusion=True) for one in (with_it, without)}
    assert len(digests) == 2


def test_the_order_of_models_does_not_change_the_hash() -> None:
    settings = ReaderSettings()
    assert settings_sha256(settings, models=[MODEL, OTHER]) == settings_sha256(settings, models=[OTHER, MODEL])
