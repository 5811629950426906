"""One adapter a public release."""
