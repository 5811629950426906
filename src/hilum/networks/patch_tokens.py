"""Vision transformers as feature extractors: the map of their patch tokens after the last norm.

A linear layer over the mean of the patch tokens is a sum over the patches, so it has class maps in closed form like one
over a convolutional network's last map; only that the tokens may be negative. The layers are timm's. Their shapes are
those of published foundations: EVA-02 (Fang et al. 2023) as EVA-X sizes it, DINOv2's ViT-B (Oquab et al. 2023) and Swin
(Liu et al. 2021) as Ark+ does.
"""

from __future__ import annotations

from dataclasses import dataclass

from timm.models.eva import Eva
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from hilum.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaShape:
    """An EVA-02 transformer with a class token, SwiGLU and rotary positions, on patches of 16 pixels.

    `side` is that of the picture and `channels` K. The base size has separate queries, keys and values and a norm
    within its SwiGLU (`split`); the smaller ones have neither. `normed` says whether the tokens are normed at the end.
    """

    channels: int
    depth: int
    heads: int
    split: bool = False
    normed: bool = True
    side: int = 224
    patch: int = 16

    def build(self) -> nn.Module:
        """The extractor with random weights."""
        network = Eva(
            img_size=self.side,
            patch_size=self.patch,
            num_classes=0,
            global_pool="",
            embed_dim=self.channels,
            depth=self.depth,
            num_heads=self.heads,
            qkv_fused=not self.split,
            mlp_ratio=8 / 3,
            swiglu_mlp=True,
            scale_mlp=self.split,
            use_rot_pos_emb=True,
            ref_feat_shape=(self.side // self.patch, self.side // self.patch),
            use_post_transformer_norm=self.normed,
            use_fc_norm=False,
        )
        return PatchTokens(network, side=self.side, patch=self.patch)


@dataclass(frozen=True, slots=True, kw_only=True)
class VitShape:
    """A DINOv2 transformer with a class token, learnt positions and layer scales, on patches of 14 pixels."""

    channels: int
    depth: int
    heads: int
    side: int = 518
    patch: int = 14

    def build(self) -> nn.Module:
        """The extractor with random weights."""
        network = VisionTransformer(
            img_size=self.side,
            patch_size=self.patch,
            num_classes=0,
            global_pool="",
            embed_dim=self.channels,
            depth=self.depth,
            num_heads=self.heads,
            init_values=1e-5,
        )
        return PatchTokens(network, side=self.side, patch=self.patch)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwinShape:
    """A Swin transformer on patches of 4 pixels; each stage after the first halves the grid and doubles the width.

    `width` is that of the first stage, so that the last one has `channels`.
    """

    width: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: int
    side: int
    patch: int = 4

    @property
    def channels(self) -> int:
        """K of the last stage."""
        return int(self.width * 2 ** (len(self.depths) - 1))

    def build(self) -> nn.Module:
        """The extractor with random weights."""
        network = SwinTransformer(
            img_size=self.side,
            patch_size=self.patch,
            num_classes=0,
            global_pool="",
            embed_dim=self.width,
            depths=self.depths,
            num_heads=self.heads,
            window_size=self.window,
        )
        return PatchTokens(network, side=self.side, patch=self.patch)


TransformerShape = EvaShape | VitShape | SwinShape


class PatchTokens(nn.Module):
    """A transformer of timm's, from (N, C, side, side) to its patch tokens as a map (N, K, h, w).

    Raises `UsageError` for a picture of another size: the positions are learnt for one grid.
    """

    def __init__(self, features: nn.Module, *, side: int, patch: int) -> None:
        super().__init__()
        self.features = features
        self.side, self.patch = side, patch

    def forward(self, x: Tensor) -> Tensor:
        """The map; class tokens are left out of it."""
        if x.shape[-2:] != (self.side, self.side):
            raise UsageError(
                f"This transformer takes images of {self.side} x {self.side} pixels; given: {x.shape[-2]} x "
                f"{x.shape[-1]}. Change the recipe's preprocessing"
            )
        tokens: Tensor = self.features.forward_features(x)  # type: ignore[operator]  # of timm's networks
        if tokens.ndim == 4:  # Swin's, (N, h, w, K)
            return tokens.permute(0, 3, 1, 2)
        grid = self.side // self.patch
        patches = tokens[:, -grid * grid :]  # class tokens stand before them
        return patches.transpose(1, 2).reshape(-1, patches.shape[-1], grid, grid)
