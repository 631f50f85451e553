"""How many planted copies are found, and how many different pictures are taken for copies.

python -m benchmarks.copies FOLDER [--pictures 1000] [--copies 50] [--seed 0]

Takes pictures of a data set, leaves out those that it finds to be copies of each other already,
plants copies of some of them and looks for them again. Pairs among the others count as false; look
at them before you believe it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from cnnlab.datasets.copies import near_copies
from cnnlab.datasets.images import load
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.measures import measure
from cnnlab.datasets.scan import scan


def recompress(image: Image.Image, file: Path) -> None:
    image.save(file, "JPEG", quality=30)


def halve(image: Image.Image, file: Path) -> None:
    half = image.resize((max(1, image.width // 2), max(1, image.height // 2)))
    half.save(file, "JPEG", quality=90)


def cut(percent: int) -> Callable[[Image.Image, Path], None]:
    def save(image: Image.Image, file: Path) -> None:
        across, down = round(image.width * percent / 100), round(image.height * percent / 100)
        inside = (across, down, image.width - across, image.height - down)
        image.crop(inside).save(file, "JPEG", quality=90)

    return save


WAYS: dict[str, Callable[[Image.Image, Path], None]] = {
    "JPEG quality 30": recompress,
    "halved in size": halve,
    "2 % cut from each side": cut(2),
    "5 % cut from each side": cut(5),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--copies", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    index = scan(options.folder)
    usable = index.usable.drop_duplicates("content_hash")
    rng = np.random.default_rng(options.seed)
    chosen = [usable["path"].iloc[n] for n in rng.permutation(len(usable))[: options.pictures]]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "train" / "a").mkdir(parents=True)
        (root / "test" / "a").mkdir(parents=True)
        originals = []
        for number, path in enumerate(chosen):
            original = root / "train" / "a" / f"{number:05}{Path(path).suffix}"
            shutil.copyfile(options.folder / path, original)
            originals.append(original)
        planted = plant(root, originals[: options.copies])
        found = scan(root)
        report(root, found, planted, len(originals))


def plant(root: Path, originals: list[Path]) -> dict[str, list[tuple[str, str]]]:
    """Paths of original and copy, by the way it was made."""
    planted: dict[str, list[tuple[str, str]]] = {"exact": []}
    for original in originals:
        copy = root / "test" / "a" / f"exact-{original.name}"
        shutil.copyfile(original, copy)
        planted["exact"].append(names(root, original, copy))
    for number, (way, save) in enumerate(WAYS.items()):
        for original in originals:
            copy = root / "test" / "a" / f"{number}-{original.stem}.jpg"
            save(Image.fromarray(load(original)), copy)
            planted.setdefault(way, []).append(names(root, original, copy))
    return planted


def names(root: Path, *files: Path) -> tuple[str, ...]:
    return tuple(file.relative_to(root).as_posix() for file in files)


def report(
    root: Path, index: DatasetIndex, planted: dict[str, list[tuple[str, str]]], count: int
) -> None:
    content = dict(zip(index.frame["path"], index.frame["content_hash"], strict=True))
    pairs = near_copies(measure(root, index))
    linked = set(zip(pairs["first"], pairs["second"], strict=True))
    for way, both in planted.items():
        found = sum(
            content[one] == content[other]
            or (min(content[one], content[other]), max(content[one], content[other])) in linked
            for one, other in both
        )
        print(f"{way}: {found} of {len(both)} found")
    originals = {digest: path for path, digest in content.items() if path.startswith("train/")}
    false = [
        (originals[one], originals[other], similarity)
        for one, other, similarity in pairs.itertuples(index=False)
        if one in originals and other in originals
    ]
    print(f"among {count:,} pictures: {len(false)} pairs")
    for one, other, similarity in false:
        print(f"  {similarity:.3f} {one} {other}")


if __name__ == "__main__":
    main()
