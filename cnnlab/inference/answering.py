"""Photos classified in the background, once for everybody who looks at them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path

from cnnlab.datasets.photos import Photo
from cnnlab.errors import CnnlabError, RunError, WorkspaceError
from cnnlab.inference.answers import (
    Answers,
    gathered,
    read_answers,
    write_answers,
)
from cnnlab.inference.classify import Classification, classify
from cnnlab.inference.model_state import model_state
from cnnlab.inference.shelf import ModelShelf
from cnnlab.workspace import RunFiles

FEW_PHOTOS = 8  # what the network saw in so many is kept, and they wait for nobody
THUMBNAIL_PX = 64
LARGE_THUMBNAIL_PX = 1_024  # of a few, to look at them closely; so each is decoded once
MOST_KEPT_PHOTOS = 20_000  # in all batches together that are in memory, and
MOST_BATCHES = 64  # so many batches
_LOOK_SECONDS = 0.5  # between two looks whether the network and the photos are still there
_ESTIMATE_SECONDS = 1.0


class Stage(StrEnum):
    """Where a batch stands."""

    WAITING = "waiting"  # for another batch to end
    WORKING = "working"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """True when nothing more is done by itself."""
        return self not in (Stage.WAITING, Stage.WORKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a batch is.

    Attributes:
        seconds_left: None where nothing is known yet.
        error: Why it failed; or, of a batch that is done, why its answers could not be kept.
    """

    stage: Stage
    done: int
    total: int
    seconds_left: float | None = None
    error: CnnlabError | None = None


class Answering:
    """One batch of photos on its way through one network. Safe to share between threads.

    Args:
        files: Of the run.
        photos: At least one.
        folder: Where the answers of many photos are kept; it is never made, since it goes with
            the photos.
        shelf: Networks in memory.
        turn: Held by the one batch of many photos that is at work.

    Attributes:
        state: Of the network, as `model_state` gives it.
        names: Of the photos.
        few: Whether it is kept what the network saw.

    Raises:
        RunError: If the run has no network any more ("deleted-model").
    """

    def __init__(
        self,
        files: RunFiles,
        photos: Sequence[Photo],
        folder: Path,
        shelf: ModelShelf,
        turn: threading.Lock,
    ) -> None:
        self.state = model_state(files)
        self.few = len(photos) <= FEW_PHOTOS
        self.names = tuple(photo.name for photo in photos)
        self._files, self._photos, self._folder = files, tuple(photos), folder
        self._shelf, self._turn = shelf, turn
        self._found: list[Classification] = []
        self._answers: Answers | None = None
        self._stage = Stage.STOPPED
        self._error: CnnlabError | None = None
        self._stop, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._began_at, self._began_with = 0.0, 0
        if not self.few:
            self._answers = read_answers(self._kept_at, self.names, self.state)
        if self._answers is not None:
            self._stage = Stage.DONE
            self._over.set()

    @property
    def standing(self) -> Standing:
        """How far it is."""
        with self._lock:
            stage, error, total = self._stage, self._error, len(self._photos)
            done = total if stage is Stage.DONE else len(self._found)
        left, new = None, done - self._began_with
        elapsed = time.monotonic() - self._began_at
        if stage is Stage.WORKING and new and elapsed > _ESTIMATE_SECONDS:
            left = elapsed / new * (total - done)
        return Standing(stage=stage, done=done, total=total, seconds_left=left, error=error)

    def start(self) -> None:
        """Begin, or go on behind the last photo that was answered; nothing where it is at work."""
        with self._lock:
            if self._stage in (Stage.WAITING, Stage.WORKING, Stage.DONE):
                return
            self._stage, self._error = Stage.WAITING, None
            self._stop.clear()
            self._over.clear()
            threading.Thread(target=self._work, name="answering", daemon=True).start()

    def stop(self) -> None:
        """End it soon; what is answered stays."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; True if it is over."""
        return self._over.wait(seconds)

    def answers(self) -> Answers | None:
        """What is known so far; None before the first answer. The same object until there are more.

        Answers of a batch that goes on are gathered anew each time that there are more.
        """
        with self._lock:
            known, found = self._answers, self._found
            count = len(found)
            if known is None or len(known) < count:
                if not count:
                    return None
                known = self._answers = gathered(found[0].class_names, found[:count])
            return known

    def seen(self, number: int) -> Classification | None:
        """The answer for one photo with what the network saw; None where that is not kept."""
        return self._found[number] if self.few and number < len(self._found) else None

    @property
    def _kept_at(self) -> Path:
        return self._folder / f"answers-{self._files.folder.name}.parquet"

    def _work(self) -> None:
        ended: Stage = Stage.FAILED
        error: CnnlabError | None = RunError(
            "classifying-failed",
            "Classifying ended by a fault in the program; the server's output names it. Try again.",
        )
        try:
            ended, error = self._run()
        except CnnlabError as failure:
            error = failure
        finally:
            with self._lock:
                self._error, self._stage = error, ended
                if ended is Stage.DONE and not self.few:
                    self._found = []  # the columns are enough from now on
            self._over.set()

    def _run(self) -> tuple[Stage, CnnlabError | None]:
        if self.few:
            return self._classify()
        while not self._turn.acquire(timeout=_LOOK_SECONDS):
            if self._stop.is_set():
                return Stage.STOPPED, None
        try:
            return self._classify()
        finally:
            self._turn.release()

    def _classify(self) -> tuple[Stage, CnnlabError | None]:
        self._look()
        model = self._shelf.get(self._files)
        self._began_at, self._began_with = time.monotonic(), len(self._found)
        self._stage, looked_at = Stage.WORKING, time.monotonic()
        rest = islice(self._photos, len(self._found), None)
        thumbnail_px = LARGE_THUMBNAIL_PX if self.few else THUMBNAIL_PX
        for answer in classify(model, rest, thumbnail_px=thumbnail_px):
            if self._stop.is_set():
                return Stage.STOPPED, None
            self._found.append(answer if self.few else replace(answer, seen=None, features=None))
            if time.monotonic() - looked_at > _LOOK_SECONDS:
                self._look()
                looked_at = time.monotonic()
        return Stage.DONE, None if self.few else self._keep()

    def _look(self) -> None:
        """End where the network or the photos are gone, or the network is another one now."""
        if model_state(self._files) != self.state:
            raise RunError(
                "changed-model",
                f"The network of run {self._files.folder.name!r} has changed meanwhile. "
                "Classify the photos again.",
            )
        if not self._folder.is_dir():
            raise WorkspaceError(
                "photos-gone", "These photos were removed meanwhile. Hand them over again."
            )

    def _keep(self) -> CnnlabError | None:
        answers = self.answers()
        if answers is not None:
            try:
                self._look()
                write_answers(answers, self._kept_at, self.state)
            except CnnlabError as error:  # they are in memory still
                return error
        return None


class Answerings:
    """The batches of a server: each is classified once, whoever asks for it."""

    def __init__(self, shelf: ModelShelf) -> None:
        self._shelf = shelf
        self._turn = threading.Lock()
        self._known: OrderedDict[tuple[Path, Path], Answering] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, files: RunFiles, photos: Sequence[Photo], folder: Path) -> Answering:
        """The batch of these photos and this network as it is now; begun if it is new.

        Args:
            files: Of the run.
            photos: At least one, each with a name of its own; photos that are added to a folder
                begin another batch.
            folder: That of the photos in the workspace.

        Raises:
            RunError: If the run has no network any more ("deleted-model").
        """
        key = (folder, files.folder)
        asked = (model_state(files), tuple(photo.name for photo in photos))
        with self._lock:
            known = self._known.get(key)
            if known is None or (known.state, known.names) != asked:
                if known is not None:
                    known.stop()
                known = Answering(files, photos, folder, self._shelf, self._turn)
                known.start()
                self._known[key] = known
            self._known.move_to_end(key)
            self._forget(kept=key)
            return known

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._known)

    def _forget(self, kept: tuple[Path, Path]) -> None:
        """Leave out the batches that nobody asked for the longest, beyond what memory is for."""
        photos = {key: each.standing.total for key, each in self._known.items()}
        for key, each in list(self._known.items()):
            too_much = sum(photos.values()) > MOST_KEPT_PHOTOS or len(photos) > MOST_BATCHES
            if too_much and key != kept and each.standing.stage.over:
                del photos[key], self._known[key]
