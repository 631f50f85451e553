"""Unpacking zips that may come from anyone: whole, or not at all."""

import io
import struct
import zipfile
import zlib

import pytest

from cnnlab.datasets.archives import ArchiveLimits, extract_zip
from cnnlab.datasets.scan import scan
from cnnlab.errors import DatasetError, WorkspaceError
from tests.pictures import coloured_square


def picture(class_name="red", seed=0) -> bytes:
    file = io.BytesIO()
    coloured_square(class_name, seed, 12).save(file, "PNG")
    return file.getvalue()


def write_zip(path, members, **options):
    """A zip with these members: names, or ZipInfo, and their bytes."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@pytest.fixture
def archive(tmp_path):
    return tmp_path / "upload.zip"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "inside" / "pictures"


def refusal(archive, target, **options) -> DatasetError:
    """The refusal of an archive, after which nothing is left anywhere."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(DatasetError) as refused:
        extract_zip(archive, target, **options)
    left = {path for path in archive.parent.rglob("*") if path not in before}
    assert left <= {target.parent}, "partial output or files outside the target"
    return refused.value


def test_class_folders_are_unpacked_with_their_names(archive, target):
    names = ["Not sure/a.png", "T-Shirt/b.png", "T-Shirt/ä.png"]
    write_zip(archive, [(name, picture()) for name in names])
    seen = []
    extracted = extract_zip(archive, target, lambda done, total: seen.append((done, total)))
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*.png")) == names
    assert extracted.files == 3
    assert extracted.bytes == sum(p.stat().st_size for p in target.rglob("*.png"))
    assert seen[-1] == (extracted.bytes, extracted.bytes)
    assert scan(target).class_counts == {"Not sure": 1, "T-Shirt": 2}


def test_a_single_folder_around_the_classes_is_left_out(archive, target):
    write_zip(archive, [(f"my set/{name}/a.png", picture()) for name in ("cat", "dog")])
    extract_zip(archive, target)
    assert sorted(path.name for path in target.iterdir()) == ["cat", "dog"]


@pytest.mark.parametrize("top", ["train", "cats"])
def test_a_single_folder_that_means_something_is_kept(archive, target, top):
    inner = "cats/a.png" if top == "train" else "a.png"
    write_zip(archive, [(f"{top}/{inner}", picture())])
    extract_zip(archive, target)
    assert [path.name for path in target.iterdir()] == [top]


def test_what_systems_leave_behind_is_skipped(archive, target):
    junk = ["__MACOSX/cat/._a.png", "cat/.DS_Store", "cat/Thumbs.db"]
    write_zip(archive, [("cat/a.png", picture()), *[(name, b"x") for name in junk]])
    assert extract_zip(archive, target).skipped == 3
    assert [path.name for path in target.rglob("*.*")] == ["a.png"]


@pytest.mark.parametrize(
    "name",
    [
        *("/etc/evil.png", "C:/evil.png", "\\\\server\\evil.png", "a/../../evil.png", ".."),
        *("cat\\..\\evil.png", "cat/aux.png", "cat/evil.png. ", "c\x01t/evil.png"),
        *("x" * 300 + ".png", "/".join("d" * 30) + "/a.png"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(archive, target, name):
    info = zipfile.ZipInfo("placeholder")
    info.filename = info.orig_filename = name
    write_zip(archive, [("cat/a.png", picture()), (info, picture())])
    error = refusal(archive, target)
    assert error.reason == "unsafe-member"
    assert any(part in str(error) for part in ("evil", "'..'", "aux", "xxx", "d/d"))


@pytest.mark.parametrize("kind", [0o120777, 0o020666, 0o010666])
def test_links_and_devices_are_refused(archive, target, kind):
    info = zipfile.ZipInfo("cat/link.png")
    info.external_attr = kind << 16
    write_zip(archive, [("cat/a.png", picture()), (info, b"/etc/passwd")])
    error = refusal(archive, target)
    assert (error.reason, "cat/link.png" in str(error)) == ("unsafe-member", True)


@pytest.mark.parametrize("name", ["cat/more.zip", "cat/picture.png"])
def test_archives_in_archives_are_refused_also_in_disguise(archive, target, name):
    inner = io.BytesIO()
    write_zip(inner, [("a.png", picture())])
    write_zip(archive, [("cat/a.png", picture()), (name, inner.getvalue())])
    error = refusal(archive, target)
    assert (error.reason, name in str(error)) == ("nested-archive", True)


def test_a_bomb_is_refused_by_what_it_claims(archive, target):
    write_zip(archive, [("cat/zeros.png", bytes(20_000_000))], compression=zipfile.ZIP_DEFLATED)
    error = refusal(archive, target)
    assert (error.reason, "cat/zeros.png" in str(error)) == ("bomb", True)


def test_a_bomb_that_lies_about_its_size_is_stopped_while_it_unpacks(archive, target):
    write_zip(archive, [("cat/zeros.png", bytes(5_000_000))], compression=zipfile.ZIP_DEFLATED)
    data = bytearray(archive.read_bytes())
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + place
        data[at : at + 4] = struct.pack("<L", 1000)
    archive.write_bytes(data)
    assert refusal(archive, target).reason in ("bomb", "bad-archive")


def test_too_many_members_and_too_large_ones_are_refused(archive, target):
    write_zip(archive, [(f"cat/{n}.png", b"x") for n in range(20)])
    assert refusal(archive, target, limits=ArchiveLimits(members=10)).reason == "bomb"
    assert refusal(archive, target, limits=ArchiveLimits(bytes=10)).reason == "bomb"
    write_zip(archive, [("cat/large.png", picture())])
    error = refusal(archive, target, limits=ArchiveLimits(member_bytes=10))
    assert (error.reason, "cat/large.png" in str(error)) == ("bomb", True)


def overlapping_zip() -> bytes:
    """Two directory entries that share one local file (as in "a better zip bomb", Fifield 2019)."""
    data = picture()
    crc = zlib.crc32(data)

    def local(name):
        header = struct.pack(
            "<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, crc, len(data), len(data), len(name), 0
        )
        return header + name + data

    def central(name, offset, size):
        return (
            struct.pack(
                "<4s6H3L5H2L",
                *(b"PK\x01\x02", 20, 20, 0, 0, 0, 0, crc, size, size, len(name)),
                *(0, 0, 0, 0, 0, offset),
            )
            + name
        )

    first, second = b"cat/a.png", b"cat/b.png"
    outer = local(second)
    # The first member's bytes are the whole second member, header and all.
    crc = zlib.crc32(outer)
    head = struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, crc, len(outer), len(outer), len(first), 0
    )
    body = head + first + outer
    directory = central(first, 0, len(outer))
    crc = zlib.crc32(data)
    directory += central(second, len(head + first), len(data))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(body), 0)
    return body + directory + end


def test_members_that_share_bytes_are_refused(archive, target):
    archive.write_bytes(overlapping_zip())
    error = refusal(archive, target)
    assert (error.reason, "cat/b.png" in str(error)) == ("overlapping", True)


def test_encrypted_members_are_refused(archive, target):
    write_zip(archive, [("cat/secret.png", picture())])
    data = bytearray(archive.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    archive.write_bytes(data)
    error = refusal(archive, target)
    assert (error.reason, "cat/secret.png" in str(error)) == ("encrypted", True)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("second", ["cat/a.png", "CAT/A.PNG", "cat/a.png/b.png"])
def test_members_at_the_same_place_are_refused(archive, target, second):
    write_zip(archive, [("cat/a.png", picture()), (second, picture())])
    assert refusal(archive, target).reason == "duplicate-member"


def test_a_header_that_says_something_else_is_refused(archive, target):
    write_zip(archive, [("cat/a.png", picture())])
    data = archive.read_bytes().replace(b"cat/a.png", b"cat/b.png", 1)
    archive.write_bytes(data)
    error = refusal(archive, target)
    assert (error.reason, "cat/a.png" in str(error)) == ("bad-archive", True)


@pytest.mark.parametrize("damage", ["cut", "flip", "text", "empty"])
def test_damaged_archives_are_refused(archive, target, damage):
    data = bytearray(
        write_zip(archive, [(f"cat/{n}.png", picture()) for n in range(3)]).read_bytes()
    )
    if damage == "flip":
        data[80] ^= 0xFF
    damaged = {"cut": data[: len(data) // 2], "text": b"no zip at all", "empty": b""}
    archive.write_bytes(damaged.get(damage, data))
    assert refusal(archive, target).reason == "bad-archive"


def test_an_archive_without_files_says_what_is_missing(archive, target):
    write_zip(archive, [("cat/", b"")])
    assert refusal(archive, target).reason == "no-images"


def test_what_a_progress_callback_raises_leaves_nothing_behind(archive, target):
    write_zip(archive, [("cat/a.png", picture())])

    def stop(done, total):
        raise DatasetError("stopped", "Stopped.")

    assert refusal(archive, target, progress=stop).reason == "stopped"


def test_a_full_disk_is_said_and_leaves_nothing(archive, small_disk):
    write_zip(archive, [("cat/a.png", bytes(3_000_000))])
    with pytest.raises(WorkspaceError) as refused:
        extract_zip(archive, small_disk / "pictures")
    assert refused.value.reason == "disk-full"
    assert list(small_disk.iterdir()) == []


@pytest.mark.real_data
def test_every_malformed_archive_is_unpacked_or_refused_by_name(real_data, tmp_path):
    folder = real_data / "broken_zips"
    reasons = set()
    for number, archive in enumerate(sorted(p for p in folder.rglob("*") if p.is_file())):
        place = tmp_path / str(number)
        target = place / "target"
        try:
            extract_zip(archive, target)
            assert [path.name for path in place.iterdir()] == ["target"]
        except DatasetError as error:
            reasons.add(error.reason)
            assert not place.exists() or list(place.iterdir()) == []
    assert {"bad-archive", "encrypted", "bomb", "nested-archive", "unsafe-member"} <= reasons


NAMES = ["Käse/1.png", "日本/2.png"]


def test_names_that_are_utf8_without_saying_so_are_read_as_meant(archive, target):
    """As some programs write them: the flag for UTF-8 is not set."""
    write_zip(archive, [(name, picture()) for name in NAMES])
    data = bytearray(archive.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            data[start + at + 1] &= ~0x08
    archive.write_bytes(bytes(data))
    extract_zip(archive, target)
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*.png")) == NAMES


def test_names_in_the_field_for_unicode_names_are_read(archive, target):
    """As Info-ZIP writes them: the name itself in the code page of a terminal."""
    names = [name.encode() for name in NAMES]
    shown = [b"K_se_/1.png", b"______/2.png"]  # as long as the name in UTF-8, so nothing moves
    members = []
    for name, ascii_name in zip(names, shown, strict=True):
        member = zipfile.ZipInfo(ascii_name.decode())
        field = struct.pack("<BI", 1, zlib.crc32(ascii_name.replace(b"_", b"\x84"))) + name
        member.extra = struct.pack("<HH", 0x7075, len(field)) + field
        members.append((member, picture()))
    write_zip(archive, members)
    data = archive.read_bytes()
    for ascii_name in shown:
        data = data.replace(ascii_name, ascii_name.replace(b"_", b"\x84"))
    archive.write_bytes(data)
    extract_zip(archive, target)
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*.png")) == NAMES


def test_names_in_the_old_code_page_stay_what_the_format_says(archive, target):
    write_zip(archive, [("caf_/1.png", picture()), ("tee/2.png", picture())])
    archive.write_bytes(archive.read_bytes().replace(b"caf_", b"caf\x82"))
    extract_zip(archive, target)
    assert sorted(p.name for p in target.iterdir()) == ["café", "tee"]
