"""A bundle: ONNX graphs, optional weights and a card. It is all that passes from training to reading."""
