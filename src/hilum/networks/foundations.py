"""Published foundations of chest radiographs that training can start from: their shapes, their files, their terms.

Each gives a backbone of the same name. Nothing here is fetched: whoever has a file names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.networks.patch_tokens import EvaShape, SwinShape, TransformerShape, VitShape
from hilum.networks.transformer_weights import Names, ark_backbone, eva_x_backbone, rad_dino_backbone


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """One network of a published series.

    `published` reads its authors' file. `where` is the place that releases it, `licence` its terms in one clause and
    `cited` the paper.
    """

    title: str
    shape: TransformerShape
    published: Names
    where: str
    licence: str
    cited: str


EVA_X: Mapping[str, EvaShape] = {
    "eva_x_tiny": EvaShape(channels=192, depth=12, heads=3),
    "eva_x_small": EvaShape(channels=384, depth=12, heads=6),
    "eva_x_base": EvaShape(channels=768, depth=12, heads=12, split=True),
}


def _eva_x(size: str, *, shape: EvaShape) -> Foundation:
    return Foundation(
        title=f"EVA-X {size}",
        shape=shape,
        published=eva_x_backbone,
        where="https://huggingface.co/MapleF/eva_x",
        licence="MIT (github.com/hustvl/EVA-X)",
        cited="Yao et al. 2025, npj Digital Medicine, doi:10.1038/s41746-025-02032-z",
    )


_ARK_LICENCE = "for non-commercial research only, patent pending (ASU GitHub Project License, github.com/jlianglab/Ark)"
_ARK_BASE = SwinShape(width=128, depths=(2, 2, 18, 2), heads=(4, 8, 16, 32), window=7, side=224)
_ARK_LARGE = SwinShape(width=192, depths=(2, 2, 18, 2), heads=(6, 12, 24, 48), window=12, side=768)

FOUNDATIONS: Mapping[str, Foundation] = {
    "eva_x_tiny": _eva_x("Ti", shape=EVA_X["eva_x_tiny"]),
    "eva_x_small": _eva_x("S", shape=EVA_X["eva_x_small"]),
    "eva_x_base": _eva_x("B", shape=EVA_X["eva_x_base"]),
    "rad_dino": Foundation(
        title="RAD-DINO",
        shape=VitShape(channels=768, depth=12, heads=12),
        published=rad_dino_backbone,
        where="https://huggingface.co/microsoft/rad-dino",
        licence="MIT, shared for research (huggingface.co/microsoft/rad-dino; its first releases were under the MSRLA)",
        cited="Pérez-García et al. 2025, Nature Machine Intelligence, doi:10.1038/s42256-024-00965-w",
    ),
    "ark_swin_base": Foundation(
        title="Ark-6 Swin-Base",
        shape=_ARK_BASE,
        published=ark_backbone,
        where="https://github.com/jlianglab/Ark",
        licence=_ARK_LICENCE,
        cited="Ma et al. 2023, MICCAI, doi:10.1007/978-3-031-43907-0_62",
    ),
    "ark_plus_swin_large": Foundation(
        title="Ark+ Swin-Large",
        shape=_ARK_LARGE,
        published=ark_backbone,
        where="https://github.com/jlianglab/Ark",
        licence=_ARK_LICENCE,
        cited="Ma et al. 2025, Nature, A fully open AI foundation model applied to chest radiography",
    ),
}
"""By the name of their backbone."""
