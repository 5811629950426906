"""Published foundations' weights by the names that timm's networks give the same parameters.

EVA-X (Yao et al. 2025, npj Digital Medicine; github.com/hustvl/EVA-X), RAD-DINO (Pérez-García et al. 2025, Nature
Machine Intelligence; huggingface.co/microsoft/rad-dino) and Ark+ (Ma et al. 2025, Nature; github.com/jlianglab/Ark).
Everything here goes by names; shapes are compared where the tensors are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]
Names = Callable[[Tensors], dict[str, Tensor]]
"""What gives a file's tensors the names that timm's network has for them."""

_EVA_UNUSED = ("mask_token", "lm_head.", "head.", "fc_norm.")
"""Of masked pre-training and of a classifier."""

_EVA_SPLIT = (
    (".mlp.ffn_ln.", ".mlp.norm."),
    (".mlp.w12.", ".mlp.fc1."),
    (".mlp.w1.", ".mlp.fc1_g."),
    (".mlp.w2.", ".mlp.fc1_x."),
    (".mlp.w3.", ".mlp.fc2."),
)


def eva_x_backbone(tensors: Tensors) -> dict[str, Tensor]:
    """The transformer of an EVA-X file, pre-trained or fine-tuned, without its heads.

    A fine-tuned file has a norm after the pooling in place of the tokens'. It becomes the tokens' norm, which is a
    start and no longer the same function.
    """
    split = "blocks.0.attn.q_proj.weight" in tensors
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if "rope." in name or name.startswith(_EVA_UNUSED):
            continue
        found[_eva_name(name, split=split)] = tensor
    if "fc_norm.weight" in tensors:
        found |= {f"norm.{kind}": tensors[f"fc_norm.{kind}"] for kind in ("weight", "bias")}
    return found


def _eva_name(name: str, *, split: bool) -> str:
    for theirs, ours in _EVA_SPLIT:
        name = name.replace(theirs, ours)
    return re.sub(r"\.([qv])_bias$", r".\1_proj.bias", name) if split else name


_DINO_PARTS = (
    ("embeddings.patch_embeddings.projection.", "patch_embed.proj."),
    ("embeddings.position_embeddings", "pos_embed"),
    ("embeddings.cls_token", "cls_token"),
    ("encoder.layer.", "blocks."),
    (".attention.output.dense.", ".attn.proj."),
    (".layer_scale1.lambda1", ".ls1.gamma"),
    (".layer_scale2.lambda1", ".ls2.gamma"),
    ("layernorm.", "norm."),
)
_DINO_QUERY = ".attention.attention.query."
_DINO_TRUNK = ("embeddings.", "encoder.", "layernorm.")


def rad_dino_backbone(tensors: Tensors) -> dict[str, Tensor]:
    """The transformer of a Hugging Face DINOv2 file; queries, keys and values become one layer."""
    theirs = {name.removeprefix("dinov2."): tensor for name, tensor in tensors.items()}
    found: dict[str, Tensor] = {}
    for name, tensor in theirs.items():
        if _DINO_QUERY in name:
            parts = [theirs.get(name.replace("query", part)) for part in ("query", "key", "value")]
            found[_dino_name(name)] = torch.cat([part for part in parts if part is not None])
        elif name.startswith(_DINO_TRUNK) and ".attention.attention." not in name and "mask_token" not in name:
            found[_dino_name(name)] = tensor
    return found


def _dino_name(name: str) -> str:
    name = name.replace(_DINO_QUERY, ".attn.qkv.")
    for theirs, ours in _DINO_PARTS:
        name = name.replace(theirs, ours)
    return name


_ARK_UNUSED = ("head.", "head_dist.", "projector.", "omni_heads.")


def ark_backbone(tensors: Tensors) -> dict[str, Tensor]:
    """The Swin transformer of an Ark file, which halves the grid at the end of a stage where timm does so at the start.

    Tables of indices and masks, which follow from the shape, are left out.
    """
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.startswith(_ARK_UNUSED) or name.endswith(("relative_position_index", "attn_mask")):
            continue
        found[re.sub(r"^layers\.(\d+)\.downsample", _next_stage, name)] = tensor
    return found


def _next_stage(match: re.Match[str]) -> str:
    return f"layers.{int(match[1]) + 1}.downsample"
