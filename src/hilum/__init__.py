"""hilum reads radiographs: is it an X-ray, of what, which findings, how sure, and where.

The public names stand in the stub beside this file; each is imported when it is first asked for, so that `import hilum`
and `hilum --help` load no inference engine, and reading needs no torch.
"""

import os

import lazy_loader

# From 1.29 on onnxruntime tells its maker what it runs, the names of models included, unless this is said before it is
# imported; what hilum starts inherits it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
