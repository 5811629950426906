"""The processes that read: they pull jobs from the store, within limits, and are replaced when they die."""
