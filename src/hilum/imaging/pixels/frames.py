"""Which frame of a file is read: the one that is named, or the only one."""

from __future__ import annotations

from hilum.errors import RefusedImageError


def choose_frame(frame: int | None, *, count: int) -> int:
    """The number of the frame to read, counted from 1 as DICOM does.

    Raises `RefusedImageError` where the file holds several frames and none is named, or not the one that is named.
    """
    if frame is None:
        if count == 1:
            return 1
        raise RefusedImageError(f"the file holds {count} frames. Say which one to read with --frame 1 to {count}")
    if not 1 <= frame <= count:
        frames = "1 frame" if count == 1 else f"{count} frames"
        raise RefusedImageError(f"there is no frame {frame}: the file holds {frames}, counted from 1")
    return frame
