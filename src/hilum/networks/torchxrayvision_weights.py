"""The DenseNet-121 weights that torchxrayvision releases: what each file holds, and how it is read without running it.

A file is a pickle of a whole network, written by a torch before 1.6 together with its classes' source, which torch's
own `weights_only=True` cannot read. So it is read as that does, by an unpickler with an allow-list: torch's functions
that rebuild tensors, and inert stand-ins for the classes of the network. No code of torchxrayvision, and none that a
file could bring, is run. (Cohen et al. 2022, TorchXRayVision, MIDL; its version 1.5.7.)
"""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

import torch
from torch import Tensor

from hilum.errors import DataError, UsageError

BACKBONE = "densenet121"
SIZE = 224
_RELEASE = "https://github.com/mlmed/torchxrayvision/releases/download/v1"
_LABELS = (
    "Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema", "Emphysema", "Fibrosis", "Effusion",
    "Pneumonia", "Pleural_Thickening", "Cardiomegaly", "Nodule", "Mass", "Hernia", "Lung Lesion", "Fracture",
    "Lung Opacity", "Enlarged Cardiomediastinum",
)  # fmt: skip
_CHEXPERT = (
    "Atelectasis", "Consolidation", "Pneumothorax", "Edema", "Effusion", "Pneumonia", "Cardiomegaly", "Lung Lesion",
    "Fracture", "Lung Opacity", "Enlarged Cardiomediastinum",
)  # fmt: skip
_NIH = _LABELS[:14]

_DAMAGED = (
    OSError, EOFError, RuntimeError, ValueError, LookupError, AttributeError, TypeError, pickle.UnpicklingError,
    zipfile.BadZipFile,
)  # fmt: skip
"""What torch and the unpickler raise on bytes that are cut short, altered or no file of theirs."""

_DATA = {
    "nih": "ChestX-ray14 (Wang et al. 2017)",
    "pc": "PadChest (Bustos et al. 2020)",
    "chex": "CheXpert (Irvin et al. 2019)",
    "mimic_nb": "MIMIC-CXR (Johnson et al. 2019), labels by NegBio",
    "mimic_ch": "MIMIC-CXR (Johnson et al. 2019), labels by CheXpert's labeller",
    "google": "images of ChestX-ray14 labelled again by Google (Majkowska et al. 2020)",
    "openi": "Open-i, Indiana University (Demner-Fushman et al. 2016)",
    "rsna": "RSNA Pneumonia Detection Challenge, images of ChestX-ray14 (Shih et al. 2019)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedWeights:
    """One released file.

    `outputs` has the label of each of the network's 18 outputs in order, empty where that output was never trained.
    `sha256` is that of the file as several public projects have written it down (torchxrayvision gives none), or None.
    `data` is what it was trained on, a line each.
    """

    name: str
    file: str
    outputs: tuple[str, ...]
    data: tuple[str, ...]
    sha256: str | None = None

    @property
    def url(self) -> str:
        """Where the file is released."""
        return f"{_RELEASE}/{self.file}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the outputs that were trained, in torchxrayvision's spelling."""
        return tuple(filter(None, self.outputs))


def _released(
    suffix: str, *, trained: tuple[str, ...], data: tuple[str, ...], file: str = "", sha256: str | None = None
) -> ReleasedWeights:
    return ReleasedWeights(
        name=f"densenet121-res224-{suffix}",
        file=f"{file or suffix}-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
        outputs=tuple(label if label in trained else "" for label in _LABELS),
        data=tuple(_DATA[name] for name in data),
        sha256=sha256,
    )


RELEASED: Mapping[str, ReleasedWeights] = {
    released.name: released
    for released in (
        _released(
            "all",
            trained=_LABELS,
            data=("nih", "pc", "chex", "mimic_ch", "google", "openi", "rsna"),
            file="nih-pc-chex-mimic_ch-google-openi-kaggle",
            sha256="56524913dd16a906422e8d8b66a7a5c46be1d82eb7ac012d8103776f1aa68899",
        ),
        _released("nih", trained=_NIH, data=("nih",)),
        _released("pc", trained=(*_NIH, "Fracture"), data=("pc",)),
        _released("chex", trained=_CHEXPERT, data=("chex",)),
        _released("rsna", trained=("Pneumonia", "Lung Opacity"), data=("rsna",), file="kaggle"),
        _released("mimic_nb", trained=_CHEXPERT, data=("mimic_nb",)),
        _released("mimic_ch", trained=_CHEXPERT, data=("mimic_ch",)),
    )
}


def released_weights(name: str) -> ReleasedWeights:
    """The released file that torchxrayvision calls `name`; raises `UsageError` with the names that there are."""
    if name not in RELEASED:
        raise UsageError(f"Unknown torchxrayvision weights {name!r}. Available: {', '.join(RELEASED)}")
    return RELEASED[name]


class _StandIn:
    """What a class or function of the file becomes: it takes whatever it is given and does nothing."""

    dump_patches: ClassVar[bool] = False

    def __init__(self, *arguments: object) -> None:
        del arguments

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)


_INERT = {
    "torchxrayvision.models": ("DenseNet", "_DenseBlock", "_DenseLayer", "_Transition"),
    "torch.nn.modules.container": ("Sequential",),
    "torch.nn.modules.conv": ("Conv2d",),
    "torch.nn.modules.batchnorm": ("BatchNorm2d",),
    "torch.nn.modules.activation": ("ReLU",),
    "torch.nn.modules.pooling": ("MaxPool2d", "AvgPool2d"),
    "torch.nn.modules.linear": ("Linear",),
    "torch.nn.backends.thnn": ("_get_thnn_function_backend",),  # what modules of torch < 1.4 name beside their weights
    "numpy": ("ndarray", "dtype"),  # an attribute of the network may be an array: it is not used
    "_codecs": ("encode",),
    "numpy.core.multiarray": ("_reconstruct",),
    "numpy._core.multiarray": ("_reconstruct",),
}

_ALLOWED: Mapping[str, object] = {
    **{f"{module}.{name}": _StandIn for module, names in _INERT.items() for name in names},
    "torch._utils._rebuild_tensor": torch._utils._rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
    "torch._utils._rebuild_parameter": torch._utils._rebuild_parameter,
    "torch.nn.parameter.Parameter": torch.nn.Parameter,
    "torch.FloatStorage": torch.FloatStorage,
    "torch.LongStorage": torch.LongStorage,
    "collections.OrderedDict": OrderedDict,
    "builtins.set": set,
    "__builtin__.set": set,  # Python 2's name, which pickles of protocol 2 use
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> object:
        """What stands on the list under the name, and never anything that a file could have chosen."""
        named = f"{module}.{name}"
        if named not in _ALLOWED:
            raise _NotAllowedError(named)
        return _ALLOWED[named]


class _NotAllowedError(Exception):
    """The message is the name that a file asked for."""


class _AllowListPickle:
    """What `torch.load` asks of a pickle module."""

    Unpickler = _Unpickler

    @staticmethod
    def load(file: BinaryIO, *, encoding: str = "utf-8") -> object:
        return _Unpickler(file, encoding=encoding).load()


def read_torchxrayvision(path: Path) -> dict[str, Tensor]:
    """The parameters of a file by torchvision's names: a pickled network, or a pickled dictionary of tensors.

    Raises `DataError` where there is no file, it is damaged, or it names anything that does not stand on the list; then
    nothing of it was run.
    """
    try:
        content = io.BytesIO(path.read_bytes())  # from memory, torch does not try to unpack it as a tar file
        if _is_torchscript(content):
            raise _NotAllowedError("TorchScript")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the stand-ins have another source than the file's classes
            loaded = torch.load(content, map_location="cpu", pickle_module=_AllowListPickle, weights_only=False)
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}. Give the path of the torchxrayvision weights") from error
    except _NotAllowedError as error:
        raise DataError(
            f"{path} asks for {error}, which no network of torchxrayvision needs; nothing of it was run: do not use it"
        ) from error
    except _DAMAGED as error:
        raise DataError(
            f"{path} is not an intact file of torch's with torchxrayvision weights. Get it again"
        ) from error
    state = dict(_tensors(loaded))
    if not state:
        raise DataError(
            f"{path} holds {type(loaded).__name__}; a network or a dictionary of tensors is needed. Give a file of "
            "weights"
        )
    return state


def _is_torchscript(content: BinaryIO) -> bool:
    """Whether it is a compiled program, which `torch.load` would load as one."""
    is_zip = zipfile.is_zipfile(content)
    content.seek(0)
    if not is_zip:
        return False
    with zipfile.ZipFile(content) as archive:
        found = any(name.endswith("constants.pkl") for name in archive.namelist())
    content.seek(0)
    return found


def _tensors(loaded: object, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every parameter and buffer under its dotted name."""
    if isinstance(loaded, dict):
        yield from ((str(name), tensor.detach()) for name, tensor in loaded.items() if isinstance(tensor, Tensor))
    elif isinstance(loaded, _StandIn):
        parts = vars(loaded)
        for kind in ("_parameters", "_buffers"):
            for name, tensor in parts.get(kind, {}).items():
                if isinstance(tensor, Tensor) and name != "op_threshs":
                    yield f"{prefix}{name}", tensor.detach()
        for name, child in parts.get("_modules", {}).items():
            if isinstance(child, _StandIn):
                yield from _tensors(child, f"{prefix}{name}.")
