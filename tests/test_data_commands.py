"""Commands on data sets, as users and scripts call them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from cnnlab.workspace import Workspace
from tests.pictures import tree_digest
from tests.test_cli import call, document


@pytest.fixture
def folders(class_folders: Path) -> Path:
    """Sixty pictures, one of them twice, another under two labels, and a broken file."""
    (class_folders / "red" / "broken.jpg").write_bytes(b"")
    (class_folders / "red" / "twin.png").write_bytes(
        (class_folders / "red" / "000.png").read_bytes()
    )
    (class_folders / "blue" / "lost.png").write_bytes(
        (class_folders / "green" / "003.png").read_bytes()
    )
    return class_folders


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder.parent))
    return target


def test_audit_names_problems_with_their_pictures_and_advice(workspace, folders):
    found = document(call("audit", folders, "--json", workspace=workspace))
    assert (found["images"], found["usable"], found["excluded"]) == (63, 62, 0)
    by_kind = {finding["kind"]: finding for finding in found["findings"]}
    assert by_kind["unreadable"]["paths"] == ["red/broken.jpg"]
    assert ["blue/lost.png", "green/003.png"] in by_kind["label-conflict"]["groups"]
    assert ["red/000.png", "red/twin.png"] in by_kind["exact-copies"]["groups"]
    assert all(finding["advice"] and finding["sentence"] for finding in found["findings"])
    result = call("audit", found["dataset"], workspace=workspace)
    assert "red/broken.jpg" in result.stdout
    assert result.returncode == 0


def test_corrections_change_counts_are_listed_and_undone_and_touch_no_file(workspace, folders):
    dataset = document(call("audit", folders, "--json", workspace=workspace))["dataset"]
    before = tree_digest(folders)

    def correct(*words):
        return document(call("correct", dataset, *words, "--json", workspace=workspace))

    first = correct("list")
    assert first["steps"] == []
    excluded = correct("exclude", "red/twin.png", folders / "blue" / "lost.png")
    assert (excluded["usable"], excluded["excluded"]) == (60, 2)
    assert excluded["fingerprint"] != first["fingerprint"]
    moved = correct("relabel", "red/001.png", "--class", "blue")
    assert moved["classes"] == {"blue": 21, "green": 20, "red": 19}
    assert [step["edit"] for step in moved["steps"]] == ["exclude", "relabel"]
    assert moved["steps"][1]["paths"] == ["red/001.png"]
    correct("undo")
    back = correct("undo")
    assert back["classes"] == first["classes"]
    assert back["fingerprint"] == first["fingerprint"]
    assert tree_digest(folders) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["exclude", "red/nothing.png"], "red/nothing.png"),
        (["exclude"], "picture"),
        (["relabel", "red/000.png"], "class"),
        (["relabel", "red/000.png", "--class", "../up"], "../up"),
        (["undo"], "undo"),
        (["undo", "--step", "77"], "77"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_with_its_value(workspace, folders, words, says):
    call("scan", folders, workspace=workspace)
    (row,) = document(call("datasets", "--json", workspace=workspace))
    result = call("correct", row["dataset"], *words, workspace=workspace)
    assert result.returncode == 1
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_corrected_set_is_exported_flat_and_as_a_tree(workspace, folders, tmp_path):
    dataset = document(call("audit", folders, "--json", workspace=workspace))["dataset"]
    call("correct", dataset, "exclude", "red/twin.png", "blue/lost.png", workspace=workspace)
    flat = document(
        call("export-data", dataset, "--out", tmp_path / "flat", "--json", workspace=workspace)
    )
    assert flat["files"] == 60
    assert sorted(path.name for path in (tmp_path / "flat").iterdir()) == ["blue", "green", "red"]
    shares = ["--set", "split.validation=0.2", "--set", "split.test=0.1"]
    tree = ["export-data", dataset, "--out", tmp_path / "tree", "--layout", "tree", *shares]
    counts = document(call(*tree, "--json", workspace=workspace))["counts"]
    assert {side: sum(counts[side].values()) for side in counts} == {
        "test": 6,
        "train": 42,
        "validation": 12,
    }
    assert len(list((tmp_path / "tree" / "train").rglob("*.png"))) == 42
    again = call(*tree, workspace=workspace)
    assert again.returncode == 1
    assert again.stderr.startswith("bad-target: ")


def test_sets_are_listed_renamed_moved_and_removed(workspace, folders, tmp_path):
    call("datasets", "add", folders, workspace=workspace)
    (row,) = document(call("datasets", "--json", workspace=workspace))
    dataset = row["dataset"]
    assert (row["name"], row["source"]) == ("colours", "folder")
    assert (row["images"], row["usable"], row["problems"]) == (63, 62, 1)

    renamed = document(
        call("datasets", "rename", dataset, "My <b>set</b>", "--json", workspace=workspace)
    )
    assert renamed["name"] == "My <b>set</b>"
    elsewhere = folders.rename(tmp_path / "elsewhere")
    lost = call("scan", dataset, workspace=workspace)
    assert lost.returncode == 1
    assert "colours" in lost.stderr
    found = document(call("datasets", "move", dataset, elsewhere, "--json", workspace=workspace))
    assert found["usable"] == 62

    before = tree_digest(elsewhere)
    document(call("datasets", "remove", dataset, "--json", workspace=workspace))
    assert document(call("datasets", "list", "--json", workspace=workspace)) == []
    assert tree_digest(elsewhere) == before


def test_a_zip_is_unpacked_scanned_and_known_by_its_id(workspace, folders, tmp_path):
    archive = zipped(folders, tmp_path / "colours.zip")
    found = document(call("scan", archive, "--json", workspace=workspace))
    assert (found["images"], found["usable"]) == (63, 62)
    assert found["classes"] == {"blue": 21, "green": 20, "red": 21}
    (row,) = document(call("datasets", "--json", workspace=workspace))
    assert row["source"] == "archive"
    archive.unlink()
    again = document(call("scan", row["dataset"], "--json", workspace=workspace))
    assert again["usable"] == 62


def test_a_set_is_made_class_by_class_and_added_to(workspace, class_folders):
    words = [f"{name}={class_folders / name}" for name in ("red", "blue")]
    options = [word for value in words for word in ("--pictures", value)]
    made = document(
        call("datasets", "make", "two colours", *options, "--json", workspace=workspace)
    )
    assert made["classes"] == {"blue": 20, "red": 20}
    (row,) = document(call("datasets", "--json", workspace=workspace))
    assert (row["name"], row["source"]) == ("two colours", "upload")
    one = class_folders / "green" / "000.png"
    more = ["datasets", "put", row["dataset"], "--pictures", f"Not sure={one}"]
    put = document(call(*more, "--json", workspace=workspace))
    assert put["classes"] == {"Not sure": 1, "blue": 20, "red": 20}
    again = document(call(*more, "--json", workspace=workspace))
    assert again["classes"]["Not sure"] == 2
    assert len(again["duplicates"]) == 1


def test_pictures_are_never_put_into_a_folder_that_is_read_in_place(workspace, class_folders):
    call("scan", class_folders, workspace=workspace)
    (row,) = document(call("datasets", "--json", workspace=workspace))
    before = tree_digest(class_folders)
    one = class_folders / "red" / "000.png"
    words = ["datasets", "put", row["dataset"], "--pictures", f"blue={one}"]
    result = call(*words, workspace=workspace)
    assert result.returncode == 1
    assert result.stderr.startswith("not-made-here: ")
    assert tree_digest(class_folders) == before


@pytest.mark.parametrize("value", ["cup", "=folder", "cup=", "cup=/no/such/place"])
def test_a_class_without_its_pictures_is_a_wrong_argument(workspace, value):
    result = call("datasets", "make", "cups", "--pictures", value, workspace=workspace)
    assert result.returncode == 2
    assert value in result.stderr
    assert document(call("datasets", "--json", workspace=workspace)) == []


def test_a_class_from_an_empty_folder_is_a_wrong_argument(workspace, tmp_path):
    (tmp_path / "none").mkdir()
    value = f"cup={tmp_path / 'none'}"
    result = call("datasets", "make", "cups", "--pictures", value, workspace=workspace)
    assert result.returncode == 2
    assert value in result.stderr
    assert "Traceback" not in result.stderr


def test_commands_on_a_set_take_its_folder_or_zip_for_its_id(workspace, folders, tmp_path):
    archive = zipped(folders, tmp_path / "colours.zip")
    for place in (folders, archive):
        refused = call("correct", place, "list", workspace=workspace)
        assert refused.stderr.startswith("unknown-dataset: ")
        call("scan", place, workspace=workspace)
        done = call("correct", place, "exclude", "red/001.png", "--json", workspace=workspace)
        assert document(done)["excluded"] == 1
        call("datasets", "rename", place, "renamed", workspace=workspace)
        (listed,) = document(call("datasets", "--json", workspace=workspace))
        assert listed["name"] == "renamed"
        removed = call("datasets", "remove", place, "--json", workspace=workspace)
        assert document(removed)["removed"]


def test_a_dangerous_zip_is_refused_by_member_and_leaves_nothing(workspace, folders, tmp_path):
    archive = zipped(folders, tmp_path / "bad.zip")
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("../outside.png", b"x")
    result = call("scan", archive, "--json", workspace=workspace)
    assert result.returncode == 1
    assert result.stderr.startswith("unsafe-member: ")
    assert "../outside.png" in result.stderr
    assert not (workspace.root.parent / "outside.png").exists()
    assert not list(workspace.root.rglob("*.png"))


def test_the_catalogue_names_its_sets_and_an_unknown_one_is_refused(workspace):
    rows = document(call("datasets", "catalogue", "--json"))
    assert {row["name"] for row in rows} >= {"cifar10", "cats-and-dogs", "flowers", "intel-scenes"}
    result = call("datasets", "download", "no-such", workspace=workspace)
    assert result.returncode == 1
    assert "no-such" in result.stderr
    by_hand = call("datasets", "download", "intel-scenes", workspace=workspace)
    assert by_hand.returncode == 1
    assert "kaggle.com" in by_hand.stderr


def test_the_cache_tells_its_size_keeps_its_budget_and_is_cleared(workspace):
    workspace.pixels_folder.mkdir(parents=True)
    (workspace.pixels_folder / "abc-16-squash-rgb.npy").write_bytes(b"x" * 5000)
    told = document(call("cache", "--json", workspace=workspace))
    assert (told["files"], told["bytes"], told["freed_bytes"]) == (1, 5000, 0)
    told = document(call("cache", "--budget", "0.5", "--json", workspace=workspace))
    assert told["budget_bytes"] == 500_000_000
    told = document(call("cache", "--clear", "--json", workspace=workspace))
    assert (told["files"], told["freed_bytes"], told["budget_bytes"]) == (0, 5000, 500_000_000)
    refused = call("cache", "--budget", "-1", workspace=workspace)
    assert refused.returncode in (1, 2)
    assert "-1" in refused.stderr


def test_commands_for_people_print_tables(workspace, folders):
    call("scan", folders, workspace=workspace)
    (row,) = document(call("datasets", "--json", workspace=workspace))
    for words in (
        ["datasets"],
        ["datasets", "catalogue"],
        ["audit", row["dataset"]],
        ["correct", row["dataset"], "exclude", "red/000.png"],
        ["correct", row["dataset"], "list"],
        ["cache"],
    ):
        result = call(*words, workspace=None if "catalogue" in words else workspace)
        assert result.returncode == 0, result.stderr
        assert result.stdout.strip()
        assert not result.stdout.startswith(("{", "["))


def test_published_folders_are_told_what_is_wrong_with_them(workspace, real_data):
    clothing = document(call("audit", real_data / "clothing_messy", "--json", workspace=workspace))
    by_kind = {finding["kind"]: finding for finding in clothing["findings"]}
    unreadable = by_kind["unreadable"]
    assert unreadable["count"] == 5
    assert all(path.startswith("Skip/") for path in unreadable["paths"])
    assert "empty" in unreadable["sentence"]
    assert "imbalance" in by_kind
    scan = document(call("scan", real_data / "clothing_messy", "--json", workspace=workspace))
    assert {problem["reason"] for problem in scan["problems"]} == {"empty"}
    assert {"Not sure", "T-Shirt"} <= set(scan["classes"])

    intel = document(call("audit", real_data / "intel", "--json", workspace=workspace))
    conflict = next(each for each in intel["findings"] if each["kind"] == "label-conflict")
    assert ["train/glacier/16044.jpg", "train/mountain/17775.jpg"] in conflict["groups"]


def test_classes_that_the_file_format_alone_gives_away_are_reported(workspace, tmp_path):
    for name, kind in (("cat", "png"), ("dog", "jpg")):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(40):
            picture = Image.new("RGB", (30 + number % 3, 30), (number, 5 * number, 90))
            picture.save(tmp_path / "set" / name / f"{number}.{kind}")
    found = document(call("audit", tmp_path / "set", "--json", workspace=workspace))
    shortcut = next(each for each in found["findings"] if each["kind"] == "shortcut")
    assert "format" in shortcut["sentence"]


def test_what_was_left_out_is_said_on_standard_error(workspace, folders):
    (folders / "loose.png").write_bytes((folders / "red" / "000.png").read_bytes())
    result = call("scan", folders, "--json", workspace=workspace)
    document(result)
    assert "1 picture lies in no class folder" in result.stderr
    call("correct", folders, "exclude", "red/001.png", workspace=workspace)
    content = (folders / "blue" / "001.png").read_bytes()
    (folders / "red" / "001.png").write_bytes(content)
    assert "1 correction is left aside" in call("scan", folders, workspace=workspace).stderr
    assert "left aside" in call("correct", folders, "list", workspace=workspace).stderr


def test_a_workspace_inside_the_pictures_is_no_class(workspace, class_folders):
    inside = Workspace(class_folders / "workspace")
    found = document(call("scan", class_folders, "--json", workspace=inside))
    assert found["classes"] == {"blue": 20, "green": 20, "red": 20}
    again = call("scan", class_folders, "--json", workspace=inside)
    assert document(again)["problems"] == []
    assert "is a workspace" in again.stderr


def test_names_of_any_script_are_printed_whatever_the_terminal_takes(workspace, class_folders):
    (class_folders / "red").rename(class_folders / "日本 \x1b[31m")
    words = [sys.executable, "-m", "cnnlab", "scan", class_folders, "--workspace", workspace.root]
    for extra in ([], ["--json"]):
        result = subprocess.run(
            [*map(str, words), *extra],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert "日本" in result.stdout.decode("utf-8")
        assert b"\x1b[31m" not in result.stdout


def test_an_export_takes_only_what_it_uses(workspace, folders, tmp_path):
    for words in (["--set", "training.epochs=3", "--layout", "tree"], ["--set", "split.seed=1"]):
        result = call(
            "export-data", folders, "--out", tmp_path / "out", *words, workspace=workspace
        )
        assert result.returncode == 2
        assert "Received: " in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "bad", ["a/3 oops ./x.png", "test=folder"], ids=["file name", "class name"]
)
def test_a_set_with_a_name_that_cannot_be_is_not_begun(workspace, class_folders, bad):
    if bad.startswith("test="):
        first = f"test={class_folders / 'red'}"
    else:
        (class_folders / "red" / "oops .").write_bytes(b"x")
        first = f"red={class_folders / 'red'}"
    words = ["--pictures", first, "--pictures", f"blue={class_folders / 'blue'}"]
    result = call("datasets", "make", "mine", *words, workspace=workspace)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert document(call("datasets", "--json", workspace=workspace)) == []
