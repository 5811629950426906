"""The pages in a real browser: files go up, readings come down, opinions stay, and nothing is loaded from elsewhere."""

import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from pydicom import dcmread

from axe_rules import violations
from fabricate_service import grey_png
from fabricate_study_image import study_image
from hilum.reading.reader import Reader
from hilum.service.readers.read_lease import read_lease
from hilum.service.store.readings import Wanted
from hilum.service.store.store import Store, open_store
from hilum.service.web.app import create_app
from hilum.service.web.passwords import hash_password
from hilum.service.web.settings import ServiceSettings

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
WAIT_MS = 60_000
REFUSED = "status of 415"
"""What a browser says by itself of a file that is refused."""


@pytest.fixture
def served(tmp_path: Path, reader: Reader) -> Iterator[tuple[str, Store]]:
    """A service that asks for a password, on a port of its own, with a reader in a thread beside it."""
    store = open_store(tmp_path / "store")
    settings = ServiceSettings(password_hash=hash_password(PASSWORD), min_free_bytes=0)
    server = uvicorn.Server(uvicorn.Config(create_app(reader, store, settings), port=0, log_config=None))
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.05):
            if (lease := store.queue.claim("test")) is not None:
                read_lease(lease, store=store, reader=reader)

    threads = [threading.Thread(target=server.run), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", store
    over.set()
    server.should_exit = True
    for thread in threads:
        thread.join()
    store.close()


@pytest.fixture
def open_page(browser, served: tuple[str, Store]) -> Iterator[Callable]:
    """A browser that is logged in; at the end nothing may have failed, and nothing have come from elsewhere."""
    address, _ = served
    trouble, contexts = [], []

    def begin(
        *, width: int = 1366, height: int = 900, scheme: str = "light", bypass_csp: bool = False, who: str = "Dr Who"
    ):
        view = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=view, color_scheme=scheme, bypass_csp=bypass_csp))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "console",
            lambda said: trouble.append(said.text) if said.type == "error" and REFUSED not in said.text else None,
        )
        page.on(
            "request", lambda asked: None if asked.url.startswith((address, "data:")) else trouble.append(asked.url)
        )
        page.goto(address)
        page.get_by_label("Your name").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.locator("#files:enabled").wait_for(timeout=WAIT_MS)  # the script that sends listens
        return page

    yield begin
    for context in contexts:
        context.close()
    assert trouble == []


def give_opinion(page, choice: str, *, note: str) -> None:
    """By keyboard, once the form takes it: the frame above may still move what a click aims at."""
    page.locator("form.opinion fieldset:enabled").wait_for(timeout=WAIT_MS)
    page.get_by_label(choice).press("Space")
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_text("Saved", exact=True).wait_for(timeout=WAIT_MS)


def test_from_a_file_to_an_opinion(open_page: Callable, served: tuple[str, Store], tmp_path: Path) -> None:
    page = open_page()
    for name, data in (("bright.png", grey_png(0.7)), ("dark <b>.png", grey_png(0.1)), ("cut.png", grey_png()[:60])):
        (tmp_path / name).write_bytes(data)
    page.locator("#age").fill("3")
    page.locator("#files").set_input_files([tmp_path / name for name in ("dark <b>.png", "bright.png", "cut.png")])
    rows = page.locator("#rows tr[data-state=done], #rows tr[data-state=failed]")
    rows.nth(2).wait_for(timeout=WAIT_MS)
    texts = rows.all_inner_texts()
    assert "flagged: Pneumonia flagged: 97% (threshold 50%)" in texts[0]
    assert "could not be read: the PNG file is truncated" in texts[1]
    assert "dark <b>.png" in texts[2]
    page.locator("#rank").select_option("flagged")
    page.get_by_text("1 reading", exact=True).wait_for(timeout=WAIT_MS)
    page.get_by_role("link", name="bright.png").first.click()
    inner = page.frame_locator("iframe")
    inner.locator("html[data-ready]").wait_for(timeout=WAIT_MS)
    assert "Pneumonia" in inner.locator("body").inner_text()
    give_opinion(page, "I disagree", note="rib")
    page.reload()
    page.locator("input[value=disagree]:checked").wait_for(timeout=WAIT_MS)
    (kept,) = (opinion for _, opinion in served[1].opinions.all())
    assert (kept.verdict, kept.note, kept.who) == ("disagree", "rib", "Dr Who")


def test_what_is_said_of_a_patient_is_said_of_the_files_just_added_alone(
    open_page: Callable, served: tuple[str, Store], tmp_path: Path
) -> None:
    """Three files of a child wait in the browser while the next patient's age is typed."""
    page = open_page()
    names = [f"{who}-{number}.png" for who in ("child", "adult", "unsaid") for number in range(3)]
    for place, name in enumerate(names):
        (tmp_path / name).write_bytes(grey_png(0.1 + 0.01 * place))
    held, let_go = [], threading.Event()
    page.route("**/api/v1/readings", lambda route: route.continue_() if let_go.is_set() else held.append(route))
    files, taken = page.locator("#files"), page.locator("#taken")
    page.locator("#age").fill("3")
    page.locator("#sex").select_option("F")
    page.locator("#view").select_option("AP")
    files.set_input_files([tmp_path / name for name in names[:3]])
    words = "Said of the 3 files just added: age 3, sex F, view AP. The fields are empty again for the next."
    assert taken.inner_text() == words
    assert [page.locator(f"#{field}").input_value() for field in ("age", "sex", "view")] == ["", "", ""]
    page.locator("#age").fill("60")
    files.set_input_files([tmp_path / names[3]])
    assert taken.inner_text() == "Said of the file just added: age 60. The fields are empty again for the next."
    page.locator("#age").fill("61")
    files.set_input_files([tmp_path / name for name in names[4:6]])
    files.set_input_files([tmp_path / name for name in names[6:]])
    assert taken.inner_text() == ""
    lines = page.locator("#sending li").all_inner_texts()
    assert [" ".join(line.split()) for line in lines][-1].startswith("child-0.png (age 3, sex F, view AP) sending")
    assert [" ".join(line.split()) for line in lines][4:6] == [
        "adult-1.png (age 61) waiting",
        "adult-0.png (age 60) waiting",
    ]
    assert lines[0].split() == ["unsaid-2.png", "waiting"]
    while not held:
        page.wait_for_timeout(20)
    let_go.set()
    held.pop().continue_()
    page.locator("#rows tr[data-state=done]").nth(8).wait_for(timeout=WAIT_MS)
    stated = {job.name: job.stated for job in served[1].readings.page(Wanted(order="newest")).jobs}
    assert [stated[name].age_years for name in names] == [3, 3, 3, 60, 61, 61, None, None, None]
    assert [(stated[name].sex, stated[name].view) for name in names[2:4]] == [("F", "AP"), ("unknown", "unknown")]


def test_forms_wait_for_the_script_that_sends_them(
    open_page: Callable, served: tuple[str, Store], tmp_path: Path
) -> None:
    """Sent before it listens, a browser would put the note into the address, and keep no opinion."""
    (tmp_path / "a.png").write_bytes(grey_png(0.7))
    page = open_page()
    held = []

    def hold(route) -> None:
        held.append(route)

    page.route("**/static/worklist.js", hold)
    page.reload(wait_until="commit")
    page.locator("#files").wait_for(timeout=WAIT_MS)
    assert page.locator("#files").is_disabled()
    held.pop().continue_()
    page.locator("#files:enabled").wait_for(timeout=WAIT_MS)
    page.locator("#files").set_input_files([tmp_path / "a.png"])
    page.locator("#rows tr[data-state=done]").wait_for(timeout=WAIT_MS)
    page.route("**/opinions", hold)
    page.get_by_role("link", name="a.png").first.click()
    page.get_by_role("button", name="Save").wait_for(timeout=WAIT_MS)
    assert page.get_by_role("button", name="Save").is_disabled()
    while not held:
        page.wait_for_timeout(20)
    held.pop().fulfill(status=415, json={"detail": "the disk is full"})  # the one error that `open_page` lets pass
    page.get_by_text("Earlier opinions are not shown: the disk is full").wait_for(timeout=WAIT_MS)
    assert page.get_by_role("button", name="Save").is_enabled()
    page.unroute("**/opinions")


def test_what_is_no_image_is_told_and_what_is_deleted_is_gone(
    open_page: Callable, served: tuple[str, Store], tmp_path: Path
) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "a.png").write_bytes(grey_png())
    page = open_page(width=390, height=800)
    page.locator("#files").set_input_files([tmp_path / "letter.pdf"])
    page.get_by_text("not accepted").wait_for(timeout=WAIT_MS)
    assert "a PDF document" in page.locator("#sending").inner_text()
    page.locator("#files").set_input_files([tmp_path / "a.png"])
    page.locator("#rows tr[data-state=done]").wait_for(timeout=WAIT_MS)
    wide = page.locator("body").evaluate("body => body.scrollWidth > innerWidth")
    assert not wide
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete a.png").click()
    page.get_by_text("0 readings").wait_for(timeout=WAIT_MS)
    assert served[1].readings.counts() == {"queued": 0, "leased": 0, "done": 0, "failed": 0}
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for(timeout=WAIT_MS)


def test_dicom_objects_are_saved_from_the_page(open_page: Callable, tmp_path: Path) -> None:
    (tmp_path / "chest.dcm").write_bytes(study_image())
    (tmp_path / "a.png").write_bytes(grey_png())
    page = open_page(width=390, bypass_csp=True)
    page.locator("#files").set_input_files([tmp_path / "chest.dcm", tmp_path / "a.png"])
    page.locator("#rows tr[data-state=done]").nth(1).wait_for(timeout=WAIT_MS)
    page.get_by_role("link", name="chest.dcm").first.click()
    links = page.get_by_role("navigation", name="DICOM objects").get_by_role("link")
    links.first.wait_for(timeout=WAIT_MS)
    assert links.all_inner_texts() == [
        "Structured report", "Presentation state", "Picture (secondary capture)", "All as a ZIP file",
    ]  # fmt: skip
    with page.expect_download() as report:
        links.first.press("Enter")
    assert dcmread(report.value.path()).Modality == "SR"
    with page.expect_download() as pack:
        links.last.press("Enter")
    with zipfile.ZipFile(pack.value.path()) as archive:
        assert [name.split(".")[-2] for name in archive.namelist()] == ["sr", "pr", "sc"]
    assert not page.locator("body").evaluate("body => body.scrollWidth > innerWidth")
    assert violations(page) == []
    page.go_back()
    page.get_by_role("link", name="a.png").first.click()
    page.get_by_text("No DICOM objects: they belong to a study").wait_for(timeout=WAIT_MS)
    assert violations(page) == []


def test_what_is_code_is_shown_and_not_run(open_page: Callable, served: tuple[str, Store], tmp_path: Path) -> None:
    """In a file's name, the tags, a note and a person's name; the policy is never called upon, since nothing tries."""
    code = "<img src=x onerror=alert(1)>"
    image = study_image(PatientName="Q" * len(code), StudyDescription="Q" * len(code), PatientID="{{7*7}}")
    (tmp_path / f"{code}.dcm").write_bytes(image.replace(b"Q" * len(code), code.encode()))
    (tmp_path / "'; DROP TABLE job;--.png").write_bytes(grey_png(0.7))
    (tmp_path / f"{code}.png").write_bytes(grey_png()[:60])
    page = open_page(who=code)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.add_init_script(
        "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))"
    )
    page.reload()
    page.locator("#age").fill("3")
    page.locator("#files").set_input_files(sorted(tmp_path.glob("*.*g")) + sorted(tmp_path.glob("*.dcm")))
    page.locator("#rows tr[data-state=failed]").wait_for(timeout=WAIT_MS)
    page.locator("#rows tr[data-state=done]").nth(1).wait_for(timeout=WAIT_MS)
    assert page.locator("#rows").get_by_text(f"{code}.dcm", exact=True).count() == 1
    for name in (f"{code}.dcm", f"{code}.png", "'; DROP TABLE job;--.png"):
        page.locator("#rows").get_by_role("link", name=name).first.click()
        page.get_by_role("heading", name=name).wait_for(timeout=WAIT_MS)
        if not name.startswith(code + ".png"):
            page.frame_locator("iframe").locator("html[data-ready]").wait_for(timeout=WAIT_MS)
        assert page.evaluate("violations") == []
        page.go_back()
        page.locator("#rows tr").first.wait_for(timeout=WAIT_MS)
    page.locator("#rows").get_by_role("link", name="'; DROP TABLE job;--.png").first.click()
    give_opinion(page, "I agree", note=f"{code}{{{{7*7}}}}")
    page.reload()
    page.locator("input[value=agree]:checked").wait_for(timeout=WAIT_MS)
    assert page.get_by_label("Note").input_value() == f"{code}{{{{7*7}}}}"
    assert page.evaluate("violations") == []
    (kept,) = (opinion for _, opinion in served[1].opinions.all())
    assert kept.who == code


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1366, "dark")])
def test_axe_finds_nothing_of_any_weight(
    open_page: Callable, served: tuple[str, Store], tmp_path: Path, width: int, scheme: str
) -> None:
    page = open_page(width=width, scheme=scheme, bypass_csp=True)
    assert violations(page) == []
    (tmp_path / "a.png").write_bytes(grey_png(0.7))
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    page.locator("#age").fill("3")
    page.locator("#files").set_input_files([tmp_path / "a.png", tmp_path / "letter.pdf"])
    page.get_by_text("not accepted").wait_for(timeout=WAIT_MS)
    page.locator("#rows tr[data-state=done]").wait_for(timeout=WAIT_MS)
    assert violations(page) == []
    page.get_by_role("link", name="a.png").first.click()
    page.frame_locator("iframe").locator("html[data-ready]").wait_for(timeout=WAIT_MS)
    assert violations(page) == []
    page.goto(served[0])
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for(timeout=WAIT_MS)
    assert violations(page) == []
