"""Torch modules, and nothing but torch modules."""

from hilum.networks.torchvision_guard import declare_missing_operators

declare_missing_operators()  # before any module of this room can import torchvision or timm
