"""Capsules that read chests, alone and after another network (Pun et al.): at 28 pixels as published, and larger."""
