"""The `hilum` command, one file per command group."""
