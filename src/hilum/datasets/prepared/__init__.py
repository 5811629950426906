"""What is prepared once and kept on disk: images, lung boxes."""
