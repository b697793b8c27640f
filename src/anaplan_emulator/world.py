"""Everything behind the HTTP: store, clock, settings and the tenant they hold."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from .clock import Clock
from .settings import Settings
from .store.database import Store
from .store.tenant import TenantDescription, load_tenant, read_tenant


class Background(Protocol):
    """Work that goes on between requests."""

    def stop(self) -> None:
        """End all running work and wait for it; new work may be started afterwards."""


class World:
    """One emulated tenant.

    Args:
        state: File to keep everything in; a private temporary one that goes away if not given.
        tenant: Its description, or the file that holds it. A state file that already holds a
            tenant goes on from it instead.

    """

    def __init__(
        self, *, state: Path | None = None, tenant: Path | TenantDescription | None = None
    ) -> None:
        self.store = Store(state)
        self.clock = Clock()
        self.settings = Settings()
        self.tasks: Background | None = None
        if not self._resume():
            self.load_tenant(
                tenant if isinstance(tenant, TenantDescription) else read_tenant(tenant)
            )

    def load_tenant(self, tenant: TenantDescription) -> None:
        """Forget the present tenant and take another."""
        self._stop_background()
        self.store.clear(keep=("authority",))
        with self.store.transaction() as db:
            load_tenant(db, tenant)
        self.tenant = tenant
        self.save()

    def reset(self) -> None:
        """Go back to the start: tenant as described, real time, settings as they come."""
        self.clock.offset = timedelta()
        self.settings = Settings()
        self.load_tenant(self.tenant)

    def save(self) -> None:
        """Keep in the store what lives outside of it."""
        kept = {
            "tenant": self.tenant.model_dump_json(),
            "settings": self.settings.model_dump_json(),
            "clock_offset_seconds": json.dumps(self.clock.offset.total_seconds()),
        }
        with self.store.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO emulator (key, value) VALUES (?, ?)", list(kept.items())
            )

    def close(self) -> None:
        """Stop all work and let go of the store."""
        self._stop_background()
        self.save()
        self.store.close()

    def _resume(self) -> bool:
        with self.store.snapshot() as db:
            kept = dict(db.execute("SELECT key, value FROM emulator").fetchall())
        if not kept:
            return False
        self.tenant = TenantDescription.model_validate_json(kept["tenant"])
        self.settings = Settings.model_validate_json(kept["settings"])
        self.clock.offset = timedelta(seconds=json.loads(kept["clock_offset_seconds"]))
        return True

    def _stop_background(self) -> None:
        if self.tasks is not None:
            self.tasks.stop()
