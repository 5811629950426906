"""`python -m hilum` is the command `hilum`, for whoever has no scripts folder on the path."""

from hilum.cli.main import main

if __name__ == "__main__":
    main()
