"""A source of maps that asks the torch network of a bundle, by any of the methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch

from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.datasets.records.label_values import own_label
from hilum.datasets.records.record import Record
from hilum.errors import HilumError
from hilum.evaluation.bundles.run_folder import Run
from hilum.evaluation.localisation.maps import TURNED, DrawnMaps, Method, Unread
from hilum.explain.fused_map import PlacedMap, cells_of
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import ModelInput, preprocess
from hilum.networks.network_of_bundle import network_of_bundle
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.localisation.methods import NetworkMethod, ask, chosen_methods
from hilum.training.loop.checkpoints import WEIGHTS


class NetworkMaps:
    """The maps of a network by the `chosen` methods; `card` says how pictures are prepared and logits calibrated."""

    def __init__(self, network: PooledClassifier, *, card: Card, chosen: Mapping[str, NetworkMethod]) -> None:
        self.network, self.card, self.chosen = network.eval().requires_grad_(False), card, chosen

    @property
    def methods(self) -> Mapping[str, Method]:
        """What it draws, by key."""
        return {key: one.method for key, one in self.chosen.items()}

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the card."""
        return tuple(map(own_label, self.card.label_names))

    def draw(self, wanted: Sequence[tuple[Record, tuple[str, ...]]]) -> Iterator[DrawnMaps | Unread]:
        """Of each record, in order, the maps of the labels that are wanted of it; one picture at a time."""
        for record, labels in wanted:
            yield self._of(record, labels=labels)

    def _of(self, record: Record, *, labels: Sequence[str]) -> DrawnMaps | Unread:
        try:
            radiograph = decode(read_file(record.path), name=record.image)
        except HilumError as error:
            return Unread("could not be read", str(error))
        if radiograph.source.stored is not None:
            return Unread(TURNED)
        model_input = preprocess(radiograph.pixels, spec=self.card.preprocess)
        maps, probabilities = self.maps_of(model_input, labels=labels)
        return DrawnMaps(pixels=radiograph.pixels, probabilities=probabilities, maps=maps)

    def maps_of(
        self, model_input: ModelInput, *, labels: Sequence[str]
    ) -> tuple[dict[str, dict[str, PlacedMap]], dict[str, float]]:
        """The maps of a prepared picture by label and method, and the calibrated probability of every label."""
        images = torch.from_numpy(model_input.array)[None]
        names = self.labels
        asked = ask(self.network, images, columns=[names.index(label) for label in labels])
        with torch.inference_mode():
            logits = self.network(images)[0].tolist()
        size = images.shape[-2], images.shape[-1]
        found: dict[str, dict[str, PlacedMap]] = {label: {} for label in labels}
        for key, one in self.chosen.items():
            for label, grid in zip(labels, one.maps(asked), strict=True):
                found[label][key] = cells_of(grid.copy(), geometry=model_input.geometry, input_size=size)
        probabilities = {
            name: label.calibration.probability(logit)
            for name, label, logit in zip(names, self.card.labels, logits, strict=True)
        }
        return found, probabilities


def maps_of_bundle(bundle: Bundle, *, run: Run | None, methods: Sequence[str]) -> NetworkMaps:
    """The source of a bundle's network by the `methods` of these names; `run` is the training that it came from.

    Raises as `network_of_bundle` and `chosen_methods` do.
    """
    weights = () if run is None else tuple(sorted(run.folder.glob(f"*/{WEIGHTS}")))
    network = network_of_bundle(bundle, weights=weights)
    return NetworkMaps(network, card=bundle.card, chosen=chosen_methods(methods, network=network))
