"""What the canvas of a reading's page shows in a browser, and its sliders moved."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image


def canvas_of(page):
    """What the canvas shows, after the next frame, as uint8 (h, w, 3)."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    data = page.evaluate("() => document.getElementById('view').toDataURL().split(',')[1]")
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("RGB"))


def slide(page, name, value):
    page.locator(f"#{name}").evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", value)
