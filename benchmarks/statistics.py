"""How fast hilum draws patients for intervals of the AUROC, beside a loop over scikit-learn in the same run.

    python benchmarks/statistics.py [--out FOLDER] [--quick]

needs `pip install -e ".[lab]"` and takes three to four minutes; `--quick` takes seconds and shows that it works: its
figures mean nothing. Prints a table and writes `statistics.json` into `--out`. The work is in `bootstrap_speed.py`.
"""

import sys
import sysconfig
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

if __name__ == "__main__":
    from bootstrap_speed import main

    main()
else:
    # This folder comes first on the path of each script in it, so this file hides the standard library's `statistics`
    # from every library that they import: give them that one.
    found = PathFinder.find_spec(__name__, [sysconfig.get_path("stdlib")])
    if found is None or found.loader is None:
        raise ImportError("the standard library has no module `statistics`")
    sys.modules[__name__] = module_from_spec(found)
    found.loader.exec_module(sys.modules[__name__])
