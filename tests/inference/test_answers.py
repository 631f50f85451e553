"""Answers for many photos: as columns, kept in a file, and made in the background."""

import os
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest

from cnnlab.datasets.photos import Photo
from cnnlab.errors import ImageError, RunError
from cnnlab.inference.answering import Answering, Answerings, Stage
from cnnlab.inference.answers import gathered, read_answers, write_answers
from cnnlab.inference.classify import Classification, classify
from cnnlab.inference.model import load_model
from cnnlab.inference.model_state import model_state
from cnnlab.inference.rejection import Verdict
from cnnlab.inference.shelf import ModelShelf
from cnnlab.workspace import RunFiles
from tests.trays import make_tray

ENOUGH_SECONDS = 60


def some_answers():
    names = ("cat", "dog")
    return gathered(
        names,
        [
            Classification(
                name="one",
                class_names=names,
                probabilities=np.array([0.1, 0.9], np.float32),
                verdict=Verdict(True, 0.123456789012345, 0.5),
                thumbnail=b"small",
            ),
            Classification(
                name="bad\udcff", class_names=names, error=ImageError("damaged", "It is\udcff.")
            ),
            Classification(
                name="ümlaut",
                class_names=names,
                probabilities=np.array([1 / 3, 2 / 3], np.float32),
                verdict=Verdict(False, 7.0, 0.5),
            ),
        ],
    )


@pytest.fixture
def batch(trained):
    place, _, run_id = trained
    files = RunFiles(place.run_folder(run_id))
    return files, make_tray(place, bad=2)


@pytest.fixture
def answerings():
    return Answerings(ModelShelf())


def test_what_cannot_be_read_has_no_answer():
    answers = some_answers()
    assert answers.answered.tolist() == [True, False, True]
    assert answers.predicted.tolist() == [1, -1, 1]
    assert answers.unknown.tolist() == [False, False, True]
    assert np.isnan(answers.confidence[1])
    assert answers.one(1).label is None
    assert answers.one(2).label == "dog"


def test_kept_answers_read_back_bit_for_bit(tmp_path):
    answers, path = some_answers(), tmp_path / "answers.parquet"
    write_answers(answers, path, "state")
    found = read_answers(path, answers.names, "state")
    assert found is not None
    np.testing.assert_array_equal(found.probabilities, answers.probabilities)
    assert found.verdicts == answers.verdicts
    assert found.thumbnails == answers.thumbnails
    assert [str(error) for error in found.errors] == [str(error) for error in answers.errors]
    assert found.errors[1].reason == "damaged"


def test_answers_of_other_photos_another_network_or_a_damaged_file_are_none(tmp_path):
    answers, path = some_answers(), tmp_path / "answers.parquet"
    write_answers(answers, path, "state")
    assert read_answers(path, answers.names, "another") is None
    assert read_answers(path, ("other", "names", "here"), "state") is None
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    assert read_answers(path, answers.names, "state") is None
    assert read_answers(tmp_path / "missing", answers.names, "state") is None


def test_a_batch_answers_like_one_by_one_and_is_there_at_once_afterwards(batch, answerings):
    files, tray = batch
    task = answerings.get(files, tray.photos, tray.folder)
    assert task.wait(ENOUGH_SECONDS)
    assert task.standing.stage is Stage.DONE
    assert (task.standing.done, task.standing.total) == (14, 14)
    answers = task.answers()
    model = load_model(files)
    for number, photo in enumerate(tray.photos):
        (alone,) = classify(model, [photo])
        assert answers.one(number).label == alone.label
        if alone.probabilities is not None:
            np.testing.assert_allclose(
                answers.probabilities[number], alone.probabilities, atol=1e-6
            )
    assert all(thumbnail for thumbnail in answers.thumbnails[:12])
    assert answerings.get(files, tray.photos, tray.folder) is task
    restarted = Answerings(ModelShelf()).get(files, tray.photos, tray.folder)
    assert restarted.standing.stage is Stage.DONE
    np.testing.assert_array_equal(restarted.answers().probabilities, answers.probabilities)


def test_of_a_few_photos_it_is_kept_what_the_network_saw(batch, answerings):
    files, tray = batch
    task = answerings.get(files, tray.photos[:2], tray.folder)
    assert task.wait(ENOUGH_SECONDS)
    assert task.seen(1).seen.shape == (28, 28, 3)
    assert task.seen(1).features is not None
    assert not list(tray.folder.glob("answers-*"))


def test_a_stopped_batch_goes_on_where_it_was(batch):
    files, tray = batch
    turn = threading.Lock()
    with turn:  # another batch is at work
        task = Answering(files, tray.photos, tray.folder, ModelShelf(), turn)
        task.start()
        assert task.standing.stage is Stage.WAITING
        task.stop()
        assert task.wait(ENOUGH_SECONDS)
        assert task.standing.stage is Stage.STOPPED
        assert task.answers() is None
    task.start()
    assert task.wait(ENOUGH_SECONDS)
    assert task.standing.stage is Stage.DONE
    assert task.answers().names == tuple(photo.name for photo in tray.photos)


def test_another_network_under_the_same_run_is_asked_anew(batch, answerings):
    files, tray = batch
    first = answerings.get(files, tray.photos, tray.folder)
    assert first.wait(ENOUGH_SECONDS)
    os.utime(files.lite_model, ns=(1, 1))
    second = answerings.get(files, tray.photos, tray.folder)
    assert second is not first
    assert second.wait(ENOUGH_SECONDS)
    assert second.standing.stage is Stage.DONE


def test_a_deleted_run_is_a_sentence(batch, answerings):
    files, tray = batch
    turn = threading.Lock()
    with turn:
        task = Answering(files, tray.photos, tray.folder, ModelShelf(), turn)
        task.start()
        shutil.rmtree(files.folder)
    assert task.wait(ENOUGH_SECONDS)
    assert task.standing.stage is Stage.FAILED
    assert task.standing.error.reason == "deleted-model"
    with pytest.raises(RunError, match="deleted"):
        answerings.get(files, tray.photos, tray.folder)


def test_photos_that_are_removed_meanwhile_are_a_sentence_and_do_not_come_back(batch):
    files, tray = batch
    turn = threading.Lock()
    with turn:
        task = Answering(files, tray.photos, tray.folder, ModelShelf(), turn)
        task.start()
        shutil.rmtree(tray.folder)
    assert task.wait(ENOUGH_SECONDS)
    assert task.standing.error.reason == "photos-gone"
    assert not tray.folder.exists()


def test_answers_that_a_full_disk_cannot_keep_are_shown_all_the_same(batch, small_disk):
    files, tray = batch
    (small_disk / "filler").write_bytes(bytes(2 * 2**20 - 4096))
    task = Answerings(ModelShelf()).get(files, tray.photos, small_disk)
    assert task.wait(ENOUGH_SECONDS)
    assert task.standing.stage is Stage.DONE
    assert task.standing.error.reason == "disk-full"
    assert len(task.answers()) == len(tray.photos)
    assert [file.name for file in small_disk.iterdir()] == ["filler"]


def test_only_so_many_batches_stay_in_memory(batch, answerings):
    files, tray = batch
    one = tray.photos[:1]
    folders = [tray.folder / f"part-{number}" for number in range(66)]
    for folder in folders:
        folder.mkdir()
        assert answerings.get(files, one, folder).wait(ENOUGH_SECONDS)
    assert len(answerings) == 64


def test_the_state_of_a_network_changes_with_its_rule(batch):
    files, _ = batch
    before = model_state(files)
    files.rejection.write_text("{}", encoding="utf-8")
    assert model_state(files) != before


def test_a_photo_that_is_bytes_is_answered_too(batch, answerings):
    files, tray = batch
    photo: Photo = replace(tray.photos[0], source=tray.photos[0].source.read_bytes())
    task = answerings.get(files, [photo], tray.folder)
    assert task.wait(ENOUGH_SECONDS)
    assert task.answers().one(0).label == "blue"


def test_photos_that_are_added_are_answered_too(batch, answerings):
    files, tray = batch
    first = answerings.get(files, tray.photos[1:3], tray.folder)
    assert first.wait(ENOUGH_SECONDS)
    more = answerings.get(files, tray.photos[:3], tray.folder)
    assert more.wait(ENOUGH_SECONDS)
    assert more.answers().names == tuple(photo.name for photo in tray.photos[:3])


def test_a_refusal_keeps_nothing_of_the_file_alive(trained_once, tmp_path):
    place, _, run_id = trained_once
    (tmp_path / "broken.png").write_bytes(b"\x89PNG" + bytes(200))
    model = load_model(RunFiles(place.run_folder(run_id)))
    (answer,) = classify(model, [Photo(name="broken.png", source=tmp_path / "broken.png")])
    assert answer.error is not None
    assert answer.error.reason == "damaged"
    assert answer.error.__traceback__ is None
    assert answer.error.__cause__ is None
    assert answer.error.__context__ is None
