"""Screening of very many films: numbered shards, read by any executor, each published whole and once."""
