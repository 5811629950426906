"""Draw docs/images again: the page of a phantom, read with the shipped models, as chromium shows it.

    python docs/make_images.py

Needs chromium (or Google Chrome) on the path. The phantom has a fixed seed, and what is cut off below holds the times,
so that the same models, code and chromium give the same picture. The picture names its models in a text chunk; a test
compares them with the ones that ship.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hilum import Reader
from hilum.phantom.examples import write_examples
from hilum.report.page import render_page

PICTURE = Path(__file__).parent / "images" / "page.png"
EXAMPLE = "phantom-chest-child-consolidation.dcm"
SIZE = (1366, 768)  # columns, rows
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-device-scale-factor=1",
    "--virtual-time-budget=10000",  # the picture is taken once the page's script has drawn
)  # fmt: skip


def main() -> int:
    """Draw the picture; 1 where there is no browser."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.stderr.write(f"expected one of {', '.join(BROWSERS)} on the path, found none; install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # the page shows the path as it is given
        write_examples(Path("phantoms"))
        reader = Reader()
        examination = reader.examine(f"phantoms/{EXAMPLE}")
        Path("page.html").write_text(render_page(examination, cards=reader.cards), encoding="utf-8")
        page = Path("page.html").resolve().as_uri()
        size = "--window-size={},{}".format(*SIZE)
        command = [browser, *QUIET, "--user-data-dir=profile", "--screenshot=page.png", size, page]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        models = PngInfo()
        models.add_text("models", " ".join(model.sha256 for model in reader.models))
        with Image.open("page.png") as picture:
            picture.convert("RGB").crop((0, 0, *SIZE)).save(PICTURE, optimize=True, pnginfo=models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
