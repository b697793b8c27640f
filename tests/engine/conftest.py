"""The shop's model in a database, whose actions run without a server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.action_results import ActionResult, Cancelled
from anaplan_emulator.engine.action_run import ActionRun
from anaplan_emulator.engine.actions import actions, run_action
from anaplan_emulator.loaders.tenant_loader import load_tenant
from anaplan_emulator.store.database import Session, Store
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.tenant_file import read_tenant

SHOP = Path(__file__).parents[1] / "tenants" / "shop.json"
MODEL = 1
NOW = 1_800_000_000.0


@dataclass
class ModelHarness:
    """The shop's model, as one user works with it."""

    session: Session
    user_id: str
    chunk_bytes: int = 10_000_000
    cancel_at: str | None = None
    """The step at which the run is cancelled."""
    steps: list[tuple[float, str]] = field(default_factory=list)

    def upload(self, name: str, *chunks: bytes, chunk_count: int | None = None) -> None:
        with self.session.transaction() as db:
            file = file_contents.file_by_name(db, MODEL, name)
            assert file is not None
            if chunk_count is None:
                chunk_count = len(chunks)
            content = file_contents.begin(db, file, self.user_id, chunk_count, NOW)
            for number, chunk in enumerate(chunks):
                file_contents.put_chunk(db, content, number, chunk)

    def run(self, name: str, **parameters: str) -> ActionResult:
        action = next(
            action for action in actions(self.session.db, MODEL) if action.definition.name == name
        )
        run = ActionRun(
            session=self.session,
            model=MODEL,
            user_id=self.user_id,
            task_id="TASK",
            now=lambda: NOW,
            progress=self.progress,
            chunk_bytes=self.chunk_bytes,
            parameters={("", key.lower()): value for key, value in parameters.items()},
        )
        return run_action(run, action)

    def progress(self, fraction: float, step: str, /) -> None:
        self.steps.append((fraction, step))
        if step == self.cancel_at:
            raise Cancelled

    def dump(self) -> list[str]:
        """Return the lines of the only dump."""
        rows = self.rows("SELECT body FROM dump_chunks ORDER BY number")
        return b"".join(body for (body,) in rows).decode().splitlines()

    def output(self, name: str) -> bytes:
        file = file_contents.file_by_name(self.session.db, MODEL, name)
        assert file is not None
        content = file_contents.content_of(self.session.db, file, self.user_id, NOW)
        assert content is not None
        return b"".join(file_contents.read_all(self.session.db, content))

    def products(self) -> dict[str, tuple[Any, ...]]:
        """Return the name, the parent's name and the properties of each product by its code."""
        items = self.rows(
            """
            SELECT item.code, item.name, parent.name,
                (SELECT json_group_object(properties.name, value)
                 FROM property_values JOIN properties ON properties.key = property
                 WHERE property_values.item = item.key)
            FROM list_items AS item JOIN lists ON lists.key = item.list
            LEFT JOIN list_items AS parent ON parent.key = item.parent
            WHERE lists.name = 'Products' AND lists.model = 1 ORDER BY item.key
            """
        )
        return {code: tuple(rest) for code, *rest in items}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.db.execute(sql)]


@pytest.fixture
def tenant() -> TenantDescription:
    """The tenant. Test modules can override it."""
    return read_tenant(SHOP)


@pytest.fixture
def model(tenant: TenantDescription) -> Iterator[ModelHarness]:
    store = Store()
    try:
        with store.transaction() as db:
            load_tenant(db, tenant)
        with store.session() as session:
            yield ModelHarness(session, tenant.users[0].user_id)
    finally:
        store.close()
