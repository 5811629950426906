"""The former names of studies, for the table of studies and for the command, which is loaded without torch."""

from __future__ import annotations

from collections.abc import Mapping

FORMER_STUDIES: Mapping[str, str] = {"gate-paper5": "gate-urinbayev", "lungs-paper3": "lungs-liu"}
"""What a study was called before, and is called now."""
