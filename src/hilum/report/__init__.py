"""A `Reading` as JSON, pictures, pages and terminal tables; nothing is computed here."""
