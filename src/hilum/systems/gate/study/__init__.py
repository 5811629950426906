"""The gate's study: its predictions, scores, thresholds, tables and page."""
