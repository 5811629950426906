"""Several networks of one picture and the same labels, read as the mean of their probabilities; its map in closed form.

With z_m the logit of member m of M for a label, p_m = 1 / (1 + exp(-z_m)) and F_m (K, h, w) its last feature map of n
cells, the ensemble says p = mean_m p_m. Its gradient with respect to the pooled features of member m is
p_m (1 - p_m) w_m / M. So the map `mean_m p_m (1 - p_m) sum_k w_mk F_mk / n`, which is the mean of p (1 - p) times the
member's class map, is to first order what each cell adds to p: its unit is probability. For one member it is that
member's class map times p (1 - p).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hilum.errors import UsageError
from hilum.explain.cell_shares import cell_shares
from hilum.networks.pooled_classifier import PooledClassifier


class EnsembleOutputs(NamedTuple):
    """Logits (N, L), the members' logits (N, M, L) and maps (N, L, h, w) in units of probability."""

    logits: Tensor
    member_logits: Tensor
    maps: Tensor


class EnsembleClassifier(nn.Module):
    """Trained networks, which do not train any more, as one; `size` is rows and columns of its input.

    A member whose grid is coarser than the finest has its map dealt to the finest cells that its own cover, by area,
    so that the map's sum stays. Raises `UsageError` for no members, or members that differ in labels or channels.
    """

    def __init__(self, members: Sequence[PooledClassifier], *, size: tuple[int, int]) -> None:
        super().__init__()
        shapes = {(member.head.out_features, member.channels) for member in members}
        if len(shapes) != 1:
            theirs = ", ".join(f"{labels} and {channels}" for labels, channels in sorted(shapes)) or "no members"
            raise UsageError(f"The members of an ensemble need equally many labels and channels; theirs: {theirs}")
        self.members = nn.ModuleList(members)
        self.eval()
        self.requires_grad_(False)
        grids = [member.grid(size) for member in members]
        finest = tuple(max(each) for each in zip(*grids, strict=True))
        self._dealt = [grid != finest for grid in grids]
        for index, grid in enumerate(grids):
            for name, cells, fine in zip(("down", "across"), grid, finest, strict=True):
                self.register_buffer(f"{name}_{index}", shares_of_cells(cells, fine=fine), persistent=False)

    def train(self, mode: bool = True) -> EnsembleClassifier:
        """Stays in evaluation mode: nothing here trains."""
        del mode
        super().train(False)
        return self

    def forward(self, x: Tensor) -> Tensor:
        """The logits (N, L) of a normalised input (N, C, H, W)."""
        return self.outputs(x).logits

    def outputs(self, x: Tensor) -> EnsembleOutputs:
        """All logits and the map; each member runs once."""
        found = [member.forward_with_maps(x) for member in self.members]  # type: ignore[operator]  # all are classifiers
        weighted = [
            (torch.sigmoid(logits) * torch.sigmoid(-logits))[:, :, None, None] * self._finest(maps, member=index)
            for index, (logits, maps) in enumerate(found)
        ]
        member_logits = torch.stack([logits for logits, _ in found], dim=1)
        return EnsembleOutputs(
            logits=log_odds_of_mean(member_logits),
            member_logits=member_logits,
            maps=torch.stack(weighted).mean(dim=0),
        )

    def _finest(self, maps: Tensor, *, member: int) -> Tensor:
        if not self._dealt[member]:
            return maps
        down, across = self.get_buffer(f"down_{member}"), self.get_buffer(f"across_{member}")
        return down @ maps @ across.T


def log_odds_of_mean(logits: Tensor) -> Tensor:
    """The log odds (N, L) of the mean over members of the probabilities of logits (N, M, L).

    It is log(sum p) - log(sum (1 - p)), each of logarithms that are never of 0: finite where every p is 0 or 1 in
    float32.
    """
    return _log_of_sum(_log_sigmoid(logits)) - _log_of_sum(_log_sigmoid(-logits))


def _log_sigmoid(logits: Tensor) -> Tensor:
    """log(1 / (1 + exp(-z))); written out, since torch's own becomes the logarithm of a sigmoid of 0 in a graph."""
    return logits.clamp(max=0.0) - torch.log1p(torch.exp(-logits.abs()))


def _log_of_sum(logarithms: Tensor) -> Tensor:
    """log(sum(exp)) over dim 1; written out, since not every engine keeps ReduceLogSumExp from overflowing."""
    top = logarithms.amax(dim=1, keepdim=True)
    return (top + torch.log(torch.exp(logarithms - top).sum(dim=1, keepdim=True))).squeeze(1)


def shares_of_cells(cells: int, *, fine: int) -> Tensor:
    """`cell_shares` as a tensor (fine, cells)."""
    return torch.from_numpy(cell_shares(cells, fine=fine))
