"""What is said of a table that is not in UTF-8, as spreadsheets save one unless they are asked."""


def not_utf8(file: object, *, what: str) -> str:
    """The message on `file`, a path or a URL; `what` it should be, such as `the table of patients`."""
    return f"Save {what} as CSV in UTF-8: {file} is not UTF-8 text"
