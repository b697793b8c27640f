"""The console's pages and forms, by plain HTTP: nothing of this needs scripts."""

import csv
import io
import json
import re
import shlex
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx2
import pytest
from tests.emulator.conftest import SHOP

from anaplan_emulator import Emulator, Fault, TenantDescription
from anaplan_emulator.app import create_app
from anaplan_emulator.console.routes import PAGES
from anaplan_emulator.store.users import user_by_email

if TYPE_CHECKING:
    from tests.emulator.conftest import ClientFor, TenantClient

CONSOLE = "/_emulator/console"
HOSTILE = "<script>alert(1)</script>\u202etxt.exe\n=cmd|'/c calc'!A1 {{ 7 * 7 }} " + "long" * 100
BARE = {
    "name": "Bare",
    "lists": [{"name": "Nothing"}],
    "modules": [
        {"name": "Single", "dimensions": [], "line_items": [{"name": "V", "format": "NUMBER"}]},
        {
            "name": "None",
            "dimensions": ["Nothing"],
            "line_items": [{"name": "V", "format": "TEXT"}],
        },
    ],
}
PRODUCTS = b"Code,Name,Region,Price,Launched,Fresh,Made In,Note\n"
REFUSED = PRODUCTS + b"P1,Apple,Nowhere,1,,,,\n,=1+1,,-5,,,,\nP3,Fig,EU,2,,,,\n"


class Browser:
    """A browser without scripts."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = httpx2.Client(base_url=emulator.base_url, timeout=30, follow_redirects=True)
        self.page = self.http.get("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def open(self, path: str, status: int = 200) -> str:
        self.page = self.http.get(path if path.startswith("/_") else f"{CONSOLE}{path}")
        assert self.page.status_code == status, self.page.text
        return self.page.text

    @property
    def text(self) -> str:
        return unescape(re.sub(r"<[^>]+>", " ", self.page.text))

    @property
    def links(self) -> list[str]:
        return [unescape(each) for each in re.findall(r'href="([^"#]*)["#]', self.page.text)]

    @property
    def command(self) -> str:
        """The command that sends the shown request again."""
        shown = re.findall(r'<pre id="curl"[^>]*>(.*?)</pre>', self.page.text, re.DOTALL)
        return unescape(shown[0])

    def link(self, part: str) -> str:
        return next(each for each in self.links if part in each)

    def submit(self, action: str, expected: int = 200, /, **fields: str) -> str:
        """Submits the form with an action, with the values that it has besides those given."""
        forms = re.findall(r"<form(.*?)</form>", self.page.text, re.DOTALL)
        target = f"{CONSOLE}{action}"
        form = next(each for each in forms if f'action="{target}"' in each)
        token = re.findall(r'name="form_token" value="([^"]+)"', form)[0]
        origin = {"Origin": self.emulator.base_url}
        sent = {"form_token": token, **fields}
        self.page = self.http.post(target, data=sent, headers=origin)
        assert self.page.status_code == expected, self.page.text
        return self.page.text

    def run(
        self, action: str, files: dict[str, bytes], expected: int = 200, /, **fields: str
    ) -> str:
        """Submits the form to run an action."""
        token = re.findall(r'name="form_token" value="([^"]+)"', self.page.text)[0]
        uploads = {name: ("name.csv", body) for name, body in (files or {"none": b""}).items()}
        self.page = self.http.post(action, data={"form_token": token, **fields}, files=uploads)
        assert self.page.status_code == expected, self.page.text
        return self.page.text


@pytest.fixture
def browser(shop: "TenantClient") -> Iterator[Browser]:
    """A browser that looks at the shop's emulator."""
    with Browser(shop.emulator) as browser:
        yield browser


def action_page(shop: "TenantClient", collection: str, name: str) -> str:
    model, action = shop.model_id(), shop.ids_by_name(collection)[name]
    return f"{CONSOLE}/models/{model}/actions/{action}"


def user_id(shop: "TenantClient", name: str) -> str:
    with shop.emulator.tenant.store.snapshot() as db:
        user = user_by_email(db, f"{name}@shop.example")
    assert user is not None
    return user.id


def all_pages(browser: Browser) -> dict[str, str]:
    """Every page that links lead to, by address."""
    found: dict[str, str] = {}
    waiting = [f"{CONSOLE}/"]
    while waiting:
        address = waiting.pop()
        if address in found or not address.startswith(CONSOLE) or "/static/" in address:
            continue
        reply = browser.http.get(address)
        assert reply.status_code == 200, address
        found[address] = reply.text
        browser.page = reply
        waiting += browser.links
    return found


def test_the_root_leads_to_the_console(browser: Browser) -> None:
    assert browser.page.url.path == f"{CONSOLE}/"
    assert browser.page.history[0].status_code == 307
    assert "Corner Shop" in browser.text
    assert f"export ANAPLAN_BASE_URL={browser.emulator.base_url}" in browser.text
    assert browser.http.post("/").status_code == 501
    assert browser.http.get(CONSOLE).url.path == f"{CONSOLE}/"


def test_every_page_opens_after_a_day_of_work(shop: "TenantClient", browser: Browser) -> None:
    shop.upload("products.csv", REFUSED)
    shop.run("imports", "Products")
    shop.run("processes", next(iter(shop.ids_by_name("processes"))))
    shop.emulator.add_fault(Fault(status=503, headers={"Retry-After": "1"}))
    shop.get("/lists")

    pages = all_pages(browser)

    paths = [each.removeprefix(CONSOLE).partition("?")[0] for each in pages]
    for pattern in (
        re.sub(r"{\w+}", "[^/]+", path) for method, path, _ in PAGES if method == "GET"
    ):
        assert any(re.fullmatch(pattern, path) for path in paths), pattern
    for text in pages.values():
        if text.startswith("<!doctype"):
            assert text.count("<h1>") == 1
            assert text.count('aria-current="page"') >= 1
            ids = re.findall(r'\bid="([^"]+)"', text)
            assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "content", [{}, {"workspaces": [{"name": "Empty", "models": [BARE]}]}],
    ids=["users-only", "empty-model"],
)  # fmt: skip
def test_every_page_opens_for_a_tenant_without_content(content: dict[str, object]) -> None:
    users = [{"email": "a@b.example", "password": "p", "first_name": "A", "last_name": "B"}]
    tenant = TenantDescription.model_validate({"name": "Bare", "users": users, **content})
    with Emulator(tenant) as emulator, Browser(emulator) as browser:
        assert len(all_pages(browser)) > 10


def test_lists_are_shown_as_tables_and_trees(shop: "TenantClient", browser: Browser) -> None:
    browser.open(f"/models/{shop.model_id()}")
    address = browser.link(f"/lists/{shop.ids_by_name('lists')['Regions']}")
    browser.open(address)
    assert "Europe" in browser.text
    browser.open(f"{address}?search=asi")
    assert "Asia" in browser.text
    assert "Europe" not in browser.text

    browser.open(f"{address}?show=tree")
    assert re.search(r"Europe\s+EU\s+\d below", browser.text)
    browser.open(next(each for each in browser.links if "below=" in each))
    assert "Apple" in browser.text
    browser.open(f"{address}?show=tree&below=99", 404)


def test_large_lists_and_modules_are_paged(browser: Browser, shop: "TenantClient") -> None:
    items = [{"name": f"Item {number:05}"} for number in range(25_000)]
    shop.emulator.restructure(
        "Sales",
        {
            "lists": [{"name": "Many", "items": items}],
            "modules": [
                {
                    "name": "Big",
                    "dimensions": ["Regions", "Many"],
                    "line_items": [{"name": "Value", "format": "NUMBER"}],
                }
            ],
        },
    )
    address = f"/models/{shop.model_id()}/lists/{shop.ids_by_name('lists')['Many']}"
    browser.open(address)
    assert "1 to 100 of 25,000 items" in browser.text
    browser.open(browser.link("page=250"))
    assert "Item 24999" in browser.text
    browser.open(f"{address}?show=tree&page=9999999")
    assert "Item 24999" in browser.text

    module = f"/models/{shop.model_id()}/modules/{shop.ids_by_name('modules')['Big']}"
    browser.open(module)
    # The names of so large a dimension are typed.
    assert 'value="Item 00000"' in browser.page.text
    browser.open(f"{module}?p0=item%2012345")
    assert 'value="Item 12345"' in browser.page.text
    browser.open(f"{module}?p0=none")
    assert "No such item" in browser.text
    assert len(browser.page.content) < 200_000


def test_modules_are_shown_for_the_chosen_pages_and_view(
    shop: "TenantClient", browser: Browser
) -> None:
    views = shop.get("/views").json()["views"]
    for view in views:
        module = f"/models/{shop.model_id()}/modules/{view['moduleId']}"
        browser.open(f"{module}?view={view['id']}")
        # As the API shows the same page of it.
        reply = shop.http.get(
            shop.path(f"/views/{view['id']}/data"),
            headers={"Accept": "application/json"},
            params={"format": "v1"},
        )
        for row in reply.json().get("rows", []):
            for cell in (*row["rowCoordinates"], *row["cells"]):
                assert str(cell) in browser.text
    browser.open(f"{module}?view=1", 404)


def test_a_file_is_previewed_for_each_user(
    client_for: "ClientFor", browser: Browser, shop: "TenantClient"
) -> None:
    file_id = shop.upload("products.csv", PRODUCTS + b"P7,<b>Plum</b>,EU,=1+1,,,,\xff\n")
    client_for("bob").upload("products.csv", PRODUCTS + b"P8,Bob's own,EU,1,,,,\n")

    address = f"/models/{shop.model_id()}/files/{file_id}"
    browser.open(address)
    private = [each for each in browser.links if "?user=" in each and "content" not in each]
    browser.open(private[0])
    assert "<b>Plum</b>" in browser.text
    assert "The content is not UTF-8" in browser.text
    saved = browser.http.get(browser.link("/content?user="))
    assert saved.content.endswith(b"\xff\n")
    assert saved.headers["content-disposition"].startswith('attachment; filename="products.csv"')
    browser.open(private[1])
    assert "Bob's own" in browser.text
    browser.open(f"{address}/content?user=nobody", 404)


def test_an_action_is_run_with_a_file(shop: "TenantClient", browser: Browser) -> None:
    address = action_page(shop, "imports", "Products")
    file_id = shop.ids_by_name("files")["products.csv"]
    browser.open(address)
    browser.run(address, {f"file-{file_id}": REFUSED}, user=user_id(shop, "ada"))

    task = browser.page.url.path.rpartition("/")[2]
    assert "The task was started" in browser.text
    shop.wait(shop.path(f"/imports/{address.rpartition('/')[2]}/tasks/{task}"))
    browser.open(f"/tasks/{task}")
    assert "with warnings" in browser.text
    assert "Nowhere" in browser.text
    saved = browser.http.get(browser.link("/dumps/"))
    assert saved.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(saved.content.decode("utf-8-sig"))))
    assert [cell for cell in rows[2] if cell in ("'=1+1", "-5")] == ["'=1+1", "-5"]


def test_an_action_without_a_file_or_access_is_not_run(
    shop: "TenantClient", browser: Browser
) -> None:
    address = action_page(shop, "imports", "Products")
    browser.open(address)
    browser.run(address, {}, 400)
    assert "Choose a file for products.csv" in browser.text

    file_id = shop.ids_by_name("files")["products.csv"]
    browser.run(address, {f"file-{file_id}": PRODUCTS}, 400, user=user_id(shop, "eve"))
    assert "eve@shop.example cannot run this action: 404" in browser.text
    assert shop.get(f"/imports/{address.rpartition('/')[2]}/tasks").json().get("tasks", []) == []


def test_the_values_that_an_import_asks_for_are_entered(
    shop: "TenantClient", browser: Browser
) -> None:
    address = action_page(shop, "imports", "Verkauf")
    browser.open(address)
    field = re.findall(r'name="(parameter-[^"]+)"', browser.page.text)[0]
    file = re.findall(r'name="(file-\d+)"', browser.page.text)[0]

    browser.run(address, {file: "Ware;Menge\n".encode("iso-8859-1")}, **{field: "Actual"})

    with shop.emulator.tenant.store.snapshot() as db:
        request = json.loads(db.execute("SELECT request FROM tasks").fetchone()[0])
    (parameter,) = request["mappingParameters"]
    assert (parameter["entityType"], parameter["entityName"]) == ("Version", "Actual")
    assert parameter["importId"] == address.rpartition("/")[2]


def test_a_held_task_is_watched_without_a_poll_and_cancelled(
    shop: "TenantClient", browser: Browser
) -> None:
    shop.emulator.settings.hold_tasks = "NOT_STARTED"
    shop.upload("products.csv", PRODUCTS)
    task = shop.start("imports", "Products")
    browser.open(f"/tasks/{task.rpartition('/')[2]}")
    assert "waiting" in browser.text
    browser.submit(f"/tasks/{task.rpartition('/')[2]}/cancel")
    assert shop.wait(task)["taskState"] == "CANCELLED"


def test_looking_at_a_task_is_no_poll(shop: "TenantClient", browser: Browser) -> None:
    shop.emulator.settings.task_polls = 1
    shop.upload("products.csv", PRODUCTS)
    task = shop.start("imports", "Products")
    for _ in range(5):
        browser.open(f"/tasks/{task.rpartition('/')[2]}")
        assert "waiting" in browser.text
    assert shop.http.get(task).json()["task"]["taskState"] == "NOT_STARTED"
    assert shop.wait(task)["taskState"] == "COMPLETE"


def test_requests_are_filtered_and_shown_with_a_command(
    shop: "TenantClient", browser: Browser
) -> None:
    shop.get("/nothing'here?a=1&b=2")
    shop.http.post(shop.path("/lists/101000000000/items"), json={"items": [{"name": "O'Neil"}]})

    browser.open("/requests?status=5")
    assert "nothing'here" in browser.text
    assert re.search(r"GET\s+/2/0/models/\S+nothing'here\?a=1&b=2\s+[\d.]+ m?s\s", browser.text)
    assert "ada@shop.example" in browser.text
    assert "/token/authenticate" not in browser.text
    browser.open("/requests?text=o%27neil&method=POST&path=ITEMS")
    browser.open(browser.link("/requests/"))
    browser.open(next(each for each in browser.links if re.search(r"/requests/\d+$", each)))
    command = browser.command
    assert command.startswith("curl -i")
    browser.open("/requests/99999999", 404)


def test_the_command_repeats_a_request(shop: "TenantClient", browser: Browser) -> None:
    shop.http.post(shop.path("/lists/101000000000/items"), json={"items": [{"name": "O'Neil $X"}]})
    browser.open("/requests?method=POST&path=items")
    browser.open(next(each for each in browser.links if re.search(r"/requests/\d+$", each)))
    command = browser.command
    words = shlex.split(command)
    assert words[:4] == ["curl", "-i", "-X", "POST"]
    assert f"{shop.emulator.base_url}{shop.path('/lists/101000000000/items')}" in words
    assert "Authorization: AnaplanAuthToken $TOKEN" in words
    assert f"{shop.emulator.base_url}/token/authenticate" in browser.text
    assert json.loads(words[-1]) == {"items": [{"name": "O'Neil $X"}]}


def test_the_log_of_requests_is_cleared(shop: "TenantClient", browser: Browser) -> None:
    shop.get("/lists")
    browser.open("/requests")
    browser.submit("/requests/clear")
    assert shop.emulator.requests() == []


def test_an_open_page_is_only_sent_again_when_something_has_changed(
    shop: "TenantClient", browser: Browser
) -> None:
    browser.open("/requests")
    update = unescape(re.findall(r'hx-get="([^"]+)"', browser.page.text)[0])
    live = {"HX-Request": "true"}
    assert browser.http.get(update, headers=live).status_code == 204
    shop.get("/lists")
    assert "/lists" in browser.http.get(update, headers=live).text
    browser.open("/requests?live=off")
    assert "hx-get" not in browser.page.text


def test_the_timeline_shows_requests_and_tasks(shop: "TenantClient", browser: Browser) -> None:
    shop.upload("products.csv", PRODUCTS)
    shop.run("imports", "Products")
    shop.get("/nothing")
    browser.open("/timeline?minutes=15")
    assert re.search(r"<title>[\d:]+ to [\d:]+: .*with 2xx", browser.page.text)
    assert "<title>Products (Sales): " in browser.page.text
    browser.open("/timeline?minutes=bogus")


def test_faults_are_added_and_removed(shop: "TenantClient", browser: Browser) -> None:
    browser.open("/faults")
    browser.submit("/faults", preset="slow")
    browser.open("/faults")
    fields = {
        "method": "GET", "path": "*/lists", "skip": "0", "times": "", "status": "503",
        "body": '{"a": 1}', "headers": "Retry-After: 2\nDate:", "hold_seconds": "0",
        "delay_seconds": "0.0",
    }  # fmt: skip
    forms = browser.page.text
    assert 'name="truncate_after_bytes"' in forms
    browser.submit("/faults", **fields)
    assert [each["fault"] for each in shop.emulator.tenant.faults.listing()] == [
        {"times": None, "delay_seconds": 1.0},
        {
            "method": "GET", "path": "*/lists", "times": None, "status": 503, "body": {"a": 1},
            "headers": {"Retry-After": "2", "Date": None},
        },
    ]  # fmt: skip
    assert "Retry-After: 2" in browser.text

    first = shop.emulator.tenant.faults.active()[0].id
    browser.submit(f"/faults/{first}/remove")
    assert len(shop.emulator.tenant.faults.active()) == 1
    browser.submit("/faults/clear")
    assert shop.emulator.tenant.faults.active() == []


def test_a_preset_fills_in_the_form(browser: Browser) -> None:
    browser.open("/faults?preset=upload-503")
    assert 'value="*/files/*/chunks/*"' in browser.page.text
    assert 'value="503"' in browser.page.text


def test_an_invalid_fault_is_explained_beside_its_field(browser: Browser) -> None:
    browser.open("/faults")
    browser.submit("/faults", 400, status="99", method="*", path="*", skip="x", times="1",
                   hold_seconds="0", delay_seconds="0", headers="no colon\n")  # fmt: skip
    assert "Input should be greater than or equal to 200." in browser.text
    assert "valid integer" in browser.text
    assert 'value="99"' in browser.page.text
    browser.open("/faults")
    browser.submit("/faults", 400, method="*", path="*", skip="0", times="1",
                   hold_seconds="0", delay_seconds="0")  # fmt: skip
    assert "The fault does nothing." in browser.text


def test_a_fault_is_removed_through_the_control_api(shop: "TenantClient") -> None:
    http = shop.http
    del http.headers["authorization"]
    fault = http.post("/_emulator/faults", json={"status": 503}).json()["id"]
    other = http.post("/_emulator/faults", json={"status": 504}).json()["id"]
    assert [each["id"] for each in http.delete(f"/_emulator/faults/{fault}").json()] == [other]
    reply = http.delete(f"/_emulator/faults/{fault}")
    assert (reply.status_code, reply.json()) == (404, {"error": f"there is no fault {fault}"})
    shop.emulator.remove_fault(other)
    assert http.get("/_emulator/faults").json() == []
    paths = [each["path"] for each in http.get("/_emulator/").json()["operations"]]
    assert "/_emulator/faults/{fault_id}" in paths


def test_the_clock_is_moved(browser: Browser) -> None:
    clock = browser.emulator.tenant.clock
    browser.open("/clock")
    browser.submit("/clock", advance="2100")
    assert round(clock.offset.total_seconds()) == 2100
    browser.submit("/clock", advance="1.5", unit="hours")
    assert round(clock.offset.total_seconds()) == 2100 + 5400
    browser.submit("/clock", set="2026-01-31T08:00")
    assert clock.now().isoformat().startswith("2026-01-31T08:00")
    for wrong in ({"set": "soon"}, {"advance": "-1"}, {"advance": "much"}, {"set": "0001-01-01"}):
        browser.submit("/clock", 400, **wrong)
        assert 'role="alert"' in browser.page.text
    browser.submit("/clock", real="yes")
    assert abs(clock.offset.total_seconds()) < 1


def test_settings_are_changed(browser: Browser) -> None:
    settings = browser.emulator.settings
    browser.open("/settings")
    assert "Requests per minute for the whole tenant" in browser.text
    values = {
        name: "" if value is None else str(value)
        for name, value in settings.model_dump().items()
        if value is not False
    }
    del values["first_password"]
    browser.submit("/settings", **{**values, "dialect": "odd", "rate_limit_per_minute": "600",
                                   "complete_fails": "on"})  # fmt: skip
    assert (settings.dialect, settings.rate_limit_per_minute, settings.complete_fails) == (
        "odd",
        600,
        True,
    )
    assert settings.first_password == "Welc0me!"
    assert "(changed)" not in browser.text
    assert "Default: live." in browser.text

    before = settings.model_dump()
    browser.submit("/settings", 400, **{**values, "page_limit": "0", "dialect": "guide"})
    assert "Input should be greater than 0." in browser.text
    assert settings.model_dump() == before
    browser.submit("/settings", **{**values, "first_password": "N3w-secret"})
    assert settings.first_password == "N3w-secret"
    assert "N3w-secret" not in browser.open("/settings")


def test_a_reset_is_confirmed(shop: "TenantClient", browser: Browser) -> None:
    shop.emulator.add_fault(Fault(status=503))
    browser.open("/tenant")
    browser.submit("/tenant/reset", 400)
    assert "Confirm the reset" in browser.text
    assert shop.emulator.tenant.faults.active()
    browser.submit("/tenant/reset", confirmed="yes")
    assert "The tenant was reset" in browser.text
    assert shop.emulator.tenant.faults.active() == []


def test_the_tenant_file_starts_an_emulator(browser: Browser) -> None:
    browser.open("/tenant")
    browser.emulator.restructure("Sales", {"lists": [{"name": "Added since"}]})
    masked = browser.submit("/tenant/file")
    assert 'filename="Corner Shop.json"' in browser.page.headers["content-disposition"]
    assert '"password": "ada"' not in masked
    browser.open("/tenant")
    text = browser.submit("/tenant/file", secrets="yes")
    with Emulator(TenantDescription.model_validate_json(text)) as other:
        assert (other.model_id, other.password) == (browser.emulator.model_id, "ada")
        with Browser(other) as copy:
            assert "Added since" in copy.open(f"/models/{other.model_id}")


def test_users_tokens_and_devices_are_shown(shop: "TenantClient", browser: Browser) -> None:
    browser.open("/users")
    assert "ada@shop.example" in browser.text
    assert "Shop (admin)" in browser.text
    shop.emulator.advance(minutes=36)
    assert "expired" in browser.open("/users")
    shop.emulator.settings.token_lifetime_seconds = 2**52
    shop.http.post("/token/authenticate", auth=("bob@shop.example", "bob"))
    assert "after the year 9999" in browser.open("/users")


def test_audit_events_are_filtered(shop: "TenantClient", browser: Browser) -> None:
    shop.http.post("/token/authenticate", auth=("ada@shop.example", "wrong"))
    browser.open("/audit?outcome=failure")
    assert "USR-9" in browser.text
    assert "ada@shop.example" not in browser.open("/audit?code=USR-9&outcome=success")
    browser.open("/audit?text=USR-9")
    assert "failure" in browser.text


def test_the_console_changes_nothing_by_being_looked_at(
    shop: "TenantClient", browser: Browser
) -> None:
    emulator = shop.emulator
    shop.upload("products.csv", PRODUCTS)
    shop.run("imports", "Products")
    emulator.add_fault(Fault(status=503, times=None))
    emulator.settings.rate_limit_per_minute = emulator.settings.rate_limit_burst = 1
    emulator.tenant.audit_log.flush()

    def state() -> list[object]:
        with emulator.tenant.store.snapshot() as db:
            tables = ("audit_events", "contents", "dumps", "users", "tokens", "models", "tasks")
            return [[tuple(row) for row in db.execute(f"SELECT * FROM {name}")] for name in tables]

    before, requests = state(), emulator.requests()
    all_pages(browser)
    assert state() == before
    assert emulator.requests() == requests
    assert emulator.tenant.faults.listing()[0]["seen"] == 0


def test_hostile_names_are_shown_harmlessly(browser: Browser, shop: "TenantClient") -> None:
    shop.emulator.restructure(
        "Sales",
        {
            "lists": [{"name": HOSTILE, "items": [{"name": HOSTILE, "code": HOSTILE}]}],
            "modules": [
                {
                    "name": HOSTILE,
                    "dimensions": [HOSTILE],
                    "line_items": [{"name": HOSTILE, "format": "TEXT"}],
                }
            ],
        },
    )
    shop.http.get(shop.path("/lists"), params={"q": HOSTILE}, headers={"X-Note": "<img src=x>"})
    browser.open(f"/requests?text={'%3Cscript%3E' * 3}&path=%22%3E%3Cscript%3E")
    for address, text in all_pages(browser).items():
        assert "<script>alert" not in text, address
        assert "<img" not in text
        assert " 49 " not in text
    reply = browser.http.get(f"{CONSOLE}/<script>alert(1)</script>")
    assert reply.status_code == 404
    assert "<script>alert" not in reply.text


def test_no_secret_is_shown() -> None:
    canaries = {
        "password": "canary-password",
        "secret": "canary-client-secret",
        "key": "canary-api-key",
    }
    described = json.loads((Path(__file__).parents[1] / "tenants" / "shop.json").read_text())
    described["users"][0]["password"] = canaries["password"]
    described["users"][0]["api_keys"] = [{"name": "Key", "value": canaries["key"]}]
    described["oauth_clients"] = [
        {
            "name": "Portal",
            "kind": "authorization_code",
            "client_secret": canaries["secret"],
            "redirect_uris": ["http://127.0.0.1:9/callback"],
        },
        {"name": "Terminal", "kind": "device"},
    ]
    with Emulator(TenantDescription.model_validate(described)) as emulator:
        http = httpx2.Client(base_url=emulator.base_url)
        auth = ("ada@shop.example", canaries["password"])
        token = http.post("/token/authenticate", auth=auth).json()["tokenInfo"]["tokenValue"]
        http.get("/2/0/models", headers={"Authorization": f"AnaplanAuthToken {token}"})
        device = http.post(
            "/oauth/device/code",
            data={"client_id": emulator.device_client_id, "scope": "openid"},
        ).json()
        form = {"grant_type": "authorization_code", "client_secret": canaries["secret"]}
        http.post("/oauth/token", data=form)
        emulator.settings.first_password = "canary-first-password"
        private_key = emulator.private_key.read_text().splitlines()[1]
        secrets = [
            *canaries.values(), token, device["device_code"], device["user_code"], private_key,
            "canary-first-password", emulator.api_key,
        ]  # fmt: skip

        http.close()
        with Browser(emulator) as browser:
            pages = all_pages(browser)

        assert any("Terminal" in text for text in pages.values())
        for address, text in pages.items():
            for secret in secrets:
                assert secret not in text, address


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_forms_of_other_sites_are_refused(browser: Browser, origin: str) -> None:
    browser.open("/faults")
    token = re.findall(r'name="form_token" value="([^"]+)"', browser.page.text)[0]
    reply = browser.http.post(
        f"{CONSOLE}/faults",
        data={"form_token": token, "preset": "slow"},
        headers={"Origin": origin},
    )
    assert reply.status_code == 403
    assert browser.emulator.tenant.faults.active() == []


@pytest.mark.parametrize("token", [None, "0" * 64, "é"], ids=["none", "wrong", "not-ascii"])
def test_forms_without_their_token_are_refused(browser: Browser, token: str | None) -> None:
    data = {"confirmed": "yes", "preset": "slow", **({"form_token": token} if token else {})}
    for path in [path for method, path, _ in PAGES if method == "POST"]:
        reply = browser.http.post(f"{CONSOLE}{path}", data=data)
        assert reply.status_code == 403
        assert "expired" in reply.text
    assert browser.emulator.tenant.faults.active() == []


def test_other_host_names_are_refused(browser: Browser) -> None:
    for path in ("/", "/tenant", "/static/console.css"):
        reply = browser.http.get(f"{CONSOLE}{path}", headers={"Host": "evil.example"})
        assert reply.status_code == 403
        assert "Corner Shop" not in reply.text


@pytest.mark.parametrize(("opened", "status"), [(False, 403), (True, 200)])
async def test_other_machines_need_permission(opened: bool, status: int) -> None:
    with Emulator(SHOP, control_from_anywhere=opened) as other:
        transport = httpx2.ASGITransport(create_app(other.tenant), client=("192.0.2.1", 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url=other.base_url) as client:
            assert (await client.get(f"{CONSOLE}/tenant")).status_code == status


def test_pages_have_security_headers(browser: Browser) -> None:
    for path in ("/", "/nothing", "/static/htmx.min.js"):
        headers = browser.http.get(f"{CONSOLE}{path}").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert browser.http.get(f"{CONSOLE}/static/..%2f__init__.py").status_code == 404


def test_a_form_that_is_too_large_is_refused(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anaplan_emulator.console.routes.MAX_FORM_BYTES", 1000)
    assert browser.http.post(f"{CONSOLE}/faults", content=b"x" * 2000).status_code == 413


def test_htmx_has_its_licence_and_version_beside_it() -> None:
    from importlib.resources import files

    static = files("anaplan_emulator.console") / "static"
    script = (static / "htmx.min.js").read_text()
    version = re.findall(r'version:"([\d.]+)"', script)[0]
    assert f"htmx {version}" in (static / "README.md").read_text()
    assert "Zero-Clause BSD" in (static / "htmx.LICENSE").read_text()


def test_the_lines_to_connect_leave_out_a_main_user_who_is_gone(browser: Browser) -> None:
    tenant = browser.emulator.tenant
    with tenant.store.transaction() as db:
        db.execute("UPDATE users SET email = 'other@shop.example' WHERE email = 'ada@shop.example'")
    tenant._user_files = None  # Its certificate has not been issued yet.
    browser.open("/")
    assert f"export ANAPLAN_BASE_URL={browser.emulator.base_url}" in browser.text
    assert "ANAPLAN_CERTIFICATE" not in browser.text
