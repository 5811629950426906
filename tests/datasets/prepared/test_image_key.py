import importlib.metadata

import pytest

from hilum.datasets.prepared import image_key as module
from hilum.datasets.prepared.image_key import cache_key
from hilum.imaging.preprocess import Equalise, PreprocessSpec, Resize

SPEC = PreprocessSpec(steps=(Resize(height=32, width=40, rule="stretch"),), mean=(0.5,), std=(0.5,))


@pytest.mark.parametrize(
    "steps",
    [
        (Resize(height=40, width=32, rule="stretch"),),
        (Resize(height=32, width=40, rule="letterbox"),),
        (Resize(height=32, width=40, rule="stretch", filter="box"),),
        (Equalise(), *SPEC.steps),
        (*SPEC.steps, Equalise()),
    ],
)
def test_every_change_of_a_step_changes_the_key(steps):
    assert cache_key(SPEC.model_copy(update={"steps": steps})) != cache_key(SPEC)


def test_normalisation_comes_after_the_cache():
    assert cache_key(SPEC.model_copy(update={"mean": (0.1, 0.2), "std": (0.3, 0.4)})) == cache_key(SPEC)


@pytest.mark.parametrize("library", ["imagecodecs", "numpy", "pillow", "pydicom"])
def test_another_release_of_a_library_that_makes_pixels_changes_the_key(library, monkeypatch):
    before = cache_key(SPEC)
    monkeypatch.setattr(
        module, "version", lambda name: "0.0.1" if name == library else importlib.metadata.version(name)
    )
    assert cache_key(SPEC) != before


def test_another_line_of_imaging_code_changes_the_key(monkeypatch, tmp_path):
    before = cache_key(SPEC)
    folder = tmp_path / "imaging"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr(module.imaging, "__file__", str(folder / "__init__.py"))
    module.imaging_sha256.cache_clear()
    first = cache_key(SPEC)
    (folder / "decode.py").write_text("GAIN = 1.0\n")
    module.imaging_sha256.cache_clear()
    second = cache_key(SPEC)
    (folder / "decode.py").write_text("GAIN = 1.1\n")
    module.imaging_sha256.cache_clear()
    third = cache_key(SPEC)
    module.imaging_sha256.cache_clear()
    assert len({before, first, second, third}) == 4
