"""Makes a tiny gate bundle whose 24 logits are a straight line of the picture's mean brightness.

    python tests/fabricate_gate.py FOLDER

A dark picture is refused; a bright one is an X-ray of the type that was asked for.
"""

import argparse
from pathlib import Path

import numpy as np

from fabricate_bundle import CELL, ToyBundle, ToyNetwork
from hilum.bundle.card import Card, GateFigure, GateSpec, HeatmapSpec, Scope
from hilum.bundle.gate_outputs import GATE_OUTPUTS, IS_XRAY, TYPES, VIEWS
from hilum.bundle.label import PlattCalibration
from hilum.bundle.load import Bundle
from hilum.bundle.save import write_bundle
from hilum.bundle.view_rule import ViewRule
from hilum.findings import XRAY_TYPES

SPEC = GateSpec(
    outputs=GATE_OUTPUTS,
    is_xray=PlattCalibration(slope=1.0, intercept=0.0),
    refuse_below=0.3,
    accept_from=0.7,
    type_temperature=1.0,
    score="largest probability",
    none_below=0.2,
    unsure_below=0.6,
    chest_from=0.8,
    candidates_mass=0.9,
    turned_from=0.5,
    inverted_from=0.5,
    cropped_from=0.5,
    figures=(GateFigure(name="none", value=0.5, interval=None, n=0, groups=0, protocol="fabricated"),),
)
"""Thresholds that a test can compute with by hand."""


def logits_of(*, xray: float = 5.0, **named: float) -> np.ndarray:
    """float32 (24,): `xray`, and any output by its name (spaces as underscores); every other is 0."""
    values = np.zeros(len(GATE_OUTPUTS), np.float32)
    values[IS_XRAY] = xray
    for name, value in named.items():
        values[GATE_OUTPUTS.index(name.replace("_", " "))] = value
    return values


VIEW_RULE = ViewRule(temperature=1.0, lateral_from=0.5, ap_from=0.8, pa_from=0.9)


def toy_gate_network(xray_type: str, *, looks: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> ToyNetwork:
    """The radiograph's logit is 20 x mean - 5, the type's 10 x mean; the picture's mean lies in [0, 1].

    `looks` are the logits of the views PA, AP and lateral, whatever the picture.
    """
    weights, bias = np.zeros((len(GATE_OUTPUTS), 1), np.float32), np.zeros(len(GATE_OUTPUTS), np.float32)
    weights[IS_XRAY], bias[IS_XRAY] = 20.0, -5.0
    bias[VIEWS] = looks
    weights[TYPES.start + XRAY_TYPES.index(xray_type)] = 10.0
    kernel = np.full((1, 1, CELL, CELL), 1 / CELL**2, np.float32)
    return ToyNetwork(kernel, np.zeros(1, np.float32), weights, bias)


def write_gate(
    folder: Path,
    *,
    xray_type: str,
    name: str = "toy-gate",
    spec: GateSpec = SPEC,
    looks: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Bundle:
    """A gate bundle in `folder`."""
    network = toy_gate_network(xray_type, looks=looks)
    toy = ToyBundle(network=network, name=name, heatmap=HeatmapSpec(method="none"))
    fields = toy.card().model_dump(by_alias=True) | {
        "kind": "gate",
        "labels": (),
        "gate": spec.model_dump(),
        "scope": Scope(xray_type="any", age_years=None, views=None).model_dump(),
    }
    return write_bundle(folder, card=Card.model_validate(fields), files=toy.files())


def spec_with(**changes: object) -> GateSpec:
    """`SPEC` with some thresholds changed."""
    return GateSpec.model_validate(SPEC.model_dump() | changes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a toy gate that accepts bright pictures as hands.")
    parser.add_argument("folder", type=Path)
    write_gate(parser.parse_args().folder, xray_type="hand")
