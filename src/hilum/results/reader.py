"""The `Reader` of scripts and notebooks: that of the command line, whose examinations answer by name."""

from __future__ import annotations

from hilum.reading.reader import ReaderOf
from hilum.reading_result import Examination
from hilum.results.result import Result


class Reader(ReaderOf[Result]):
    """Reads radiographs with the given bundles, or with all that ship where `models` is None.

    A model is a bundle (`load_bundle`), or the name of one on the shelf, as `hilum models` lists them. A bundle of kind
    gate among them judges every picture before the others read; without one nothing is judged. One of kind lungs draws
    the lungs of every picture that is read as a chest: `models=["xray-gate", "lung-regions", "chest-adult"]`.

    It holds its models and threads until `close`, or to the end of the block that it opens: `with Reader() as reader`.
    `read` gives a frozen `Reading` without pixels, `examine` a `Result` with them.

    Raises `BundleError` where there is no bundle, two have one name, or a graph does not fit its card, `UsageError`
    where a model needs lungs that the settings leave out or is no model, and `MissingPartError` where the engine is not
    installed.
    """

    def _made(self, examination: Examination) -> Result:
        return Result.of(examination, cards=self.cards, every_heatmap=self.settings.heatmaps == "all")
