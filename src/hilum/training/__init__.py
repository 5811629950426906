"""From a recipe to a bundle."""

from hilum.networks.torchvision_guard import declare_missing_operators

declare_missing_operators()  # before any module of this room can import Lightning, and with it torchvision
