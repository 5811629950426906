"""Which gates tell a view: those with outputs for it, and thresholds that leave one answer at most."""

import pytest
from pydantic import ValidationError

from fabricate_gate import SPEC, VIEW_RULE, spec_with, write_gate
from hilum.bundle.gate_outputs import GATE_OUTPUTS, OUTPUTS_WITHOUT_VIEWS
from hilum.bundle.load import load_bundle


def test_a_gate_without_outputs_for_views_is_read_and_tells_none() -> None:
    spec = spec_with(outputs=OUTPUTS_WITHOUT_VIEWS)
    assert spec.view is None
    with pytest.raises(ValidationError, match="a gate that tells views has outputs for them"):
        spec.changed({"view": VIEW_RULE})


def test_the_rule_comes_back_from_the_card(tmp_path) -> None:
    write_gate(tmp_path / "gate", xray_type="chest", spec=spec_with(view=VIEW_RULE))
    card = load_bundle(tmp_path / "gate").card
    assert card.gate.view == VIEW_RULE
    assert card.label_names == GATE_OUTPUTS


@pytest.mark.parametrize("change", [{"ap_from": 0.4}, {"pa_from": 0.4}, {"temperature": 0.0}, {"lateral_from": 1.1}])
def test_thresholds_that_could_tell_two_views_are_refused(change) -> None:
    with pytest.raises(ValidationError):
        VIEW_RULE.changed(change)


@pytest.mark.parametrize("outputs", [GATE_OUTPUTS[:-1], GATE_OUTPUTS[::-1]])
def test_other_outputs_are_no_gates(outputs) -> None:
    with pytest.raises(ValidationError, match="a gate's outputs must be"):
        SPEC.changed({"outputs": outputs})
