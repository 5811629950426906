"""Weights in the layouts in which EVA-X, RAD-DINO and Ark publish theirs, in small, with forward passes of our own.

The passes read the published names and are written from the papers: EVA-02 (Fang et al. 2023: pre-norm, no bias of the
keys, rotary positions of the patches alone, SwiGLU), DINOv2 (Oquab et al. 2023, as Hugging Face names it), Swin (Liu et
al. 2021: windows, every second block shifted by half a window).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.networks.patch_tokens import EvaShape, SwinShape, VitShape

EVA_SMALL = EvaShape(channels=48, depth=2, heads=3, side=64)
EVA_BASE = EvaShape(channels=48, depth=2, heads=3, split=True, side=64)
VIT = VitShape(channels=48, depth=2, heads=3, side=56)
SWIN = SwinShape(width=16, depths=(2, 2), heads=(1, 2), window=4, side=32)

State = dict[str, Tensor]


class Draws:
    """Random tensors by name, each its own values."""

    def __init__(self, *, seed: int) -> None:
        self._draw = torch.Generator().manual_seed(seed)
        self.state: State = {}

    def add(self, name: str, *shape: int, around: float = 0.0, spread: float = 0.2) -> None:
        self.state[name] = around + spread * torch.randn(shape, generator=self._draw)

    def linear(self, name: str, *, inside: int, outside: int, bias: bool = True) -> None:
        self.add(f"{name}.weight", outside, inside, spread=inside**-0.5)
        if bias:
            self.add(f"{name}.bias", outside)

    def norm(self, name: str, *, channels: int) -> None:
        self.add(f"{name}.weight", channels, around=1.0)
        self.add(f"{name}.bias", channels)


def eva_x_state(shape: EvaShape, *, fine_tuned: int | None = None) -> State:
    """A pre-trained file, or one fine-tuned for so many labels."""
    draws, c = Draws(seed=1), shape.channels
    grid, inside = (shape.side // shape.patch) ** 2, int(c * 8 / 3)
    draws.add("cls_token", 1, 1, c)
    draws.add("pos_embed", 1, grid + 1, c)
    draws.add("patch_embed.proj.weight", c, 3, shape.patch, shape.patch, spread=0.05)
    draws.add("patch_embed.proj.bias", c)
    draws.add("rope.freqs_cos", grid, c // shape.heads)
    draws.add("rope.freqs_sin", grid, c // shape.heads)
    for block in (f"blocks.{index}" for index in range(shape.depth)):
        draws.norm(f"{block}.norm1", channels=c)
        draws.norm(f"{block}.norm2", channels=c)
        draws.add(f"{block}.attn.rope.freqs_cos", grid, c // shape.heads)
        draws.add(f"{block}.attn.q_bias", c)
        draws.add(f"{block}.attn.v_bias", c)
        if shape.split:
            for part in "qkv":
                draws.linear(f"{block}.attn.{part}_proj", inside=c, outside=c, bias=False)
            draws.norm(f"{block}.mlp.ffn_ln", channels=inside)
            draws.linear(f"{block}.mlp.w1", inside=c, outside=inside)
            draws.linear(f"{block}.mlp.w2", inside=c, outside=inside)
        else:
            draws.linear(f"{block}.attn.qkv", inside=c, outside=3 * c, bias=False)
            draws.linear(f"{block}.mlp.w12", inside=c, outside=2 * inside)
        draws.linear(f"{block}.mlp.w3", inside=inside, outside=c)
        draws.linear(f"{block}.attn.proj", inside=c, outside=c)
    if fine_tuned is None:
        draws.add("mask_token", 1, 1, c)
        draws.norm("norm", channels=c)
        draws.linear("lm_head", inside=c, outside=7)
    else:
        draws.norm("fc_norm", channels=c)
        draws.linear("head", inside=c, outside=fine_tuned)
    return draws.state


def eva_x_tokens(x: Tensor, *, state: State, shape: EvaShape) -> Tensor:
    """The patch tokens (N, h w, K) before any last norm."""
    w, heads, grid = _Doubles(state), shape.heads, shape.side // shape.patch
    x = F.conv2d(x.double(), w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=shape.patch)
    x = torch.cat((w["cls_token"].expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)), 1) + w["pos_embed"]
    for b in (f"blocks.{index}." for index in range(shape.depth)):
        y = w.norm(x, f"{b}norm1")
        if shape.split:
            weights = [w[f"{b}attn.{part}_proj.weight"] for part in "qkv"]
        else:
            weights = list(w[f"{b}attn.qkv.weight"].chunk(3))
        q, k, v = (y @ weight.T for weight in weights)
        q, v = q + w[f"{b}attn.q_bias"], v + w[f"{b}attn.v_bias"]
        q, k, v = (_heads(part, heads=heads) for part in (q, k, v))
        q, k = (torch.cat((part[:, :, :1], _rotate(part[:, :, 1:], grid=grid)), 2) for part in (q, k))
        x = x + w.linear(_attend(q, k, v), f"{b}attn.proj")
        y = w.norm(x, f"{b}norm2")
        if shape.split:
            gate, value = w.linear(y, f"{b}mlp.w1"), w.linear(y, f"{b}mlp.w2")
            y = w.norm(F.silu(gate) * value, f"{b}mlp.ffn_ln")
        else:
            gate, value = w.linear(y, f"{b}mlp.w12").chunk(2, -1)
            y = F.silu(gate) * value
        x = x + w.linear(y, f"{b}mlp.w3")
    return x[:, 1:]


def _rotate(x: Tensor, *, grid: int) -> Tensor:
    """Each pair of neighbouring numbers turned by an angle: the first half by the row, the second by the column."""
    out, quarter = x.clone(), x.shape[-1] // 4
    for token in range(grid * grid):
        for pair in range(2 * quarter):
            place = token // grid if pair < quarter else token % grid
            angle = torch.tensor(place * 10000.0 ** (-(pair % quarter) / quarter), dtype=torch.float64)
            a, b = x[:, :, token, 2 * pair], x[:, :, token, 2 * pair + 1]
            out[:, :, token, 2 * pair] = a * angle.cos() - b * angle.sin()
            out[:, :, token, 2 * pair + 1] = b * angle.cos() + a * angle.sin()
    return out


def rad_dino_state(shape: VitShape) -> State:
    """A file of Hugging Face's `Dinov2Model`."""
    draws, c = Draws(seed=2), shape.channels
    draws.add("embeddings.cls_token", 1, 1, c)
    draws.add("embeddings.mask_token", 1, c)
    draws.add("embeddings.position_embeddings", 1, (shape.side // shape.patch) ** 2 + 1, c)
    draws.add("embeddings.patch_embeddings.projection.weight", c, 3, shape.patch, shape.patch, spread=0.05)
    draws.add("embeddings.patch_embeddings.projection.bias", c)
    for block in (f"encoder.layer.{index}" for index in range(shape.depth)):
        draws.norm(f"{block}.norm1", channels=c)
        draws.norm(f"{block}.norm2", channels=c)
        for part in ("query", "key", "value"):
            draws.linear(f"{block}.attention.attention.{part}", inside=c, outside=c)
        draws.linear(f"{block}.attention.output.dense", inside=c, outside=c)
        draws.add(f"{block}.layer_scale1.lambda1", c, around=0.5)
        draws.add(f"{block}.layer_scale2.lambda1", c, around=0.5)
        draws.linear(f"{block}.mlp.fc1", inside=c, outside=4 * c)
        draws.linear(f"{block}.mlp.fc2", inside=4 * c, outside=c)
    draws.norm("layernorm", channels=c)
    return draws.state


def rad_dino_tokens(x: Tensor, *, state: State, shape: VitShape) -> Tensor:
    """The patch tokens (N, h w, K) after the last norm."""
    w, patches = _Doubles(state), "embeddings.patch_embeddings.projection"
    x = F.conv2d(x.double(), w[f"{patches}.weight"], w[f"{patches}.bias"], stride=shape.patch)
    x = torch.cat((w["embeddings.cls_token"].expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)), 1)
    x = x + w["embeddings.position_embeddings"]
    for b in (f"encoder.layer.{index}." for index in range(shape.depth)):
        y = w.norm(x, f"{b}norm1")
        q, k, v = (
            _heads(w.linear(y, f"{b}attention.attention.{part}"), heads=shape.heads)
            for part in ("query", "key", "value")
        )
        x = x + w[f"{b}layer_scale1.lambda1"] * w.linear(_attend(q, k, v), f"{b}attention.output.dense")
        y = w.linear(F.gelu(w.linear(w.norm(x, f"{b}norm2"), f"{b}mlp.fc1")), f"{b}mlp.fc2")
        x = x + w[f"{b}layer_scale2.lambda1"] * y
    return w.norm(x, "layernorm")[:, 1:]


def ark_state(shape: SwinShape, *, heads: tuple[int, ...], projector: int = 20, mlp: bool = False) -> State:
    """An Ark file: Swin as timm 0.5.4 names it, a projector, and a head for each data set."""
    draws, window, c = Draws(seed=3), shape.window, shape.width
    draws.add("patch_embed.proj.weight", c, 3, shape.patch, shape.patch, spread=0.1)
    draws.add("patch_embed.proj.bias", c)
    draws.norm("patch_embed.norm", channels=c)
    for stage, depth in enumerate(shape.depths):
        for index in range(depth):
            block = f"layers.{stage}.blocks.{index}"
            draws.norm(f"{block}.norm1", channels=c)
            draws.norm(f"{block}.norm2", channels=c)
            draws.add(f"{block}.attn.relative_position_bias_table", (2 * window - 1) ** 2, shape.heads[stage])
            draws.state[f"{block}.attn.relative_position_index"] = torch.zeros(window**2, window**2, dtype=torch.long)
            draws.state[f"{block}.attn_mask"] = torch.zeros(1, window**2, window**2)
            draws.linear(f"{block}.attn.qkv", inside=c, outside=3 * c)
            draws.linear(f"{block}.attn.proj", inside=c, outside=c)
            draws.linear(f"{block}.mlp.fc1", inside=c, outside=4 * c)
            draws.linear(f"{block}.mlp.fc2", inside=4 * c, outside=c)
        if stage + 1 < len(shape.depths):
            draws.norm(f"layers.{stage}.downsample.norm", channels=4 * c)
            draws.linear(f"layers.{stage}.downsample.reduction", inside=4 * c, outside=2 * c, bias=False)
            c = 2 * c
    draws.norm("norm", channels=c)
    draws.linear("head", inside=c, outside=5)
    if mlp:
        draws.linear("projector.0", inside=c, outside=projector)
        draws.linear("projector.2", inside=projector, outside=projector)
    else:
        draws.linear("projector", inside=c, outside=projector)
    for index, labels in enumerate(heads):
        draws.linear(f"omni_heads.{index}", inside=projector, outside=labels)
    return draws.state


def ark_tokens(x: Tensor, *, state: State, shape: SwinShape) -> Tensor:
    """The tokens of the last stage (N, h w, K) after the last norm."""
    w = _Doubles(state)
    x = F.conv2d(x.double(), w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=shape.patch)
    x = w.norm(x.permute(0, 2, 3, 1), "patch_embed.norm", epsilon=1e-5)
    for stage, depth in enumerate(shape.depths):
        for index in range(depth):
            shift = shape.window // 2 if index % 2 and x.shape[1] > shape.window else 0
            name = f"layers.{stage}.blocks.{index}."
            x = _swin_block(x, w=w, b=name, window=shape.window, shift=shift, heads=shape.heads[stage])
        if stage + 1 < len(shape.depths):
            name = f"layers.{stage}.downsample"
            four = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
            x = w.norm(torch.cat(four, -1), f"{name}.norm", epsilon=1e-5) @ w[f"{name}.reduction.weight"].T
    return w.norm(x, "norm", epsilon=1e-5).flatten(1, 2)


def _swin_block(x: Tensor, *, w: _Doubles, b: str, window: int, shift: int, heads: int) -> Tensor:
    side = x.shape[1]
    y = w.norm(x, f"{b}norm1", epsilon=1e-5)
    q, k, v = (_heads(part.flatten(1, 2), heads=heads) for part in w.linear(y, f"{b}attn.qkv").chunk(3, -1))
    places = [(row, column) for row in range(side) for column in range(side)]
    bias = torch.full((heads, len(places), len(places)), -torch.inf, dtype=torch.float64)
    table = w[f"{b}attn.relative_position_bias_table"]
    for first, (row, column) in enumerate(places):
        for second, (other_row, other_column) in enumerate(places):
            if _window(row, column, window=window, shift=shift) == _window(
                other_row, other_column, window=window, shift=shift
            ):
                down, across = row - other_row + window - 1, column - other_column + window - 1
                bias[:, first, second] = table[down * (2 * window - 1) + across]
    out = w.linear(_attend(q, k, v, bias=bias), f"{b}attn.proj")
    x = x + out.unflatten(1, (side, side))
    return x + w.linear(F.gelu(w.linear(w.norm(x, f"{b}norm2", epsilon=1e-5), f"{b}mlp.fc1")), f"{b}mlp.fc2")


def _window(row: int, column: int, *, window: int, shift: int) -> tuple[int, int]:
    """Which window a place lies in: with a shift, those at the first rows and columns are cut off by it."""
    return (row - shift) // window, (column - shift) // window


class _Doubles:
    """A state in float64, and the layers that read it."""

    def __init__(self, state: State) -> None:
        self._state = {name: tensor.double() for name, tensor in state.items()}

    def __getitem__(self, name: str) -> Tensor:
        return self._state[name]

    def linear(self, x: Tensor, name: str) -> Tensor:
        return x @ self[f"{name}.weight"].T + self[f"{name}.bias"]

    def norm(self, x: Tensor, name: str, *, epsilon: float = 1e-6) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / (centred.square().mean(-1, keepdim=True) + epsilon).sqrt()
        return scaled * self[f"{name}.weight"] + self[f"{name}.bias"]


def _heads(x: Tensor, *, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _attend(q: Tensor, k: Tensor, v: Tensor, *, bias: Tensor | float = 0.0) -> Tensor:
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5 + bias
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
