"""From bytes to a `Radiograph`, and from a `Radiograph` to a model's input; no inference happens here."""
