"""The first sanity check of Adebayo et al. 2018: maps of a network whose weights are made random, from the top down.

Section 3.1 of arXiv:1810.03292, the cascading randomisation: the linear layer first, then one block of the backbone
after the other, last first, until nothing is left of what was learnt.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import nn

from hilum.evaluation.localisation.cases import ChosenCases
from hilum.evaluation.localisation.localise import LocalisationSettings
from hilum.evaluation.localisation.sanity import KeptMaps, compare_maps, keep_maps, sanity_section
from hilum.evaluation.study.section import SectionContent
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.localisation.network_maps import NetworkMaps
from hilum.training.recipe.freezing import blocks_of

STEPS = 4
"""At how many places of the backbone the cascade is looked at, beside the linear layer alone."""


def random_weights_section(
    chosen: ChosenCases, *, source: NetworkMaps, own: KeptMaps, most: int, settings: LocalisationSettings
) -> SectionContent:
    """The section: each step of the cascade beside the model's `own` maps of at most `most` cases of each label."""
    compared = {}
    for name, network in cascade(source.network, seed=settings.seed):
        other = NetworkMaps(network, card=source.card, chosen=source.chosen)
        kept = keep_maps(chosen, source=other, most=most, settings=settings)
        compared[name] = compare_maps(own, kept, settings=settings)
    return sanity_section(
        compared,
        key="random_weights",
        title="Maps of a network whose weights are random",
        source=source,
        note="Weights are drawn anew from the top down: what a map still shows when all are random is not what the "
        "network learnt (Adebayo et al. 2018).",
        threshold=settings.thresholds[0],
    )


def cascade(network: PooledClassifier, *, seed: int) -> Iterator[tuple[str, PooledClassifier]]:
    """The network with ever more random weights, and what of it is random in words; the network itself stays.

    First its linear layer, then more and more blocks of the backbone, last first. The same seed gives the same weights,
    however many are random.
    """
    blocks = blocks_of(network.backbone)
    counts = sorted({round(len(blocks) * step / STEPS) for step in range(STEPS + 1)})
    for count in counts:
        made = copy.deepcopy(network)
        own = blocks_of(made.backbone)
        layers = [made.head, *(layer for block in own[len(own) - count :][::-1] for layer in block)]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            for layer in layers:
                _draw_anew(layer)
        what = "linear layer" if not count else f"linear layer and last {count} of {len(blocks)} blocks"
        yield what, made.eval().requires_grad_(False)


def _draw_anew(layer: nn.Module) -> None:
    for module in layer.modules():
        reset = getattr(module, "reset_parameters", None)
        if callable(reset):
            reset()
