"""What is measured in pictures, and that nothing is measured twice."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cnnlab.datasets.measures import (
    COLUMNS,
    MINIATURE_PX,
    measure,
    measure_pixels,
    read_measures,
    write_measures,
)
from cnnlab.datasets.scan import scan
from cnnlab.datasets.scenes import paint_scene


def measures_of(image):
    return measure_pixels(np.asarray(image.convert("RGB")))[0]


@pytest.fixture
def scene():
    return paint_scene("street", 3)


@pytest.fixture
def measured(class_folders):
    index = scan(class_folders)
    return class_folders, index, measure(class_folders, index)


def test_brightness_and_contrast_of_known_pictures():
    half = Image.new("L", (40, 40), 0)
    half.paste(200, (0, 0, 20, 40))
    found = measures_of(half)
    assert found["brightness"] == pytest.approx(100)
    assert found["contrast"] == pytest.approx(100)
    assert found["uniformity"] == pytest.approx(0.5)


def test_a_blurred_picture_is_less_sharp(scene):
    blurred = scene.filter(ImageFilter.GaussianBlur(3))
    assert measures_of(blurred)["sharpness"] < 0.2 * measures_of(scene)["sharpness"]


def test_sharpness_hardly_depends_on_the_size_of_large_pictures(scene):
    large = scene.resize((1200, 1200), Image.Resampling.LANCZOS)
    larger = scene.resize((2400, 2400), Image.Resampling.LANCZOS)
    assert measures_of(larger)["sharpness"] == pytest.approx(
        measures_of(large)["sharpness"], rel=0.2
    )


def test_grey_pictures_have_no_colour_also_after_jpeg(scene, tmp_path):
    grey = scene.convert("L").convert("RGB")
    grey.save(tmp_path / "grey.jpg", quality=60)
    with Image.open(tmp_path / "grey.jpg") as saved:
        assert measures_of(saved)["colourfulness"] < 2.0
    assert measures_of(scene)["colourfulness"] > 5.0


def test_a_nearly_empty_picture_is_uniform():
    page = Image.new("RGB", (100, 100), "white")
    page.paste((0, 0, 0), (40, 40, 48, 48))
    assert measures_of(page)["uniformity"] > 0.99
    assert measures_of(Image.new("RGB", (1, 1), "red"))["sharpness"] == 0


def test_every_content_is_measured_once(measured):
    _, index, measures = measured
    assert measures.frame.dtypes.astype(str).to_dict() == COLUMNS
    assert measures.frame["content_hash"].tolist() == sorted(set(index.usable["content_hash"]))
    assert measures.miniatures.shape == (60, MINIATURE_PX, MINIATURE_PX, 3)
    red = index.usable.loc[index.usable["class"] == "red", "content_hash"].iloc[0]
    assert measures.miniatures[measures.rows[red]].reshape(-1, 3).mean(axis=0).argmax() == 0


def test_only_new_pictures_are_opened_again(measured):
    folder, index, measures = measured
    assert measure(folder, index, measures) is measures
    for path in index.usable["path"]:
        (folder / path).unlink()
    (folder / "red" / "new.png").parent.mkdir(exist_ok=True)
    paint_scene("sea", 1).save(folder / "red" / "new.png")
    again = scan(folder)
    seen = []
    fewer = measure(folder, again, measures, lambda *counts: seen.append(counts))
    assert seen[-1] == (1, 1)
    assert len(fewer.frame) == 1


def test_a_file_that_has_gone_since_the_scan_has_no_measures(measured):
    folder, index, _ = measured
    (folder / index.usable["path"].iloc[0]).unlink()
    assert len(measure(folder, index).frame) == 59


def test_measures_are_written_and_read_back(measured, tmp_path):
    _, _, measures = measured
    write_measures(measures, tmp_path / "audit")
    again = read_measures(tmp_path / "audit")
    assert again.frame.equals(measures.frame)
    assert np.array_equal(again.miniatures, measures.miniatures)
    assert len(read_measures(tmp_path / "audit", miniatures=False).miniatures) == 0


@pytest.mark.parametrize("name", ["measures.parquet", "miniatures.npy"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_damaged_or_unmatched_files_count_as_none(measured, tmp_path, name, damage):
    _, _, measures = measured
    folder = tmp_path / "audit"
    write_measures(measures, folder)
    file = folder / name
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif name == "miniatures.npy":
        np.save(file, measures.miniatures[::-1])
    else:
        file.write_bytes(b"something else")
    assert read_measures(folder) is None
