"""The public `Reader`: that of the command line, with results."""

from pathlib import Path

import numpy as np

import hilum
from fabricate_bundle import ToyBundle
from fabricate_pictures import marked
from hilum.reading import reader as base


def test_it_is_a_reader_whose_examinations_are_results(tmp_path: Path) -> None:
    bundle = ToyBundle().write(tmp_path / "toy")
    reader = hilum.Reader(models=[bundle], settings=hilum.ReaderSettings(heatmaps="all"))
    assert isinstance(reader, base.ReaderOf)
    one = reader.examine(marked(), name="mine")
    (first, failed) = reader.examine_many([marked(), "no such file"])
    assert isinstance(one, hilum.Result)
    assert isinstance(first, hilum.Result)
    assert isinstance(failed, hilum.FailedReading)
    assert (one.cards, one.every_heatmap) == (reader.cards, True)
    assert type(reader.read(marked())) is hilum.Reading
    found = base.Reader(models=[bundle], settings=reader.settings).examine(marked(), name="mine")
    assert found.reading.findings == one.reading.findings
    np.testing.assert_array_equal(found.heatmaps[0].grid, one.heatmaps[0].grid)
