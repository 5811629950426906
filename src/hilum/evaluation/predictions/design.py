"""What a predictions file is, in two typed fields: how its images were predicted, and whether a smoke run did it.

The fields stand in the Parquet metadata under `design` and `smoke`. A file that has none of them is read by one rule:

- `design`: the protocols that hilum itself wrote for pooled folds begin with `cross-validated: ` (after `SMOKE ` in a
  smoke run), and are cross-validated. Any other protocol that speaks of folds or of cross-validation is unclear, and
  refused until somebody says which it is. The rest is held out.
- `smoke`: hilum's own smoke runs begin their protocol with `SMOKE `; nothing else is one.

Words of a protocol never decide against a field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, get_args

from hilum.errors import DataError

Design = Literal["held out", "cross-validated"]
"""`held out`: one model, and images that nothing was fitted on. `cross-validated`: pooled folds of several models."""

DESIGNS: tuple[Design, ...] = get_args(Design)

SMOKE = "SMOKE"
"""How the protocol of a smoke run begins, for people to see; the field `smoke` is what decides."""

_POOLED = "cross-validated: "
_SPEAKS_OF_FOLDS = re.compile(
    r"cross[-\s]*val|\bx-?val|cv\b|folds?\b|\boof\b|jack-?kni|leave[-\s]\w+[-\s]out", re.IGNORECASE
)


def parse_design(text: str, *, where: str) -> Design:
    """The design of this name. Raises `DataError` for any other text; `where` says where it was read."""
    for design in DESIGNS:
        if text == design:
            return design
    raise DataError(f"{where} must be {' or '.join(map(repr, DESIGNS))}, not {text!r}")


def read_design(metadata: Mapping[str, str], *, protocol: str, stated: Design | None) -> Design:
    """The design of a file with this metadata; `stated` is what the user says of a file that does not say it itself.

    Raises `DataError` where the file says another one, or neither says it and the protocol is unclear.
    """
    text = metadata.get("design")
    if text is not None:
        found = parse_design(text, where="design in the Parquet metadata")
        if stated not in (None, found):
            raise DataError(
                f"The file says that its design is {found!r}, and {stated!r} was stated. Leave the option out"
            )
        return found
    if stated is not None:
        return stated
    own = protocol.removeprefix(f"{SMOKE} ")
    if own.startswith(_POOLED):
        return "cross-validated"
    if _SPEAKS_OF_FOLDS.search(protocol):
        raise DataError(
            "It is not clear whether these predictions are held out or cross-validated; their protocol is "
            f"{protocol!r}. Add --design 'held out' or --design cross-validated, or set design in the Parquet metadata"
        )
    return "held out"


def read_smoke(metadata: Mapping[str, str], *, protocol: str) -> bool:
    """Whether a smoke run made the file. Raises `DataError` for a field that is neither true nor false."""
    text = metadata.get("smoke")
    if text is None:
        return protocol.startswith(f"{SMOKE} ")
    if text not in ("true", "false"):
        raise DataError(f"smoke in the Parquet metadata must be true or false, not {text!r}")
    return text == "true"
