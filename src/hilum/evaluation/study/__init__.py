"""A study declared as data and read back: its arms, folds, published table, claims, tables, figures and page.

The public names stand in the stub beside this file; each is imported when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
