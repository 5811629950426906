"""How a bundle's graph was made small: the words that cards use."""

from __future__ import annotations

from typing import Literal

CompressionMethod = Literal["none", "float16 weights", "int8 weights"]
"""As it is; large constants in half precision; large convolutions in 8 bits and other large constants in half."""
