# %% [markdown]
# # Read radiographs in a notebook
#
# Needs `pip install hilum` alone; the table asks for pandas or polars, the plot for matplotlib. Everything runs
# offline, on the CPU. Research use, not a medical device.
#
# The pictures of this notebook are phantoms: drawn solids, no patients.

# %%
import subprocess
import sys
from pathlib import Path

subprocess.run([sys.executable, "-m", "hilum", "phantom", "phantoms"], check=True)
sorted(path.name for path in Path("phantoms").iterdir())

# %% [markdown]
# ## One radiograph
#
# A path, the bytes of a file, an open file, a numpy array, a PIL image or a pydicom `Dataset`: each is read by the same
# call. A model decides only on patients that it was made for. This file gives an age, so the model for children
# decides.

# %%
import hilum

result = hilum.read("phantoms/phantom-chest-child-consolidation.dcm")
result

# %%
finding = result.findings["Pneumonia"]
finding.probability, finding.operating_point, finding.positive

# %% [markdown]
# A picture file gives no age. Say what you know; the reading keeps it apart from what the file says.

# %%
adult = hilum.read("phantoms/phantom-chest-nodule.jpg", stated=hilum.Stated(age_years=60, view="PA"))
adult.to_df()

# %% [markdown]
# ## Heatmaps and lungs, in the radiograph's own pixels

# %%
heatmap = result.heatmap("Pneumonia")
masks = result.lung_masks()
heatmap.shape, float(heatmap.max()), masks is not None and masks.trusted

# %%
axes = result.plot("Pneumonia")

# %% [markdown]
# ## An array
#
# An array does not say which of its values are black and white. Say it; only of uint8 it is known.

# %%
import numpy as np

twelve_bits = np.rint(result.radiograph.pixels * 4095).astype(np.uint16)
hilum.read(twelve_bits, value_range=(0, 4095), name="my array", stated=hilum.Stated(age_years=3, view="AP"))

# %% [markdown]
# ## A folder
#
# Results come one by one as you go through them. Each holds its pixels: of many, keep `result.reading`, a table or
# files.

# %%
hilum.read("phantoms").to_df()

# %% [markdown]
# What `hilum read phantoms --out readings` writes, with a page of each radiograph and an index:

# %%
pages = hilum.read("phantoms").save("readings")
len(pages), Path("readings/index.html").is_file()
