"""The one table of what `hilum` imports only when it is called; nowhere else is an import of our own deferred.

So help needs no optional part, reading needs no torch, and reading one file loads no template engine.
"""

from __future__ import annotations

from hilum.cli.options.lazy import LazyCommand, LazyFunction

COMMANDS: dict[str, LazyCommand] = {
    "read": LazyCommand("hilum.cli.read.command", "Read radiographs: files, folders or standard input."),
    "screen": LazyCommand(
        "hilum.cli.screen", "Read very many films: plan shards, run them anywhere, finish.", part="lab"
    ),
    "segment": LazyCommand("hilum.cli.segment", "Draw the lungs of chest radiographs: masks and boxes."),
    "models": LazyCommand("hilum.cli.models", "List the installed models, or show the card of one."),
    "doctor": LazyCommand("hilum.cli.doctor", "Check the installation: versions, engines, models, optional parts."),
    "listen": LazyCommand("hilum.cli.listen", "Take images from the network, send results to archives.", part="serve"),
    "serve": LazyCommand("hilum.cli.serve", "Serve a page and a REST interface that read.", part="serve"),
    "phantom": LazyCommand("hilum.cli.phantom", "Write example radiographs of phantoms, to try hilum on."),
    "data": LazyCommand("hilum.cli.data.command", "Check the folders of public data sets, or of your own images."),
    "train": LazyCommand("hilum.cli.train", "Train a recipe to a model."),
    "study": LazyCommand("hilum.cli.study", "Cross-validate a recipe, with tables and a page."),
    "tune": LazyCommand("hilum.cli.tune", "Search over settings of a recipe."),
    "ensemble": LazyCommand("hilum.cli.ensemble", "Join models that exist into one, as their mean.", part="train"),
    "quantise": LazyCommand("hilum.cli.quantise", "Make a model compute in 8-bit integers.", part="quantise"),
    "evaluate": LazyCommand("hilum.cli.evaluate", "Judge a model on a split of the data, with a report.", part="lab"),
    "localise": LazyCommand("hilum.cli.localise", "Judge a model's heatmaps beside drawn boxes.", part="lab"),
    "judge": LazyCommand("hilum.cli.judge", "Evaluate predictions from any model, with intervals.", part="lab"),
    "ledger": LazyCommand("hilum.cli.ledger", "List the evaluations of held-out images.", part="lab"),
    "compare": LazyCommand("hilum.cli.compare", "Compare predictions files of the same images.", part="lab"),
}

OF_MODELS: dict[str, LazyCommand] = {
    "calibrate": LazyCommand("hilum.cli.models_calibrate", "Fit operating points of a model on your own images."),
}
"""The rows of `hilum models` beside those that its module holds."""

IMPORTS: dict[str, LazyCommand] = {
    "torchxrayvision": LazyCommand("hilum.cli.models_import", "Import a chest model of torchxrayvision.", part="train"),
    "eva-x": LazyCommand("hilum.cli.models_import_eva_x", "Import a ChestX-ray14 classifier of EVA-X.", part="train"),
    "ark": LazyCommand("hilum.cli.models_import_ark", "Import a classifier of Ark or Ark+.", part="train"),
}
"""The rows of `hilum models import`."""

READ_INTO_FOLDER = LazyFunction("hilum.cli.read.into_folder", "read_into_folder")
"""What `hilum read` calls where there is `--out`."""

DICOM_OBJECTS = LazyFunction("hilum.objects.make", "object_files", part="dicom")
"""What `hilum read` calls where there is `--format dicom`; without it highdicom is not needed."""

REPORT_JUDGEMENT = LazyFunction("hilum.cli.judge_report", "report_judgement")
"""What `hilum judge` calls where there is `--report`; without it no figure is drawn and matplotlib is not loaded."""

MAPS_OF_NETWORK = LazyFunction("hilum.training.localisation.network_maps", "maps_of_bundle", part="train")
"""What `hilum localise` calls where there is `--method`; without it torch is not needed."""

RANDOM_WEIGHTS = LazyFunction("hilum.training.localisation.random_weights", "random_weights_section", part="train")
"""What `hilum localise` calls where there is `--random-weights`."""

FAITHFULNESS = LazyFunction("hilum.evaluation.localisation.faithful_section", "faithful_section")
"""What `hilum localise` calls where there is `--faithfulness`; without it SciPy is not loaded."""

RANDOM_LABELS = LazyFunction("hilum.evaluation.localisation.random_labels", "random_labels_section")
"""What `hilum localise` calls where there is `--random-labels`."""

KEEP_MAPS = LazyFunction("hilum.evaluation.localisation.sanity", "keep_maps")
"""What both sanity checks compare with."""

REPORT_COMPARISON = LazyFunction("hilum.evaluation.report.comparison_report", "write_comparison_report")
"""What `hilum compare` calls where there is `--report`."""

RAY_HANDS = LazyFunction("hilum.training.search.ray_hands", "RayHands")
"""What `hilum tune` calls where there is `--ray`; Ray is no package of hilum."""

RAY_CREW = LazyFunction("hilum.screening.ray_crew", "RayCrew", part="ray")
"""What `hilum screen run` calls where there is `--ray`."""
