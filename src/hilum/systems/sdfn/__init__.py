"""Paper 3's segmentation-based deep fusion network, and its study."""
