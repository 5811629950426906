"""What a processor can do, from the system's own words."""

from pathlib import Path

import pytest

from hilum.reading.engines.processor import Processor, this_processor


@pytest.mark.parametrize(
    ("text", "name", "has_bfloat16"),
    [
        ("processor : 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 avx512_bf16 sse\n", "Some CPU", True),
        ("processor : 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 avx512_vnni\n", "Some CPU", False),
        ("processor : 0\nFeatures\t: fp asimd bf16\n", None, True),
    ],
)
def test_flags_tell_what_it_multiplies(tmp_path: Path, text: str, name: str | None, has_bfloat16: bool) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    found = this_processor(path)
    assert found.has_bfloat16 is has_bfloat16
    assert name is None or found.name == name


@pytest.mark.parametrize(
    ("flags", "has_int8"),
    [
        ("avx2 avx512_vnni", True),
        ("avx2 avx_vnni", True),
        ("amx_int8", True),
        ("asimddp", True),
        ("avx2 avx512f", False),
    ],
)
def test_flags_tell_whether_it_adds_products_of_8_bits(flags: str, has_int8: bool) -> None:
    assert Processor("any", frozenset(flags.split())).has_int8 is has_int8


def test_a_system_that_does_not_tell_has_nothing(tmp_path: Path) -> None:
    assert this_processor(tmp_path / "nothing").flags == frozenset()
    assert not Processor("", frozenset()).has_bfloat16
    assert not Processor("", frozenset()).has_int8
