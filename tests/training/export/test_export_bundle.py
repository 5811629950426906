"""The smallest form within what is allowed becomes the bundle, and none where none is."""

from dataclasses import dataclass, field, replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from fabricate_bundle import ToyBundle
from hilum.bundle.load import load_bundle
from hilum.errors import BundleError
from hilum.reading.reader import Reader
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.export_bundle import Allowed, Judged, export_bundle
from hilum.training.export.forms import AS_IT_IS, Form

TOY = ToyBundle()
GRAPH = TOY.files()["model.onnx"]
DRAFT = CardDraft(**{name: getattr(TOY.card(), name) for name in CardDraft.__dataclass_fields__})
ALLOWED = Allowed(loss=0.002, difference=1e-3)


def off_by(change: float, method: str = "float16 weights") -> Form:
    """A form whose logits differ by `change` from the graph's."""

    def make(graph: bytes) -> bytes:
        model = onnx.load_model_from_string(graph)
        (bias,) = [tensor for tensor in model.graph.initializer if tensor.name == "bias"]
        bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(change), "bias"))
        return model.SerializeToString()

    return Form(method, make)


@dataclass
class BiasJudge:
    """Reads one grey picture through the `Reader`; the score falls with the logit, the difference is the logit's."""

    folder: object
    lost: float = 0.0
    changed: float | None = None
    shown: list = field(default_factory=list)

    def read(self, candidate):
        bundle = candidate.bundle(Fits(labels=TOY.card().labels))
        self.shown.append(bundle.card)
        path = self.folder / "grey.png"
        _grey(path)
        return Reader(models=[bundle]).read(path).findings[0].logit

    def scores(self, read):
        return (0.9, 0.9 - self.lost * (read > WHOLE + 1e-6))

    def judge(self, read, *, whole, cost):
        changed = self.changed if self.changed is None or read > WHOLE + 1e-6 else 0.0
        fits = Fits(labels=TOY.card().labels, compression=cost.of_auroc(changed=changed))
        return Judged(fits=fits, difference=abs(read - whole), changed=changed)


def _grey(path):
    Image.fromarray(np.full((16, 16), 102, np.uint8)).save(path)


WHOLE = 8 * 102 / 255 - 2


@pytest.fixture
def out(tmp_path):
    return tmp_path / "run"


def export(forms, *, judge, folder, allowed=ALLOWED):
    return export_bundle(
        DRAFT,
        graph=GRAPH,
        forms=forms,
        judge=judge,
        allowed=allowed,
        folder=folder,
        files={"a.txt": b"a"},
    )


def test_the_first_form_within_what_is_allowed_is_taken(out, tmp_path):
    judge = BiasJudge(tmp_path)
    bundle = export((off_by(5e-4), AS_IT_IS), judge=judge, folder=out)
    assert bundle.card.compression.method == "float16 weights"
    assert bundle.read("model.onnx") == off_by(5e-4).make(GRAPH)
    assert bundle.read("a.txt") == b"a"
    assert [path.name for path in out.iterdir()] == ["bundle"], "no draft is left"


def test_a_form_that_does_not_agree_is_passed_over(out, tmp_path):
    judge = BiasJudge(tmp_path)
    bundle = export((off_by(2e-3), AS_IT_IS), judge=judge, folder=out)
    assert bundle.card.compression.method == "none"
    assert bundle.read("model.onnx") == GRAPH
    assert len(judge.shown) == 2, "the graph as it is was read once, though it is among the forms"


def test_a_form_whose_score_falls_is_passed_over_though_it_agrees(out, tmp_path):
    bundle = export((off_by(5e-4), AS_IT_IS), judge=BiasJudge(tmp_path, lost=0.002), folder=out)
    assert bundle.card.compression.method == "none"
    kept = export((off_by(5e-4), AS_IT_IS), judge=BiasJudge(tmp_path, lost=0.0019), folder=out)
    assert kept.card.compression.method == "float16 weights"
    assert (kept.card.compression.auroc_before, kept.card.compression.auroc_after) == (0.9, 0.9)


def test_a_form_that_changes_too_many_decisions_is_passed_over(out, tmp_path):
    few = replace(ALLOWED, changed=0.02)
    bundle = export((off_by(5e-4), AS_IT_IS), judge=BiasJudge(tmp_path, changed=0.021), folder=out, allowed=few)
    assert (bundle.card.compression.method, bundle.card.compression.decisions_changed) == ("none", 0.0)
    bundle = export((off_by(5e-4), AS_IT_IS), judge=BiasJudge(tmp_path, changed=0.02), folder=out, allowed=few)
    assert (bundle.card.compression.method, bundle.card.compression.decisions_changed) == ("float16 weights", 0.02)
    with pytest.raises(BundleError, match=r"change at most 2.0% of decisions and .* changes 30.0% of decisions\)"):
        export((off_by(5e-4),), judge=BiasJudge(tmp_path, changed=0.3), folder=out, allowed=few)


def test_where_no_form_will_do_nothing_is_written_and_each_is_told_of(out, tmp_path):
    forms = (off_by(5e-4, "int8 weights"), off_by(-0.25))
    with pytest.raises(BundleError) as refused:
        export(forms, judge=BiasJudge(tmp_path, lost=0.01), folder=out)
    assert str(refused.value) == (
        "No bundle was written: its graph may differ from the network by at most 0.001 on validation and lose less "
        "than 0.002 of its score, and every form failed this: int8 weights (loses 0.0100), float16 weights (differs by "
        "2.5e-01)"
    )
    assert not list(out.iterdir())


def test_a_bundle_that_was_there_stays_where_no_form_will_do(out, tmp_path):
    before = export((AS_IT_IS,), judge=BiasJudge(tmp_path), folder=out)
    with pytest.raises(BundleError):
        export((off_by(1.0),), judge=BiasJudge(tmp_path), folder=out)
    assert load_bundle(out / "bundle").sha256 == before.sha256
