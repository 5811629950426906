"""Judgements and comparisons as pages, tables, figures and JSON; computes nothing."""
