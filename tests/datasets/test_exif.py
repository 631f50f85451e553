"""What a camera wrote is shown, but never where a picture was taken."""

import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from cnnlab.datasets.exif import exif_facts


def photo(file, tags, gps=None, kind="JPEG"):
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    if gps:
        exif[ExifTags.Base.GPSInfo] = gps
    Image.new("RGB", (8, 8)).save(file, kind, exif=exif)
    return file


def test_camera_time_and_exposure_are_named(tmp_path):
    tags = {
        ExifTags.Base.Make: "Acme",
        ExifTags.Base.Model: "One\0\n",
        ExifTags.Base.DateTimeOriginal: "2024:05:06 07:08:09",
        ExifTags.Base.ExposureTime: TiffImagePlugin.IFDRational(1, 8),
        ExifTags.Base.ISOSpeedRatings: 200,
    }
    assert exif_facts(photo(tmp_path / "a.jpg", tags)) == {
        "camera maker": "Acme",
        "camera": "One",
        "taken": "2024:05:06 07:08:09",
        "exposure, s": "0.125",
        "ISO": "200",
    }


def test_place_owner_and_serial_number_are_never_told(tmp_path):
    tags = {
        ExifTags.Base.Model: "One",
        ExifTags.Base.Artist: "Somebody",
        ExifTags.Base.BodySerialNumber: "SN-1",
        ExifTags.Base.CameraOwnerName: "Owner",
        ExifTags.Base.ImageDescription: "our house",
    }
    gps = {ExifTags.GPS.GPSLatitude: (52.0, 31.0, 12.0), ExifTags.GPS.GPSLatitudeRef: "N"}
    assert exif_facts(photo(tmp_path / "a.jpg", tags, gps)) == {"camera": "One"}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_other_formats_have_facts_too(tmp_path, kind):
    file = photo(tmp_path / "a", {ExifTags.Base.Model: "One"}, kind=kind)
    assert exif_facts(file)["camera"] == "One"


@pytest.mark.parametrize(
    "tags",
    [
        {ExifTags.Base.ExposureTime: TiffImagePlugin.IFDRational(1, 0)},
        {ExifTags.Base.Model: b"\xff\xfe\x00"},
        {ExifTags.Base.FocalLength: (1, 2, 3)},
    ],
)
def test_odd_values_do_no_harm(tmp_path, tags):
    facts = exif_facts(photo(tmp_path / "a.jpg", tags))
    assert all(isinstance(text, str) for text in facts.values())


def test_long_texts_are_cut(tmp_path):
    facts = exif_facts(photo(tmp_path / "a.jpg", {ExifTags.Base.Software: "x" * 5000}))
    assert facts == {"software": "x" * 80}


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff\xe1\x00\x10Exif\0\0MM"])
def test_a_file_that_is_no_picture_has_no_facts(tmp_path, content):
    file = tmp_path / "a.jpg"
    file.write_bytes(content)
    assert exif_facts(file) == {}
    assert exif_facts(tmp_path / "missing.jpg") == {}


def test_all_broken_pictures_are_survived(real_data):
    files = [path for path in (real_data / "broken_images").rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert isinstance(exif_facts(file), dict)
