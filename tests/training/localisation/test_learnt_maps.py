"""On phantoms of known boxes: what a network learnt finds the lesion better than the average box; chance does not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fabricate_torch_bundle import card_of
from hilum.datasets.own.own_boxes import read_own_boxes
from hilum.evaluation.localisation.cases import choose_cases
from hilum.evaluation.localisation.judge import MethodFigures
from hilum.evaluation.localisation.localise import LocalisationSettings, localise
from hilum.evaluation.localisation.maps import MapSource
from hilum.evaluation.localisation.measure import AVERAGE
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.phantom.lesions import LesionSpec
from hilum.phantom.thorax import render_thorax
from hilum.training.localisation.methods import chosen_methods
from hilum.training.localisation.network_maps import NetworkMaps
from hilum.training.localisation.random_weights import cascade

SIDE, LEARNT, JUDGED = 96, 36, 20
LABEL = "Consolidation"


def fabricate(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """One healthy phantom (SIDE, SIDE), and as many with a lesion in either lung (LEARNT, SIDE, SIDE) to learn from.

    Others lie in `folder` as pictures with their boxes.csv.
    """
    draw = np.random.default_rng(0)
    rows, ill = ["image,patient,label,x,y,width,height"], []
    for number in range(LEARNT + JUDGED):
        centre = float((0.29, 0.71)[number % 2] + draw.uniform(-0.03, 0.03)), float(draw.uniform(0.3, 0.62))
        lesion = LesionSpec(LABEL, centre=centre, radii=(0.1, 0.1), density=3.0)
        phantom = render_thorax(rows=SIDE, columns=SIDE, seed=0, lesions=(lesion,), label=False)
        if number < LEARNT:
            ill.append(phantom.pixels)
            continue
        Image.fromarray(np.rint(phantom.pixels * 255).astype(np.uint8)).save(folder / f"{number}.png")
        rows.append(",".join(map(str, (f"{number}.png", number, LABEL, *phantom.lesions[0].box.as_list()))))
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n")
    return render_thorax(rows=SIDE, columns=SIDE, seed=0, label=False).pixels, np.stack(ill)


def learnt(healthy: np.ndarray, ill: np.ndarray) -> PooledClassifier:
    """A small network that learnt in nine epochs to tell them apart, with a little noise over both."""
    noise = np.random.default_rng(1).normal(0, 0.03, (2 * LEARNT, SIDE, SIDE))
    pictures = np.concatenate([ill, np.repeat(healthy[None], LEARNT, 0)]) + noise
    images = torch.tensor((pictures - 0.5) / 0.5).float()[:, None].expand(-1, 3, -1, -1)
    truth = torch.tensor([1.0] * LEARNT + [0.0] * LEARNT)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = PooledClassifier("squeezenet1_1", labels=1)
        optimizer = torch.optim.AdamW(network.parameters(), lr=3e-4)
        for _ in range(9):
            for rows in torch.split(torch.randperm(2 * LEARNT), 8):
                loss = torch.nn.functional.binary_cross_entropy_with_logits(network(images[rows])[:, 0], truth[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return network.eval()


def judged(source: MapSource, folder: Path) -> dict[str, MethodFigures]:
    chosen = choose_cases(read_own_boxes(folder), labels=source.labels)
    settings = LocalisationSettings(thresholds=(0.7,), replicates=1000)
    return dict(localise(chosen, source=source, settings=settings, progress=lambda _d, _c: None).figures.labels[LABEL])


@pytest.mark.slow
def test_a_learnt_map_finds_the_lesion_better_than_the_average_box_and_a_random_one_does_not(tmp_path: Path) -> None:
    network = learnt(*fabricate(tmp_path))
    card = card_of(labels=(LABEL,), size=SIDE, architecture=network.name)
    own = judged(
        NetworkMaps(network, card=card, chosen=chosen_methods(("grad-cam", "occlusion"), network=network)), tmp_path
    )
    for method, least in (("grad-cam", 0.0), ("occlusion", 0.3)):
        gain = own[method].at[0.7].gain
        assert gain is not None
        assert gain.bounds[0] > least, method
        assert own[method].pointing.value > own[AVERAGE].pointing.value
    *_, (_, chance) = cascade(network, seed=1)
    found = judged(NetworkMaps(chance, card=card, chosen=chosen_methods(("grad-cam",), network=chance)), tmp_path)
    random_gain = found["grad-cam"].at[0.7].gain
    assert random_gain is not None
    assert random_gain.bounds[0] <= 0
    assert found["grad-cam"].pointing.value < own["occlusion"].pointing.value / 2
