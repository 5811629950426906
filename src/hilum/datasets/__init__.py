"""One adapter per public release, from its folder to typed records; splits by patient."""
