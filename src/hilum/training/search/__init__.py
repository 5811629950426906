"""A search over the settings of a recipe: its space, its record of trials, the hands that train them, and its page.

The record is the one place that knows Optuna, and the remote hands the one place that knows Ray.
"""
