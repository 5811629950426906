"""Cross-entropy over labels that form a tree (Chen et al. 2020): first each given the one above it, then each alone.

Every label k of the tree has a logit z_k of being there given that the label above it is:

    P(k | above k) = 1 / (1 + e^-z_k)
    P(k) = the product of that of k and of every label above it

`conditional` is the cross-entropy of P(k | above k) over the images where the label above is there; `unconditional`
that of P(k) over all images. Chen et al. train by the first and go on by the second. With G_k = log(1 / P(k) - 1),
`unconditional` is the cross-entropy of the logit -G_k. Chen et al. write the product out, so that G_k is the logarithm
of a sum over all sets of labels on the way to k, which neither overflows nor cancels; taken one label at a time it is

    G_k = log(e^G_above + e^-z_k + e^(G_above - z_k))

A label that no image of the data names (a group of others) is there where a label under it is, and not there where all
under it are known not to be. What stands under `alone` ("No Finding") is there only where that label is not: its P and
its value are taken as 1 - P and 1 - y on the way down.

Chen et al.: "Deep hierarchical multi-label classification applied to chest X-ray abnormality taxonomies", Medical Image
Analysis 66, 2020 (arXiv:2009.05609).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchical:
    """The loss of a tree; `above` has for each label that stands under another the name of that one.

    A stage's labels must be those of the tree. `alone` is the one whose absence is what others stand under, or None.
    `groups` are labels that the data do not name: networks learn them, and nobody is told of them. A network trained by
    it says P(k) only through `unconditional_logits`, so it has no bundle: it is for studies.
    """

    above: Mapping[str, str]
    alone: str | None = None
    groups: tuple[str, ...] = ()
    probability: Literal["conditional", "unconditional"] = "unconditional"

    def __post_init__(self) -> None:
        for label in self.above:
            way = [label]
            while way[-1] in self.above:
                way.append(self.above[way[-1]])
                if way[-1] in way[:-1]:
                    raise UsageError(f"The labels of the loss form a circle, not a tree: {' under '.join(way)}")
        parents = set(self.above.values())
        bare = [group for group in self.groups if group not in parents]
        if bare:
            raise UsageError(f"These groups of the loss have no labels under them: {', '.join(bare)}")

    def check_labels(self, labels: Sequence[str]) -> None:
        """Raise `UsageError` where the tree names a label that is none of these."""
        named = [*self.above, *self.above.values(), *self.groups, *([] if self.alone is None else [self.alone])]
        strange = [name for name in dict.fromkeys(named) if name not in labels]
        if strange:
            raise UsageError(
                f"The tree of labels names {', '.join(strange)}, which the stage does not have ({', '.join(labels)}). "
                "Add them to the stage's labels"
            )

    def told(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The labels that are no groups."""
        return tuple(label for label in labels if label not in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The tree by the places of its labels among a network's: `order` has what stands above before what is below it.

    `above` is by place, None at a root; `alone` the place of the label whose absence counts.
    """

    order: tuple[int, ...]
    above: tuple[int | None, ...]
    alone: int | None
    groups: frozenset[int] = field(default=frozenset())


def tree_of(spec: Hierarchical, *, labels: Sequence[str]) -> Tree:
    """The tree of `spec` among `labels`. Raises as `check_labels` does."""
    spec.check_labels(labels)
    places = {label: place for place, label in enumerate(labels)}
    above = tuple(places[spec.above[label]] if label in spec.above else None for label in labels)

    def depth(place: int) -> int:
        over = above[place]
        return 0 if over is None else 1 + depth(over)

    return Tree(
        order=tuple(sorted(range(len(labels)), key=depth)),
        above=above,
        alone=None if spec.alone is None else places[spec.alone],
        groups=frozenset(places[group] for group in spec.groups),
    )


def unconditional_logits(logits: Tensor, *, tree: Tree) -> Tensor:
    """The logits of P(k), (N, L), from those of P(k | above k), (N, L)."""
    against: dict[int, Tensor] = {}  # G by place
    for place in tree.order:
        own, over = -logits[:, place], tree.above[place]
        if over is None:
            against[place] = own
            continue
        before = -against[over] if over == tree.alone else against[over]
        against[place] = torch.logaddexp(torch.logaddexp(before, own), before + own)
    return -torch.stack([against[place] for place in range(logits.shape[1])], dim=1)


def with_groups(targets: Tensor, *, tree: Tree) -> Tensor:
    """Targets (N, L) in which each group has its value, NaN where that does not follow from those under it."""
    columns = list(targets.unbind(dim=1))
    for place in reversed(tree.order):
        if place in tree.groups:
            under = torch.stack([columns[child] for child, over in enumerate(tree.above) if over == place])
            some = torch.nan_to_num(under).amax(dim=0)
            columns[place] = torch.where((some == 1) | ~under.isnan().any(dim=0), some, torch.nan)
    return torch.stack(columns, dim=1)


def hierarchical_loss(
    logits: Tensor, targets: Tensor, *, tree: Tree, probability: Literal["conditional", "unconditional"]
) -> tuple[Tensor, Tensor]:
    """The sum over the labels that count and how many they are, of logits (N, L) and targets (N, L), NaN where missing.

    Of `conditional` a label counts where it is known and the one above it is there, for sure: not between 0 and 1.
    """
    whole = with_groups(targets.to(logits.dtype), tree=tree)
    counts = ~whole.isnan()
    if probability == "unconditional":
        logits = unconditional_logits(logits, tree=tree)
    else:
        counts = counts & _there_above(whole, tree=tree)
    losses = F.binary_cross_entropy_with_logits(logits, torch.where(counts, whole, 0.0), reduction="none")
    return (losses * counts).sum(), counts.sum()


def _there_above(targets: Tensor, *, tree: Tree) -> Tensor:
    """Whether what stands above each label is there, (N, L); at a root there is nothing to be there."""
    columns = []
    for over in tree.above:
        if over is None:
            columns.append(torch.ones_like(targets[:, 0], dtype=torch.bool))
        else:
            columns.append(targets[:, over] == (0.0 if over == tree.alone else 1.0))
    return torch.stack(columns, dim=1)
