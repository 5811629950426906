"""Pictures, pages, tables and JSON of a reading; nothing here computes anything about the findings."""
