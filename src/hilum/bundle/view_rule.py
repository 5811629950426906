"""How the view of a chest is told from a gate's three logits of it."""

from __future__ import annotations

from pydantic import Field

from hilum.bundle.card_part import Part, Probability


class ViewRule(Part):
    """Thresholds on the softmax of the logits `view PA`, `view AP` and `view lateral`, divided by `temperature`.

    A chest is lateral from the probability `lateral_from` on, whatever the others are. Of any other, PA or AP is told
    from `pa_from` and `ap_from` on, which exceed one half; between them the view stays open.
    """

    temperature: float = Field(gt=0.0)
    lateral_from: Probability
    ap_from: float = Field(ge=0.5, le=1.0)
    pa_from: float = Field(ge=0.5, le=1.0)
