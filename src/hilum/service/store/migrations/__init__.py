"""How the tables came to be: what Alembic runs."""
