"""Photos handed to the Classify page in every way that a browser has."""

import csv
import io
import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, Locator, Page, expect

from cnnlab.workspace import Workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.browser.conftest import WAIT_MS, Dashboard, serve, settled
from tests.pictures import COLOURS, coloured_square

pytestmark = pytest.mark.browser
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ORIENTATION, TURNED_RIGHT = 0x0112, 6

CAMERA_IS_ON = "() => document.querySelector('video')?.videoWidth > 0"
PASTE = """([name, type, content]) => {
  const bytes = typeof content === "number"
    ? new Uint8Array(content) : Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], name, { type }));
  document.body.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def classifying(
    trained_once: tuple[Workspace, str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    """A server with a finished network, for all tests here."""
    place = Workspace(tmp_path_factory.mktemp("classifying") / "workspace")
    shutil.copytree(trained_once[0].root, place.root)
    with serve(place) as running:
        yield running


def open_classify(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.address}/classify")
    expect(page.get_by_text("Pictures that this network was not trained on")).to_be_visible()
    settled(page)


def uploader(page: Page, kind: str) -> Locator:
    return page.locator(f"[class*=st-key-upload-{kind}-] input[type=file]")


def winners(page: Page) -> Locator:
    return page.locator("h4")


def jpeg(side_px: int = 80, **options: object) -> bytes:
    content = io.BytesIO()
    picture = coloured_square("red", 7, side_px).resize((2 * side_px, side_px))
    picture.save(content, "JPEG", **options)
    return content.getvalue()


def rows_of(download: Download) -> list[dict[str, str]]:
    text = Path(download.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_turned_and_broken_photos_are_answered_shared_and_downloaded(
    page: Page, classifying: Dashboard
):
    open_classify(page, classifying)
    turned = Image.Exif()
    turned[ORIENTATION] = TURNED_RIGHT
    uploader(page, "photos").set_input_files(
        [
            {"name": "turned.jpg", "mimeType": "image/jpeg", "buffer": jpeg(exif=turned)},
            {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": jpeg()[:300]},
        ]
    )
    expect(page.get_by_text("turned.jpg").first).to_be_visible()
    expect(winners(page)).to_have_count(1)
    expect(winners(page)).to_contain_text("%")
    expect(page.get_by_test_id("stAlert").filter(has_text="broken.jpg")).to_have_count(1)
    settled(page)
    picture = page.get_by_alt_text("turned.jpg", exact=True)
    assert picture.evaluate("image => image.naturalHeight > image.naturalWidth")  # upright

    address = page.url
    assert re.search(r"photos=[0-9a-f]{16}", address)
    second = page.context.new_page()
    for tab in (page, second):
        tab.goto(address)
        expect(winners(tab)).to_have_count(1)
        expect(tab.get_by_text("turned.jpg").first).to_be_visible()
    second.close()

    settled(page)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download CSV").click()
    rows = rows_of(downloading.value)
    assert len(rows) == 2
    assert [any("turned.jpg" in value for value in row.values()) for row in rows] == [True, False]
    assert any("broken.jpg" in value for value in rows[1].values())

    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("The photos were put away.")).to_be_visible()
    expect(page.get_by_text("Pictures that this network was not trained on")).to_be_visible()


def test_folder_of_class_folders_is_taken_with_its_classes(
    page: Page, classifying: Dashboard, tmp_path: Path
):
    folder = tmp_path / "mine"
    for name in COLOURS:
        (folder / name).mkdir(parents=True)
        for number in range(5):
            coloured_square(name, 50 + number).save(folder / name / f"{number}.png")
    (folder / "Thumbs.db").write_bytes(b"left behind")
    open_classify(page, classifying)
    page.get_by_role("tab", name="Folder").click()
    uploader(page, "photo-folder").set_input_files(folder)
    expect(page.get_by_text("15 photos").first).to_be_visible()
    expect(page.get_by_text("1 hidden or system files left out")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    settled(page)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download CSV").click()
    rows = rows_of(downloading.value)
    assert len(rows) == 15
    assert {name for row in rows for name in COLOURS if f"{name}/0.png" in row.values()} == set(
        COLOURS
    )


def test_path_is_read_and_pasted_pictures_go_on_top(
    page: Page, classifying: Dashboard, tmp_path: Path
):
    photo = tmp_path / "mine.png"
    coloured_square("blue", 9).save(photo)
    open_classify(page, classifying)
    page.get_by_role("tab", name="Path").click()
    page.get_by_placeholder("/home/me/photos").fill(str(photo))
    page.get_by_role("button", name="Classify", exact=True).click()
    expect(page.get_by_text("mine.png").first).to_be_visible()
    expect(winners(page)).to_have_count(1)
    settled(page)

    page.evaluate(PASTE, ["image.png", "image/png", b64encode(photo.read_bytes()).decode()])
    expect(page.get_by_text("pasted.png").first).to_be_visible()
    expect(winners(page)).to_have_count(2)
    page.evaluate(PASTE, ["huge.png", "image/png", 26_000_000])
    expect(page.get_by_text("That is more than 25 MB.")).to_be_attached()
    expect(winners(page)).to_have_count(2)


def test_camera_frames_are_answered(chromium: Browser, classifying: Dashboard):
    with chromium.browser_type.launch(
        executable_path=str(find_chromium()), args=[*CHROMIUM_FLAGS, *FAKE_CAMERA]
    ) as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(WAIT_MS)
        open_classify(page, classifying)
        page.get_by_role("tab", name="Camera").click()
        page.get_by_text("Use the camera").click()
        for taken in (1, 2):
            page.wait_for_function(CAMERA_IS_ON)
            page.get_by_role("button", name="Take photo").click()
            expect(page.get_by_text("camera.jpg").first).to_be_visible()
            expect(winners(page)).to_have_count(taken)
            settled(page)
