"""All parameters of an imported network from its file, or one line that says what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from hilum.errors import DataError

_COUNTER = "num_batches_tracked"


def load_whole(network: nn.Module, state: Mapping[str, Tensor], *, title: str, path: Path) -> None:
    """Load `state`, which must hold every parameter and buffer by name and shape; batch counters may be missing.

    Raises `DataError` that names `title`, `path` and the first name that differs.
    """
    wanted = {name: tensor.shape for name, tensor in network.state_dict().items() if not name.endswith(_COUNTER)}
    came = {name: tensor.shape for name, tensor in state.items() if not name.endswith(_COUNTER)}
    if wanted != came:
        first = min(name for name, _ in wanted.items() ^ came.items())
        raise DataError(f"{path} does not hold the weights of {title}; it differs at {first}")
    network.load_state_dict(dict(state), strict=False)
