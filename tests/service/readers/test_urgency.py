"""The order of a worklist: what is flagged, what nobody read, what nobody decided, the rest."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.reading.reader import Reader
from hilum.reading_result import Findings, GateVerdict, NotDecided, Reading
from hilum.service.readers.urgency import urgency


def read(reader: Reader, level: float) -> Reading:
    return reader.read(np.full((24, 32), round(level * 255), np.uint8), name="x")


def test_flagged_by_how_far_it_is_over_its_threshold(reader: Reader) -> None:
    """0.6 is 153/255: logit 2.8, probability 0.9427, threshold 0.5: 88.5% of the way to 1."""
    found = urgency(read(reader, 0.6))
    assert (found.rank, found.flagged) == ("flagged", ("Pneumonia",))
    assert found.value == pytest.approx(3.885, abs=1e-3)
    assert found.why.startswith("Pneumonia flagged: 94% (threshold 50%)")
    assert urgency(read(reader, 0.5)).value < found.value


def test_the_rest(reader: Reader) -> None:
    quiet = read(reader, 0.1)
    nothing = urgency(quiet)
    assert (nothing.rank, nothing.value, nothing.flagged) == ("nothing found", 0.0, ())
    because = NotDecided("age unknown", "the file gives no age")
    one = replace(quiet.findings[0], positive=None, not_decided=because)
    undecided = urgency(replace(quiet, findings=Findings((one,))))
    assert undecided.rank == "undecided"
    assert undecided.value == pytest.approx(1.0 + one.probability)
    refused = urgency(replace(quiet, findings=Findings(()), gate=GateVerdict("refused", "this is no radiograph")))
    assert (refused.rank, refused.value) == ("not read", 2.0)
    assert "this is no radiograph" in refused.why
    assert refused.value > undecided.value > nothing.value
