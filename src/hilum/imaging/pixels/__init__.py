"""From decoded samples to the one grey picture that everybody sees."""
