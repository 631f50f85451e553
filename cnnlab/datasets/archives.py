"""Unpacking a zip of pictures that may come from anyone.

The central directory is checked as a whole before the first byte is written, and what is unpacked
is counted, not believed. Everything appears at once; nothing is left after a refusal.
"""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cnnlab.datasets.members import (
    UnsafeName,
    collision_key,
    is_junk,
    safe_path,
    shown,
    wrapping_folder,
)
from cnnlab.errors import CnnlabError, DatasetError
from cnnlab.progress import Progress
from cnnlab.workspace import appearing_folder, explain_os_error

_CHUNK_BYTES = 262_144
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_EXTRA_FIELD, _UNICODE_HEAD, _UNICODE_PATH = struct.Struct("<HH"), struct.Struct("<BI"), 0x7075
_UTF8 = 0x800
_ENCRYPTED, _PATCHED, _STRONG, _MASKED = 0x1, 0x20, 0x40, 0x2000
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ARCHIVE_SUFFIXES = frozenset(
    {
        *(".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst"),
        *(".jar", ".apk", ".cab", ".iso", ".docx", ".xlsx", ".pptx", ".odt", ".epub"),
    }
)
_ARCHIVE_STARTS = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c"),
    *(b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd", b"MSCF"),
)
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
_REFUSED = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError)
_BROKEN = (*_REFUSED, RuntimeError, ValueError, LookupError, OverflowError)
_CURE = "Make the archive anew from the class folders alone, then import it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Beyond these an archive is taken for a bomb.

    Attributes:
        members: Files and folders.
        bytes, member_bytes: Unpacked, in all and each.
        ratio: Unpacked to packed size, for whatever unpacks to more than `ratio_from_bytes`.
    """

    members: int = 500_000
    bytes: int = 40 * 2**30
    member_bytes: int = 512 * 2**20
    ratio: float = 200.0
    ratio_from_bytes: int = 8 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedArchive:
    """What was unpacked.

    Attributes:
        skipped: Hidden files, and what systems leave behind.
    """

    folder: Path
    files: int
    bytes: int
    skipped: int


@dataclass(frozen=True, slots=True)
class _Member:
    info: zipfile.ZipInfo
    path: PurePosixPath


def extract_zip(
    archive: Path,
    target: Path,
    progress: Progress | None = None,
    limits: ArchiveLimits | None = None,
) -> ExtractedArchive:
    """Unpack a zip of pictures into a new folder; a single folder around everything is left out.

    Args:
        archive: The zip; it is only read.
        target: The folder to make; it must not exist.
        progress: Told the bytes done and in all, from the calling thread; what it raises ends the
            work.
        limits: Against bombs.

    Raises:
        DatasetError: If the archive is refused; the reason is one of "bad-archive", "encrypted",
            "nested-archive", "bomb", "overlapping", "unsafe-member", "duplicate-member" and
            "no-images", and the message names the member. Nothing is left in `target`.
        WorkspaceError: If the disk is full or may not be written to.
    """
    limits = limits or ArchiveLimits()
    try:
        with archive.open("rb") as file:
            members, skipped = _check(file, archive.name, limits)
            with appearing_folder(target) as aside:
                total = _unpack(file, members, aside, progress)
    except OSError as error:
        raise explain_os_error(error, target, f"unpack {archive.name} into") from error
    return ExtractedArchive(folder=target, files=len(members), bytes=total, skipped=skipped)


def _check(file: BinaryIO, name: str, limits: ArchiveLimits) -> tuple[list[_Member], int]:
    """Everything that can be known before unpacking; returns what to unpack, and how much not."""
    try:
        with zipfile.ZipFile(file) as opened:
            infos = opened.infolist()
    except _BROKEN as error:
        raise DatasetError(
            "bad-archive",
            f"{shown(name)} is not a zip that can be read ({error}). "
            "Other archives, such as tar or 7z, are not unpacked. " + _CURE,
        ) from error
    if len(infos) > limits.members:
        raise _refuse(
            "bomb", name, f"has {len(infos):,} members, more than the {limits.members:,} allowed"
        )
    members, skipped = [], 0
    for info in infos:
        path = _check_member(info, limits)
        if info.is_dir() or is_junk(path):
            skipped += not info.is_dir()
        else:
            members.append(_Member(info, path))
    _check_sizes(name, infos, limits)
    _check_places(file, infos)
    _check_names(members)
    if not members:
        raise DatasetError(
            "no-images", f"{shown(name)} holds no files. Put class folders with pictures into it."
        )
    wrapper = wrapping_folder(member.path for member in members)
    if wrapper is not None:
        members = [
            _Member(member.info, PurePosixPath(*member.path.parts[1:])) for member in members
        ]
    return members, skipped


def _check_member(info: zipfile.ZipInfo, limits: ArchiveLimits) -> PurePosixPath:
    original = _name_of(info)
    try:
        path = safe_path(original)
    except UnsafeName as error:
        raise _refuse("unsafe-member", original, str(error)) from error
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise _refuse("unsafe-member", original, "is a symbolic link")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refuse("unsafe-member", original, "is no ordinary file")
    if info.flag_bits & (_ENCRYPTED | _STRONG | _MASKED):
        raise _refuse("encrypted", original, "is encrypted")
    if info.flag_bits & _PATCHED or info.compress_type not in _METHODS:
        raise _refuse("bad-archive", original, "is compressed in a way that is not read")
    if path.suffix.lower() in _ARCHIVE_SUFFIXES and not info.is_dir() and not is_junk(path):
        raise _refuse("nested-archive", original, "is an archive itself")
    if info.file_size > limits.member_bytes:
        raise _bomb(info, f"unpacks to {info.file_size:,} bytes")
    if info.file_size > limits.ratio_from_bytes and info.file_size > limits.ratio * max(
        info.compress_size, 1
    ):
        raise _bomb(info, f"unpacks to {info.file_size:,} bytes from {info.compress_size:,}")
    return path


def _name_of(info: zipfile.ZipInfo) -> str:
    """A member's name as it was meant.

    Only a flag says that a name is UTF-8, and many programs do not set it: Info-ZIP gives the
    Unicode name in an extra field (0x7075), others write UTF-8 all the same. Else it is code page
    437, as the format has it.
    """
    name = info.orig_filename
    if info.flag_bits & _UTF8 or name.isascii():
        return name
    try:
        raw = name.encode("cp437")
        return (_unicode_field(info.extra, raw) or raw).decode("utf-8")
    except UnicodeError:
        return name


def _unicode_field(extra: bytes, raw_name: bytes) -> bytes | None:
    """The Unicode path in a member's extra fields, if it is of this very name."""
    while len(extra) >= _EXTRA_FIELD.size:
        kind, length = _EXTRA_FIELD.unpack_from(extra)
        field = extra[_EXTRA_FIELD.size : _EXTRA_FIELD.size + length]
        if kind == _UNICODE_PATH and len(field) > _UNICODE_HEAD.size:
            version, checksum = _UNICODE_HEAD.unpack_from(field)
            if version == 1 and checksum == zlib.crc32(raw_name):
                return field[_UNICODE_HEAD.size :]
        extra = extra[_EXTRA_FIELD.size + length :]
    return None


def _check_sizes(name: str, infos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if unpacked > limits.bytes:
        raise _refuse("bomb", name, f"unpacks to {unpacked:,} bytes, more than are allowed")
    if unpacked > limits.ratio_from_bytes and unpacked > limits.ratio * max(packed, 1):
        raise _refuse("bomb", name, f"unpacks to {unpacked:,} bytes from {packed:,}")


def _check_places(file: BinaryIO, infos: Sequence[zipfile.ZipInfo]) -> None:
    """No two members share bytes, and each local header says what the directory says.

    Python before 3.11.8 reads overlapping members (CVE-2024-0450).
    """
    end_before, before = 0, ""
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end_before:
            raise _refuse("overlapping", _name_of(info), f"shares bytes with {shown(before)}")
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
            raise _refuse("bad-archive", _name_of(info), "has no header where one should be")
        _, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        local_name = file.read(name_length).rstrip(b"/")
        encodings = ("utf-8",) if info.flag_bits & _UTF8 else ("cp437", "utf-8")
        expected = {
            info.orig_filename.rstrip("/").encode(encoding, "replace") for encoding in encodings
        }
        if method != info.compress_type or local_name not in expected:
            raise _refuse("bad-archive", _name_of(info), "is something else in its own header")
        if flags & _ENCRYPTED:
            raise _refuse("encrypted", _name_of(info), "is encrypted")
        start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        end_before, before = start + info.compress_size, _name_of(info)


def _check_names(members: Sequence[_Member]) -> None:
    """No two files at one place, and no file where another one needs a folder."""
    files: dict[str, str] = {}
    for member in members:
        key = collision_key(member.path)
        if key in files:
            raise _refuse(
                "duplicate-member",
                _name_of(member.info),
                f"would overwrite {shown(files[key])}",
            )
        files[key] = _name_of(member.info)
    for member in members:
        for folder in member.path.parents:
            if folder.parts and collision_key(folder) in files:
                name = files[collision_key(folder)]
                raise _refuse("duplicate-member", name, "is a file and a folder at once")


def _unpack(
    file: BinaryIO,
    members: Sequence[_Member],
    folder: Path,
    progress: Progress | None,
) -> int:
    total = sum(member.info.file_size for member in members)
    if shutil.disk_usage(folder).free < total:
        raise OSError(28, "No space left on device")
    done = 0
    with zipfile.ZipFile(file) as opened:
        for member in members:
            place = folder.joinpath(*member.path.parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                for written in _write_member(opened, member, place):
                    done += written
                    if progress is not None:
                        progress(done, total)
            except CnnlabError:
                raise
            except (*_BROKEN, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # the disk's fault; what bzip2 raises has no number
                raise _refuse(
                    "bad-archive", _name_of(member.info), f"is damaged ({error})"
                ) from error
    return done


def _write_member(opened: zipfile.ZipFile, member: _Member, place: Path) -> Iterator[int]:
    """Write one file piece by piece; yields the bytes of each."""
    left = member.info.file_size
    with opened.open(member.info) as source, place.open("xb") as target:
        piece = source.read(_CHUNK_BYTES)
        if piece.startswith(_ARCHIVE_STARTS) or (
            piece[_TAR_MARK_AT : _TAR_MARK_AT + len(_TAR_MARK)] == _TAR_MARK
        ):
            raise _refuse("nested-archive", _name_of(member.info), "is an archive itself")
        while piece:
            left -= len(piece)
            if left < 0:
                raise _bomb(member.info, "is longer than it claims")
            target.write(piece)
            yield len(piece)
            piece = source.read(_CHUNK_BYTES)
    if left:
        raise _refuse("bad-archive", _name_of(member.info), "is shorter than it claims")


def _bomb(info: zipfile.ZipInfo, why: str) -> DatasetError:
    return _refuse("bomb", _name_of(info), why)


def _refuse(reason: str, member: str, why: str) -> DatasetError:
    return DatasetError(
        reason, f"The archive was not unpacked: {shown(member)} {why}. Nothing was kept. {_CURE}"
    )
