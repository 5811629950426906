"""The segmentation-based deep fusion network (Liu et al. 2019), and its study."""
