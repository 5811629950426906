"""Fabricated radiographs: attenuation of X-rays through simple solids, with lesions of known boxes."""
