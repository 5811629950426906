"""hilum reads radiographs: is it an X-ray, of what, which findings, how sure, and where.

The public names stand in the stub beside this file; each is imported when it is first asked for, so that `import hilum`
and `hilum --help` load no inference engine, and reading needs no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
