"""Two networks of one picture, whole and cut to where the first attends, and one linear layer over what both saw.

With m the whole picture's pooled last feature map (K), c the crop's (K') and a what else is known of the patient (M),
the fused logit of label l is `b_l + w_l . m + v_l . c + u_l . a`. Its class maps `sum_k w_lk F_k / n` and
`sum_k v_lk G_k / n'` and what each thing told adds sum to `z_l` less a constant (Guan et al. 2018, section 3; with age,
sex and view, Pun et al. 2021).

The picture comes once, larger than either network's input: the whole look is that picture made small, the crop a part
of it at up to its own resolution. Each network's own linear layer reads its look alone.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.fx
from torch import Tensor, nn

from hilum.errors import UsageError
from hilum.networks.attention import Attention, attended_boxes
from hilum.networks.cut import cut, whole_boxes
from hilum.networks.fusion import FusionHead
from hilum.networks.pooled_classifier import PooledClassifier

# leaves of torch.fx, which cannot follow what depends on shapes
torch.fx.wrap("attended_boxes")
torch.fx.wrap("cut")
torch.fx.wrap("whole_boxes")
torch.fx.wrap("_rows_of")
torch.fx.wrap("_as_batch_of_boxes")
torch.fx.wrap("_class_maps")


class ThreeLogits(NamedTuple):
    """Logits (N, L) of the whole picture alone, of the crop alone, and of both and what is known of the patient."""

    whole: Tensor
    crop: Tensor
    fused: Tensor


class TwoLooksOutputs(NamedTuple):
    """All that a reading needs, in the order of a graph's outputs.

    Logits (N, L); class maps (N, L, h, w) of the fused logit in units of logit contribution; `boxes` (N, B, 4), left,
    top, right and bottom in pixels of the input, as float32; `told` (N, G, L), what each thing that is known of the
    patient changes of the fused logit, against its being unknown.
    """

    logits: Tensor
    whole_logits: Tensor
    crop_logits: Tensor
    whole_maps: Tensor
    crop_maps: Tensor
    boxes: Tensor
    told: Tensor


class Told:
    """How things known of a patient stand in the vector `a` (M): `unknown` is a patient of whom nothing is known.

    `groups` says for each place of the vector which of the G things it belongs to.
    """

    def __init__(self, *, unknown: tuple[float, ...], groups: tuple[int, ...]) -> None:
        if len(unknown) != len(groups) or set(groups) != set(range(len(set(groups)))):
            raise UsageError(f"Each of {len(unknown)} places needs a group, counted from 0; given: {groups}")
        self.unknown = torch.tensor(unknown, dtype=torch.float32)
        self.groups = torch.nn.functional.one_hot(torch.tensor(groups, dtype=torch.int64)).T.float()


class TwoLooks(nn.Module):
    """Both networks and the fusion; `size` is rows and columns of either look, `told` what stands in `a`.

    The input is grey, (N, 1, H, W) in [0, 1]; `mean` and `std` are those of both networks' input channels. Raises
    `UsageError` where the networks' labels or channels differ.
    """

    _mean: Tensor
    _std: Tensor
    _unknown: Tensor
    _groups: Tensor

    def __init__(
        self,
        *,
        whole: PooledClassifier,
        crop: PooledClassifier,
        size: tuple[int, int],
        attention: Attention,
        told: Told,
        mean: tuple[float, ...],
        std: tuple[float, ...],
    ) -> None:
        super().__init__()
        labels = whole.weight.shape[0]
        if crop.weight.shape[0] != labels or whole.channels != crop.channels or whole.channels != len(mean):
            raise UsageError(
                f"The two networks need the same labels and {len(mean)} channels each; they have {labels} and "
                f"{crop.weight.shape[0]} labels, {whole.channels} and {crop.channels} channels"
            )
        self.whole, self.crop, self.size, self.attention = whole, crop, size, attention
        self._parts = [whole.weight.shape[1], crop.weight.shape[1], len(told.unknown)]
        self.fusion = FusionHead(features=sum(self._parts), labels=labels)
        for name, values in {"mean": mean, "std": std}.items():
            self.register_buffer(f"_{name}", torch.tensor(values)[:, None, None], persistent=False)
        self.register_buffer("_unknown", told.unknown, persistent=False)
        self.register_buffer("_groups", told.groups, persistent=False)

    @property
    def backbones(self) -> tuple[nn.Module, nn.Module]:
        """Both feature extractors, which a recipe may freeze and release together."""
        return self.whole.backbone, self.crop.backbone

    @property
    def weights(self) -> tuple[Tensor, Tensor, Tensor]:
        """The fusion's weights of the whole look (L, K), of the crop (L, K') and of what is known (L, M)."""
        whole, crop, told = torch.split(self.fusion.head.weight, self._parts, dim=1)
        return whole, crop, told

    def forward(self, picture: Tensor, about: Tensor | None = None) -> ThreeLogits:
        """The logits of all three heads for `picture` (N, 1, H, W) and what is known of the patients, (N, M).

        Without `about` nothing is known of them: what only measures both networks on pictures has nothing to give. The
        fusion's gradient reaches its own layer alone, as each network's head trains its network.
        """
        of_whole = self.whole.features(self._looks(picture, whole_boxes(picture)))
        pooled = of_whole.mean(dim=(-2, -1))
        whole = self.whole.head(self.whole.dropout(pooled))
        boxes = self.boxes(picture, of_whole, whole)
        seen = self.crop.features(self._looks(picture, boxes)).mean(dim=(-2, -1))
        seen = _as_batch_of_boxes(seen, boxes)
        crop = _rows_of(self.crop.dropout(seen), self.crop.weight) + self.crop.bias
        known = self._unknown.expand(len(picture), -1) if about is None else about
        return ThreeLogits(whole, crop, self._fused(pooled.detach(), seen.detach(), known))

    def boxes(self, picture: Tensor, features: Tensor, logits: Tensor) -> Tensor:
        """Where the whole look's last feature map and logits send the crop: int64 (N, B, 4) in pixels of `picture`."""
        return attended_boxes(features, self.whole.weight, logits, self.attention, _sides(picture))

    def forgotten(self, about: Tensor, *, probability: float) -> Tensor:
        """What is known (N, M), of which each thing is unknown with `probability`, each patient drawn on his own."""
        lost = torch.rand(len(about), len(self._groups), device=about.device) < probability
        return torch.where((lost.float() @ self._groups) > 0, self._unknown, about)

    def outputs(self, picture: Tensor, about: Tensor) -> TwoLooksOutputs:
        """All that a reading needs; each network runs once."""
        of_whole = self.whole.features(self._looks(picture, whole_boxes(picture)))
        pooled = of_whole.mean(dim=(-2, -1))
        whole = self.whole.head(pooled)
        boxes = self.boxes(picture, of_whole, whole)
        of_crop = self.crop.features(self._looks(picture, boxes))
        seen = _as_batch_of_boxes(of_crop.mean(dim=(-2, -1)), boxes)
        weight_whole, weight_crop, weight_told = self.weights
        against_unknown = (about - self._unknown)[:, None] * self._groups
        return TwoLooksOutputs(
            logits=self._fused(pooled, seen, about),
            whole_logits=whole,
            crop_logits=_rows_of(seen, self.crop.weight) + self.crop.bias,
            whole_maps=_class_maps(of_whole[:, None], weight=weight_whole),
            crop_maps=_class_maps(_as_batch_of_boxes(of_crop, boxes), weight=weight_crop),
            boxes=boxes.float(),
            told=against_unknown @ weight_told.T,
        )

    def _looks(self, picture: Tensor, boxes: Tensor) -> Tensor:
        """The boxes (N, B, 4) of each picture as a network takes them, (N B, C, rows, columns)."""
        grey = cut(picture, boxes, self.size).flatten(0, 1)
        return (grey - self._mean) / self._std

    def _fused(self, pooled: Tensor, seen: Tensor, about: Tensor) -> Tensor:
        whole, crop, told = self.weights
        return pooled @ whole.T + _rows_of(seen, crop) + about @ told.T + self.fusion.head.bias


def _sides(picture: Tensor) -> tuple[int, int]:
    return picture.shape[-2], picture.shape[-1]


def _as_batch_of_boxes(each: Tensor, boxes: Tensor) -> Tensor:
    """(N, B, ...) of what was computed for all boxes of all pictures in a row, (N B, ...)."""
    return each.reshape(-1, boxes.shape[1], *each.shape[1:])


def _rows_of(seen: Tensor, weight: Tensor) -> Tensor:
    """What a linear layer (L, K) without its bias says of one box a picture, or of each label's own, (N, B, K)."""
    if seen.shape[1] == 1:
        return seen[:, 0] @ weight.T
    return (seen * weight).sum(dim=-1)


def _class_maps(features: Tensor, *, weight: Tensor) -> Tensor:
    """`sum_k w_lk F_k / n`, (N, L, h, w), of one map a picture or each label's own, (N, B, K, h, w)."""
    cells = features.shape[-2] * features.shape[-1]
    if features.shape[1] == 1:
        return nn.functional.conv2d(features[:, 0], weight[:, :, None, None]) / cells
    return (features * weight[:, :, None, None]).sum(dim=2) / cells
