"""Which two networks look: the pairs of Pun et al. 2021, and any other that a recipe can be made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from hilum.errors import UsageError

Head = Literal["whole", "crop", "fused"]
"""What is judged of a pair: the whole picture's network (the paper's global branch), the crop's (local), and fusion."""

HEADS: tuple[Head, ...] = get_args(Head)

_NETWORKS = {
    "densenet121": "DenseNet-121",
    "resnet50": "ResNet-50",
    "resnext50_32x4d": "ResNeXt-50",
    "resnext101_32x8d": "ResNeXt-101",
    "mobilenet_v1": "MobileNetV1",
    "mobilenet_v2": "MobileNetV2",
    "efficientnet_lite0": "EfficientNet-Lite0",
    "capsnet": "CapsNet",
}
_SHORT = {
    "densenet121": "D-121",
    "resnet50": "R-50",
    "resnext50_32x4d": "Rx-50",
    "resnext101_32x8d": "Rx-101",
}
"""The paper's own short names."""

_HEADS: dict[Head, str] = {"whole": "whole picture", "crop": "crop", "fused": "both looks"}
_BETWEEN = "+"


@dataclass(frozen=True, slots=True)
class NetworkPair:
    """The backbone of the whole picture's network and that of the crop's."""

    whole: str
    crop: str

    @property
    def equal(self) -> bool:
        """Whether both are the same network."""
        return self.whole == self.crop

    @property
    def name(self) -> str:
        """`resnet50`, or `resnet50+densenet121` of two networks."""
        return self.whole if self.equal else f"{self.whole}{_BETWEEN}{self.crop}"

    @property
    def title(self) -> str:
        """The same for a page: `ResNet-50`, or `ResNet-50 + DenseNet-121`."""
        return self._called(_NETWORKS)

    def arm(self, head: Head) -> str:
        """What the head is called in a study."""
        return f"{self.name}-{head}"

    def arm_title(self, head: Head) -> str:
        """What the head is called on a page of several pairs: `R-50, both looks`."""
        return f"{self._called({**_NETWORKS, **_SHORT})}, {_HEADS[head]}"

    def _called(self, names: Mapping[str, str]) -> str:
        both = [names.get(name, name) for name in (self.whole, self.crop)]
        return both[0] if self.equal else " + ".join(both)


PAPER_PAIRS = (
    *(NetworkPair(name, name) for name in (
        "resnet50", "resnext50_32x4d", "resnext101_32x8d", "densenet121", "mobilenet_v1", "capsnet",
    )),
    NetworkPair("densenet121", "capsnet"),
    NetworkPair("resnet50", "capsnet"),
    NetworkPair("resnet50", "densenet121"),
    NetworkPair("densenet121", "resnet50"),
    NetworkPair("resnet50", "mobilenet_v1"),
    NetworkPair("resnext101_32x8d", "resnext50_32x4d"),
)  # fmt: skip
"""The paper's six equal and six mixed pairs; its CapsNet reads 28 pixels, the one of hilum what the others read."""

VOTERS = PAPER_PAIRS[:3]
"""The paper's soft vote: ResNet-50, ResNeXt-50 and ResNeXt-101."""

VOTE, VOTE_OF_ALL = "vote", "vote-of-all"
"""What the soft vote is called as an arm: the paper's, or that of all pairs where not all of the paper's are there."""

PAPER = "paper"
"""What stands for all pairs of the paper."""


def pairs_of(text: str) -> tuple[NetworkPair, ...]:
    """The pairs that a text names: `paper`, or names with commas between them, `resnet50,resnet50+densenet121`.

    Raises `UsageError` for none, and for one that comes twice or has more than two networks.
    """
    if text == PAPER:
        return PAPER_PAIRS
    found = [_pair(word.strip()) for word in text.split(",")]
    if len(set(found)) < len(found):
        raise UsageError(f"A pair is named twice in {text!r}. Name each once")
    return tuple(found)


def _pair(word: str) -> NetworkPair:
    names = [name.strip() for name in word.split(_BETWEEN)]
    if not all(names) or len(names) > 2:
        raise UsageError(f"{word!r} is not a pair of networks. Write resnet50 or resnet50{_BETWEEN}densenet121")
    return NetworkPair(names[0], names[-1])


def voters(pairs: Sequence[NetworkPair]) -> tuple[NetworkPair, ...]:
    """Whose fusions vote: the paper's three where all are among `pairs`, else all of two or more."""
    if set(VOTERS) <= set(pairs):
        return VOTERS
    return tuple(pairs) if len(pairs) > 1 else ()


def vote_of(pairs: Sequence[NetworkPair]) -> str:
    """What the vote of `voters` is called."""
    return VOTE if set(pairs) == set(VOTERS) else VOTE_OF_ALL


def studied_titles(pairs: Sequence[NetworkPair]) -> dict[str, str]:
    """By arm, its title: of the paper's pairs and of those studied, which need no network's name where it is one.

    The soft votes are among them.
    """
    titles = {pair.arm(head): pair.arm_title(head) for pair in (*PAPER_PAIRS, *pairs) for head in HEADS}
    titles |= {VOTE: "soft vote", VOTE_OF_ALL: "soft vote"}
    return titles if len(pairs) > 1 else {**titles, **{pairs[0].arm(head): _HEADS[head] for head in HEADS}}
