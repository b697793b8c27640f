"""The emulator's console in a real browser: every page, by keyboard, live, and by axe's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from anaplan_emulator import Emulator, Fault
from anaplan_emulator.tenant.tenant_file import read_tenant

if TYPE_CHECKING:
    from collections.abc import Callable

CONSOLE = "/_emulator/console"
SHOP = read_tenant(Path(__file__).parents[1] / "tenants" / "shop.json")
AXE = Path(__file__).with_name("axe.min.js")
PRODUCTS = "Code,Name,Region,Price,Launched,Fresh,Made In,Note\nP1,Apple,Nowhere,1,,,,\n"
LONG = "Very long name without a space ".replace(" ", "_") * 8

Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """The shop's emulator after some work, with a list of a long name."""
    with Emulator(SHOP) as emulator, httpx2.Client(base_url=emulator.base_url) as http:
        emulator.restructure(
            "Sales", {"lists": [{"name": LONG, "items": [{"name": LONG, "code": LONG}]}]}
        )
        auth = ("ada@shop.example", "ada")
        token = http.post("/token/authenticate", auth=auth).json()["tokenInfo"]["tokenValue"]
        http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        model = f"/2/0/models/{emulator.model_id}"
        files = {each["name"]: each["id"] for each in http.get(f"{model}/files").json()["files"]}
        octets = {"Content-Type": "application/octet-stream"}
        upload = f"{model}/files/{files['products.csv']}"
        http.put(upload, content=PRODUCTS.encode(), headers=octets)
        imports = http.get(f"{model}/imports").json()["imports"]
        products = next(each["id"] for each in imports if each["name"] == "Products")
        tasks = f"{model}/imports/{products}/tasks"
        task = http.post(tasks, json={"localeName": "en_US"}).json()["task"]["taskId"]
        while http.get(f"{tasks}/{task}").json()["task"]["taskState"] != "COMPLETE":
            pass
        http.get(f"/{LONG}?{LONG}", headers={"X-Long": LONG})
        emulator.add_fault(Fault(method="GET", path="*/nowhere", status=503))
        yield emulator


@pytest.fixture(scope="module")
def addresses(emulator: Emulator) -> list[str]:
    """An address of each kind of page."""
    with httpx2.Client(base_url=emulator.base_url) as http:

        def first(address: str, pattern: str) -> str:
            found = re.findall(rf'href="([^"]*{pattern}[^"]*)"', http.get(address).text)
            return str(found[0]).replace("&amp;", "&")

        model = f"{CONSOLE}/models/{emulator.model_id}"
        names = (
            "", "models", "tasks", "requests", "timeline", "faults?preset=upload-503", "clock",
            "settings", "users", "audit", "tenant", "nothing",
        )  # fmt: skip
        return [
            *(f"{CONSOLE}/{name}" for name in names),
            model,
            first(model, "/lists/"),
            f"{first(model, '/lists/')}?show=tree",
            first(model, "/modules/"),
            first(model, "/files/"),
            first(model, "/actions/"),
            first(f"{CONSOLE}/tasks", "/tasks/[0-9A-F]{32}"),
            first(f"{CONSOLE}/requests", r"/requests/\d+"),
        ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_and_is_accessible(
    page: Page, emulator: Emulator, addresses: list[str], scheme: Scheme, width: int
) -> None:
    # A page that breaks, is wider than the window, or breaks its policy fails in `page`.
    page.emulate_media(color_scheme=scheme)
    problems: list[Any] = []
    # All pages have the same colours.
    checked = {(1280, "light"): addresses, (1280, "dark"): addresses[:6]}.get((width, scheme), [])
    for address in addresses:
        page.goto(f"{emulator.base_url}{address}")
        if address in checked:
            problems += [(address, *each) for each in violations(page, scheme)]
    assert problems == []


def violations(page: Page, scheme: Scheme) -> list[tuple[str, list[str]]]:
    """What breaks axe's rules: all of them once, and those of contrast for each scheme."""
    # Evaluated by the browser's protocol, which a page's policy does not forbid.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = ", runOnly: ['color-contrast']" if scheme == "dark" else ""
    found = page.evaluate(f"axe.run(document, {{resultTypes: ['violations']{rules}}})")
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"][:3]])
        for each in found["violations"]
    ]


def test_a_request_arrives_in_an_open_page(page: Page, emulator: Emulator) -> None:
    page.goto(f"{emulator.base_url}{CONSOLE}/requests?path=arrives-live")
    expect(page.get_by_text("None.")).to_be_visible()
    httpx2.get(f"{emulator.base_url}/arrives-live/now")
    expect(page.get_by_role("cell", name="/arrives-live/now")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="1 of")).to_be_visible()

    # What has the focus keeps it.
    page.get_by_role("link", name=re.compile("^Request ")).first.focus()
    httpx2.get(f"{emulator.base_url}/arrives-live/again")
    expect(page.get_by_role("cell", name="/arrives-live/again")).to_be_visible()
    focused = page.evaluate("document.activeElement.textContent")
    assert focused.startswith("Request ")

    page.get_by_role("link", name="Pause live updates").click()
    expect(page.get_by_role("link", name="Resume live updates")).to_be_visible()


@pytest.fixture
def press(page: Page) -> Callable[[str], None]:
    """Moves the focus by the tab key until a control has it."""

    def press(name: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            label = page.evaluate(
                "e => (e.labels?.[0] ?? e).textContent.trim().replace(/\\s+/g, ' ')",
                page.evaluate_handle("document.activeElement"),
            )
            if label == name:
                return
        pytest.fail(f"{name} has no focus")

    return press


def test_a_fault_is_added_by_keyboard_alone(
    page: Page, emulator: Emulator, press: Callable[[str], None]
) -> None:
    page.goto(f"{emulator.base_url}{CONSOLE}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press("Faults")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Faults")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    press("Path")
    page.keyboard.type("*/by-keyboard")
    press("Status")
    page.keyboard.type("599")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The fault was added.")
    assert httpx2.get(f"{emulator.base_url}/by-keyboard").status_code == 599
    press("Remove fault 2" if page.get_by_text("Remove fault 2").count() else "Remove all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("removed")


def test_an_action_is_run_by_keyboard_alone(
    page: Page, emulator: Emulator, press: Callable[[str], None]
) -> None:
    page.goto(f"{emulator.base_url}{CONSOLE}/models/{emulator.model_id}")
    press("Products")
    with page.expect_navigation(url="**/lists/*"):
        page.keyboard.press("Enter")
    page.goto(f"{emulator.base_url}{CONSOLE}/models/{emulator.model_id}")
    page.locator("#actions").locator("..").get_by_role("link", name="Products", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name="Run", exact=True)).to_be_visible()
    press("Run")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The task was started.")).to_be_visible()
    expect(page.locator("dd .badge")).to_have_text("with warnings")
    expect(page.get_by_role("cell", name="Nowhere").first).to_be_visible()


def test_a_branch_of_the_tree_is_loaded_when_it_is_opened(page: Page, emulator: Emulator) -> None:
    with httpx2.Client(base_url=emulator.base_url) as http:
        model = http.get(f"{CONSOLE}/models/{emulator.model_id}").text
    (regions,) = re.findall(r'href="([^"]*/lists/\d+)"><bdi>Regions<', model)
    page.goto(f"{emulator.base_url}{regions}?show=tree")
    page.locator("summary").filter(has_text="Europe").press("Enter")
    expect(page.get_by_text("Apple")).to_be_visible()


def test_the_lines_are_copied(page: Page, emulator: Emulator) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{emulator.base_url}{CONSOLE}/")
    page.get_by_role("button", name="Copy the lines").click()
    expect(page.locator("#copied")).to_have_text("Copied.")
    text = page.evaluate("navigator.clipboard.readText()")
    assert f"export ANAPLAN_BASE_URL={emulator.base_url}" in text


def test_without_scripts_everything_but_updates_is_there(
    browser: Browser, emulator: Emulator
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{emulator.base_url}{CONSOLE}/faults")
        expect(page.get_by_text("Pause live updates")).to_be_hidden()
        page.get_by_role("button", name="Reset the next three connections").click()
        expect(page.get_by_role("status")).to_have_text("The fault was added.")
        page.get_by_role("button", name="Remove all").click()
        expect(page.get_by_text("No faults.")).to_be_visible()


def test_an_open_page_says_when_the_emulator_does_not_answer(
    browser: Browser, emulator: Emulator
) -> None:
    # The console of the browser reports it as well, which would fail the test in `page`.
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{emulator.base_url}{CONSOLE}/requests")
        problem = page.get_by_text("The emulator does not answer.")
        page.route("**/console/requests?*", lambda route: route.abort())
        expect(problem).to_be_visible()
        page.unroute("**/console/requests?*")
        expect(problem).to_be_hidden()
