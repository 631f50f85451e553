"""Predictions keep what was said about each image, also on disk."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import Predictions, read_predictions, write_predictions

NAMES = ("château", "dog, <b>big</b>", "日本")


def some_predictions(images=50, class_names=NAMES):
    random = np.random.default_rng(3)
    return Predictions(
        class_names=class_names,
        paths=tuple(f"dog/{index}.png" for index in range(images)),
        splits=np.array(["validation", "test"])[random.integers(0, 2, images)],
        true=random.integers(0, len(class_names), images),
        probabilities=random.dirichlet(np.ones(len(class_names)), images).astype(np.float32),
    )


@pytest.mark.parametrize("images", [0, 1, 50])
def test_predictions_come_back_from_disk_bit_by_bit(tmp_path, images):
    written = some_predictions(images)
    write_predictions(written, tmp_path / "run" / "predictions.parquet")
    read = read_predictions(tmp_path / "run" / "predictions.parquet")

    assert read.class_names == written.class_names
    assert read.paths == written.paths
    assert read.splits.tolist() == written.splits.tolist()
    assert read.true.tolist() == written.true.tolist()
    assert read.probabilities.dtype == np.float32
    assert np.array_equal(read.probabilities, written.probabilities)
    assert len(read) == images


def test_the_file_names_the_true_class_for_other_programs(tmp_path):
    predictions = some_predictions()
    write_predictions(predictions, tmp_path / "p.parquet")
    table = pq.ParquetFile(tmp_path / "p.parquet").read()

    assert table["true"].to_pylist() == [NAMES[index] for index in predictions.true]
    assert table.schema.field("probabilities").type == pa.list_(pa.float32(), 3)


def test_predicted_is_the_most_probable_class_and_confidence_its_probability():
    predictions = Predictions(
        class_names=("a", "b"),
        paths=("1", "2", "3"),
        splits=np.array(["test", "test", "validation"]),
        true=np.array([0, 0, 1]),
        probabilities=np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]], np.float32),
    )

    assert predictions.predicted.tolist() == [0, 1, 0]
    assert predictions.confidence.tolist() == [0.75, 0.75, 0.5]


def test_select_keeps_the_order_and_every_column_of_one_split():
    predictions = some_predictions()
    rows = [index for index, split in enumerate(predictions.splits) if split == "test"]
    chosen = predictions.select("test")

    assert chosen.paths == tuple(predictions.paths[index] for index in rows)
    assert chosen.true.tolist() == predictions.true[rows].tolist()
    assert np.array_equal(chosen.probabilities, predictions.probabilities[rows])
    assert set(chosen.splits) == {"test"}
    assert len(predictions.select("train")) == 0


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RunError, match=r"nothing\.parquet") as caught:
        read_predictions(tmp_path / "nothing.parquet")
    assert caught.value.reason == "predictions-missing"


def damage_nothing_left(content):
    return b""


def damage_other_content(content):
    return b"not a parquet file, but long enough to look at"


def damage_cut_off(content):
    return content[: len(content) // 2]


def damage_one_bit(content):
    middle = 200  # inside the first column
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage", [damage_nothing_left, damage_other_content, damage_cut_off, damage_one_bit]
)
def test_a_damaged_file_is_one_clear_sentence(tmp_path, damage):
    path = tmp_path / "predictions.parquet"
    write_predictions(some_predictions(), path)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(RunError, match="cannot be read") as caught:
        read_predictions(path)
    assert caught.value.reason == "predictions-damaged"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.drop_columns("label"),
        lambda table: table.replace_schema_metadata({}),
        lambda table: table.replace_schema_metadata({b"cnnlab.class_names": b'["one"]'}),
        lambda table: table.replace_schema_metadata({b"cnnlab.class_names": b"{"}),
        lambda table: table.set_column(3, "label", pa.array([7] * table.num_rows)),
        lambda table: table.set_column(3, "label", pa.array([None] * table.num_rows, pa.int32())),
        lambda table: table.set_column(4, "probabilities", pa.array([0.5] * table.num_rows)),
    ],
)
def test_a_file_of_another_make_is_refused(tmp_path, change):
    path = tmp_path / "predictions.parquet"
    write_predictions(some_predictions(), path)
    pq.write_table(change(pq.ParquetFile(path).read()), path)

    with pytest.raises(RunError) as caught:
        read_predictions(path)
    assert caught.value.reason == "predictions-damaged"


def test_an_earlier_file_survives_a_failed_write(tmp_path):
    path = tmp_path / "predictions.parquet"
    write_predictions(some_predictions(), path)
    broken = Predictions(
        class_names=("a",),
        paths=("\ud800",),  # cannot be stored as text
        splits=np.array(["test"]),
        true=np.array([0]),
        probabilities=np.ones((1, 1), np.float32),
    )
    with pytest.raises(ValueError, match="surrogates"):
        write_predictions(broken, path)

    assert len(read_predictions(path)) == 50
    assert [entry.name for entry in tmp_path.iterdir()] == ["predictions.parquet"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_names": ()}, "at least one class name"),
        ({"probabilities": np.zeros((2, 3), np.float32)}, r"shape .* \(2, 2\)"),
        ({"true": np.array([0])}, "true must have one entry"),
        ({"splits": np.array(["test"])}, "splits must have one entry"),
        ({"true": np.array([0, 2])}, "between 0 and 1"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(change, message):
    columns = {
        "class_names": ("a", "b"),
        "paths": ("1", "2"),
        "splits": np.array(["test", "test"]),
        "true": np.array([0, 1]),
        "probabilities": np.full((2, 2), 0.5, np.float32),
    }
    with pytest.raises(ValueError, match=message):
        Predictions(**{**columns, **change})
