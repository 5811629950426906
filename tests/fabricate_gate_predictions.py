"""Makes predictions of a gate's networks whose every table can be worked out by hand or by another library."""

import numpy as np

from hilum.bundle.gate_outputs import CROPPED, GATE_OUTPUTS, INVERTED, IS_XRAY, TURNS, TYPES, VIEWS
from hilum.findings import XRAY_TYPES
from hilum.systems.gate.study.predictions import GatePredictions


def rows(
    count: int,
    *,
    source: str,
    network: str = "fold 0",
    view: str = "as read",
    xray: float = 6.0,
    called: str | None = None,
    xray_type: str = "",
    chest_view: str = "",
    looks: tuple[float, float, float] = (0.0, 0.0, 0.0),
    is_xray: bool = True,
    sureness: float = 8.0,
    seed: int = 0,
) -> GatePredictions:
    """`count` pictures of `source`, each its own group: the radiograph's logit is about `xray`, the type `called`.

    `looks` are the logits of the views PA, AP and lateral.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 0.1, (count, len(GATE_OUTPUTS))).astype(np.float32)
    logits[:, IS_XRAY] += xray
    logits[:, TURNS.start] += 6
    logits[:, [INVERTED, CROPPED]] -= 6
    logits[:, VIEWS] += looks
    features = rng.normal(0, 1, (count, 80))
    if called is not None:
        logits[:, TYPES.start + XRAY_TYPES.index(called)] += sureness
        features[:, XRAY_TYPES.index(called)] += 12
    names = np.array([f"{source}-{xray_type}-{called}-{network}-{view}-{seed}-{i}" for i in range(count)])
    frame = np.stack([rng.uniform(size=count) for _ in range(5)], axis=1)
    frame[:, 3] += 0.5
    return GatePredictions(
        network=np.array([network] * count),
        view=np.array([view] * count),
        name=names,
        source=np.array([source] * count),
        group=names,
        is_xray=np.full(count, is_xray),
        xray_type=np.array([xray_type] * count),
        chest_view=np.array([chest_view] * count),
        logits=logits,
        features=features.astype(np.float16),
        frame=frame.astype(np.float32),
    )
