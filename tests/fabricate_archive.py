"""Makes ZIP archives, sound and otherwise, from names and bytes.

python tests/fabricate_archive.py FILE
"""

import argparse
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from fabricate_pictures import marked, picture_bytes


def write_archive(path: Path, files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A ZIP archive that holds `files` under exactly these names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(_info(name, compression), data)
    return path


def write_link(path: Path, *, name: str, target: str) -> Path:
    """Add a symbolic link, as Info-ZIP stores one."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, target)
    return path


def damaged(path: Path, *, name: str) -> Path:
    """Overwrite the middle of one file's data, so that its checksum fails."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
    data = bytearray(path.read_bytes())
    lengths = struct.unpack_from("<HH", data, info.header_offset + 26)
    start = info.header_offset + 30 + sum(lengths)
    middle = start + info.compress_size // 2
    data[middle : middle + 8] = bytes(byte ^ 0x55 for byte in data[middle : middle + 8])
    path.write_bytes(data)
    return path


def encrypted(path: Path, *, names: frozenset[str]) -> Path:
    """Set the flag of encryption on some files, in both of their headers."""
    with zipfile.ZipFile(path) as archive:
        infos = [archive.getinfo(name) for name in names]
        start = archive.start_dir
    data = bytearray(path.read_bytes())
    for info in infos:
        data[info.header_offset + 6] |= 1
    at = start
    while data[at : at + 4] == b"PK\x01\x02":
        length, extra, comment = struct.unpack_from("<HHH", data, at + 28)
        if data[at + 46 : at + 46 + length].decode() in names:
            data[at + 8] |= 1
        at += 46 + length + extra + comment
    path.write_bytes(data)
    return path


def _info(name: str, compression: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = name  # as it stands: the constructor would change separators
    info.compress_type = compression
    return info


def main() -> None:
    """Write an archive with one picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    write_archive(parser.parse_args().file, {"inner/marked.png": picture_bytes(marked(), "PNG")})


if __name__ == "__main__":
    main()
