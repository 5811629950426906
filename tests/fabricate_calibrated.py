"""Makes of a bundle what `hilum models calibrate` would, with numbers that nobody fitted.

python tests/fabricate_calibrated.py BUNDLE FOLDER
"""

import argparse
from pathlib import Path

from hilum.bundle.calibrated_on import CalibratedOn
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.save import write_bundle


def calibrated_on(**changes: object) -> CalibratedOn:
    """What a card says of a fit on three images of two patients, with `changes`."""
    said = {
        "date": "2026-01-02",
        "command": "hilum models calibrate toy",
        "by": None,
        "hilum_version": "0.1.0",
        "commit": None,
        "data": ("a hospital: 3 images of 2 patients",),
        "data_sha256": "a" * 64,
        "images": 3,
        "patients": 2,
        "left_out": (),
        "rule": "greatest Youden index",
        "labels": (),
        "from_name": "toy",
        "from_version": "1.0.0",
        "from_sha256": "b" * 64,
    }
    return CalibratedOn.model_validate({**said, **changes})


def calibrated_of(bundle: Bundle, *, folder: Path) -> Bundle:
    """The bundle in `folder` with the network and labels of `bundle`, whose name ends in `-calibrated`."""
    card = bundle.card
    on = calibrated_on(
        command=f"hilum models calibrate {card.name} --data table=hospital",
        from_name=card.name,
        from_version=card.version,
        from_sha256=bundle.sha256,
    )
    name = f"{card.name.removesuffix('-calibrated')}-calibrated"
    changed = card.changed({"name": name, "version": f"{card.version}+calibrated.1", "calibrated_on": on})
    return write_bundle(folder, card=changed, files={file: bundle.read(file) for file in card.files})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a bundle that says it was calibrated.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    calibrated_of(load_bundle(arguments.bundle), folder=arguments.folder)
