"""Make the pictures of the emulator's console in docs/console, with Chromium."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import time
from pathlib import Path

import httpx2
from playwright.sync_api import ViewportSize, sync_playwright

from anaplan_emulator import Emulator, Fault

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "anaplan_emulator" / "sample_data"
TARGET = ROOT / "docs" / "console"
PAGES = {"overview": "", "timeline": "timeline?minutes=1"}
SIZE: ViewportSize = {"width": 1100, "height": 640}


def main() -> int:
    """Run the default tenant's process on the sample data, and show the pages.

    Returns:
        The exit code.
    """
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        print("No Chromium: set CHROMIUM to its path", file=sys.stderr)
        return 1
    TARGET.mkdir(exist_ok=True)
    with Emulator(port=8765) as emulator, sync_playwright() as playwright:
        load_flights(emulator)
        with playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser:
            page = browser.new_page(viewport=SIZE)
            for name, path in PAGES.items():
                page.goto(f"{emulator.base_url}/_emulator/console/{path}")
                page.screenshot(path=TARGET / f"{name}.png")
    return 0


def load_flights(emulator: Emulator) -> None:
    """Upload the sample data, and run the process that loads it."""
    with httpx2.Client(base_url=emulator.base_url, timeout=60) as http:
        auth = (emulator.user_email, emulator.password)
        token = http.post("/token/authenticate", auth=auth).json()["tokenInfo"]["tokenValue"]
        http.headers["Authorization"] = f"AnaplanAuthToken {token}"
        model = f"/2/0/models/{emulator.model_id}"
        emulator.add_fault(Fault(method="PUT", path="*/files/*", status=503, times=2))
        for file in http.get(f"{model}/files").json()["files"]:
            sources = sorted(DATA.glob(f"{Path(file['name']).stem}*.csv*"))
            for source in sources:
                body = source.read_bytes()
                content = gzip.decompress(body) if source.suffix == ".gz" else body
                octets = {"Content-Type": "application/octet-stream"}
                while http.put(
                    f"{model}/files/{file['id']}", content=content, headers=octets
                ).is_error:
                    pass
        for process in http.get(f"{model}/processes").json()["processes"]:
            tasks = f"{model}/processes/{process['id']}/tasks"
            task = http.post(tasks, json={"localeName": "en_US"}).json()["task"]["taskId"]
            while http.get(f"{tasks}/{task}").json()["task"]["taskState"] != "COMPLETE":
                time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
