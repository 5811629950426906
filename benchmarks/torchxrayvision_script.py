"""The script of torchxrayvision's README for one image, with its own reading and resizing; `reading.py` times it whole.

python torchxrayvision_script.py IMAGE WEIGHTS
"""

import json
import sys

import torch

if "--declare-operators" in sys.argv:  # what this installation's torchvision lacks; see hilum's torchvision guard
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision
import torchxrayvision as xrv

img = xrv.utils.load_image(sys.argv[1])
transform = torchvision.transforms.Compose([xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)])
img = torch.from_numpy(transform(img))

model = xrv.models.DenseNet(weights=None, num_classes=14)
model.load_state_dict(torch.load(sys.argv[2], weights_only=True))
model.eval()
with torch.no_grad():
    outputs = torch.sigmoid(model(img[None, ...]))
print(json.dumps(outputs[0].tolist()))
