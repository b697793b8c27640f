"""Everything behind the HTTP: store, clock, settings, faults, journal, and the tenant they hold."""

import json
import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

from anaplan_emulator.api_keys import load_api_keys
from anaplan_emulator.audit_trail import AuditTrail
from anaplan_emulator.certificates import ANAPLAN_HOSTS, LOCAL_HOSTS, KeyPair, open_authority
from anaplan_emulator.clock import Clock
from anaplan_emulator.engine.cloud_runner import CloudRunner
from anaplan_emulator.engine.clouds import Clouds
from anaplan_emulator.engine.tasks import TaskRunner
from anaplan_emulator.faults import Faults
from anaplan_emulator.journal import Journal
from anaplan_emulator.loading import ModelLoading
from anaplan_emulator.rate_limit import RateLimiter
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.audit_description import past_events
from anaplan_emulator.store.cloud_loader import load_cloud_works
from anaplan_emulator.store.database import Store
from anaplan_emulator.store.image import Image
from anaplan_emulator.store.model_description import ActiveState, StructureDescription
from anaplan_emulator.store.model_loader import restructure
from anaplan_emulator.store.tenant import (
    TenantDescription,
    TenantError,
    load_tenant,
    read_tenant,
    starting_place,
)
from anaplan_emulator.store.users import user_by_email

# What outlives a reset.
_KEPT = ("authority", "oauth_signing_key")


class UnknownUserError(LookupError):
    """No user of the tenant has this e-mail address."""


class UnknownModelError(LookupError):
    """The tenant has no such model."""


class World:
    """One emulated tenant.

    Args:
        state: File to keep everything in; a private temporary one that goes away if not given.
        tenant: Its description, or the file that holds it. A state file that already holds a
            tenant goes on from that instead.
        control_from_anywhere: Whether other machines may use the control room.
        clouds: Folder whose folders stand in for buckets, containers and datasets; a private
            temporary one by default.

    Raises:
        StateError: The state file isn't one, is another version's, or in use.
        TenantError: The tenant's file can't be read.
    """

    def __init__(
        self,
        *,
        state: Path | None = None,
        tenant: Path | TenantDescription | None = None,
        control_from_anywhere: bool = False,
        clouds: Path | None = None,
    ) -> None:
        self.store = Store(state)
        self.clock = Clock()
        self.settings = Settings()
        self.faults = Faults()
        self.journal = Journal()
        self.limiter = RateLimiter()
        self.trail = AuditTrail(self.store, self.clock)
        self.tasks = TaskRunner(self.store, self.clock, lambda: self.settings)
        self.loading = ModelLoading(self.clock, lambda: self.settings)
        self._loaded: TenantDescription | None = None
        self._image: tuple[TenantDescription, Image] | None = None
        self.base_url = ""
        """Where the world is served, known once a server has it."""
        self.control_from_anywhere = control_from_anywhere
        self._handout = TemporaryDirectory(prefix="anaplan-emulator-")
        self._handing_out = threading.Lock()
        self.clouds = Clouds(clouds or Path(self._handout.name, "clouds"), private=clouds is None)
        self.cloud_works = CloudRunner(
            self.store, self.clock, self.tasks, self.clouds, lambda: self.settings
        )
        try:
            self.resumed = self._resume()
            """Whether the state file held a tenant already, so that the one given is not used."""
            if not self.resumed:
                self.load_tenant(
                    tenant if isinstance(tenant, TenantDescription) else read_tenant(tenant)
                )
            self.clock.on_move.append(self.cloud_works.look)
        except BaseException:
            self.store.close()
            self._handout.cleanup()
            raise

    def load_tenant(self, tenant: TenantDescription) -> None:
        """Forget the present tenant and take another; clock, faults and settings stay.

        Raises:
            TenantError: The description contradicts itself; the present tenant stays.
        """
        self.cloud_works.stop()
        self.tasks.stop()
        with self.store.emptied(keep=_KEPT) as db:
            self._fill(db, tenant)
            load_api_keys(db, tenant, self.clock)
            try:
                ids = {user.email: user.user_id for user in tenant.users}
                load_cloud_works(db, tenant.cloud_works, ids, self.clock.now())
            except ValueError as error:
                raise TenantError(f"tenant {tenant.name}: {error}") from error
            self.trail.resume(db)
            try:
                self.trail.backdate(db, past_events(db, tenant.audit_events))
            except ValueError as error:
                raise TenantError(f"tenant {tenant.name}: {error}") from error
        self.loading.forget()
        self.clouds.begin(tenant.cloud_works.contents())
        self.tenant = self._loaded = tenant
        self._pair_files: tuple[Path, Path] | None = None
        self.save()

    def reset(self) -> None:
        """Go back to the start: tenant as described, real time, settings as they come."""
        self.clock.offset = timedelta()
        self.faults.clear()
        self.journal.clear()
        self.limiter.clear()
        self._set(Settings())
        self.load_tenant(self.tenant)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change some settings; all or none.

        Raises:
            ValidationError: An unknown setting, or a value it can't have.
        """
        self._set(Settings.model_validate({**self.settings.model_dump(), **changes}))
        self.save()

    def restructure(self, model: str, change: StructureDescription) -> None:
        """Add to the structure of a model, as its builders do in Anaplan.

        Args:
            model: Its id or name; of several with the same name it is the first.
            change: What is added.

        Raises:
            UnknownModelError: There is no such model.
            ValueError: The change refers to what isn't there, or adds what is there already.
        """
        with self.store.transaction() as db:
            restructure(db, _model_key(db, model), change)

    def set_active_state(self, model: str, state: ActiveState) -> None:
        """Lock a model, archive it, take it into maintenance, or back.

        Args:
            model: Its id or name; of several with the same name it is the first.
            state: What it becomes.

        Raises:
            UnknownModelError: There is no such model.
        """
        with self.store.transaction() as db:
            key = _model_key(db, model)
            db.execute("UPDATE models SET active_state = ? WHERE key = ?", (state, key))

    def issue_certificate(
        self,
        email: str,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> KeyPair:
        """Issue a certificate to a user.

        Args:
            email: The user's e-mail address.
            not_before: Start of its validity; a day ago by default.
            not_after: End of its validity; three years from now by default.

        Raises:
            UnknownUserError: The tenant has no such user.
        """
        with self.store.snapshot() as db:
            known = user_by_email(db, email) is not None
        if not known:
            raise UnknownUserError(f"the tenant has no user {email}")
        # Clients check validity by real time, the emulator by its own clock.
        moments = (datetime.now(UTC), self.clock.now())
        with self.store.transaction() as db:
            authority = open_authority(db)
        return authority.issue_to_user(
            email,
            not_before or min(moments) - timedelta(days=1),
            not_after or max(moments) + timedelta(days=1095),
        )

    def certificate_files(self) -> tuple[Path, Path]:
        """Return files with a certificate and private key of the user who is introduced."""
        with self._handing_out:
            if self._pair_files is None:
                pair = self.issue_certificate(self.tenant.signing_user.email)
                self._pair_files = (
                    self.hand_out("certificate.pem", pair.certificate),
                    self.hand_out("private_key.pem", pair.private_key),
                )
            return self._pair_files

    def authority_file(self) -> Path:
        """Return a file with the authority's certificate, for TLS clients to trust."""
        with self.store.transaction() as db:
            return self.hand_out("ca_certificate.pem", open_authority(db).pair.certificate)

    def server_files(self, host: str) -> tuple[Path, Path]:
        """Return files with a certificate and key to serve TLS with, as Anaplan and as `host`."""
        with self.store.transaction() as db:
            authority = open_authority(db)
        names = dict.fromkeys((*ANAPLAN_HOSTS, *LOCAL_HOSTS, host))
        pair = authority.issue_to_hosts(names)
        return (
            self.hand_out("server_certificate.pem", pair.certificate),
            self.hand_out("server_private_key.pem", pair.private_key),
        )

    def hand_out(self, name: str, content: str) -> Path:
        """Write a file that only this account can read, and that goes away with the emulator."""
        path = Path(self._handout.name, name)
        # Temporary files are private from the start; moved into place, nobody reads half of one.
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=self._handout.name, delete=False
        ) as file:
            file.write(content)
        return Path(file.name).replace(path)

    def introduction(self) -> dict[str, str | None]:
        """Tell where to go, what to sign in with, and where to begin."""
        user = self.tenant.signing_user
        certificate, private_key = self.certificate_files()
        workspace_id, model_id = self.starting_place()
        web_client = self.tenant.oauth_client("authorization_code")
        device_client = self.tenant.oauth_client("device")
        told = {
            "base_url": self.base_url,
            "user_email": user.email,
            "password": user.password,
            "certificate": str(certificate),
            "private_key": str(private_key),
            "workspace_id": workspace_id,
            "model_id": model_id,
            "oauth_client_id": web_client.id if web_client else None,
            "oauth_client_secret": web_client.secret if web_client else None,
            "redirect_uri": web_client.redirect_uris[0] if web_client else None,
            "device_client_id": device_client.id if device_client else None,
        }
        if self.base_url.startswith("https:"):
            told["ca_certificate"] = str(self.authority_file())
        return told

    def starting_place(self) -> tuple[str | None, str | None]:
        """Return the ids of the workspace and model to begin with, if there are any."""
        with self.store.snapshot() as db:
            return starting_place(db, self.tenant)

    def save(self) -> None:
        """Keep in the store what lives outside of it. Faults and the journal are not kept."""
        kept = {
            "tenant": self.tenant.model_dump_json(),
            "settings": self.settings.model_dump_json(),
            "clock_offset_seconds": json.dumps(self.clock.offset.total_seconds()),
        }
        self.trail.flush()
        with self.store.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO emulator (key, value) VALUES (?, ?)", list(kept.items())
            )

    def close(self) -> None:
        """Stop all work and let go of the store."""
        self.loading.forget()
        self.cloud_works.stop()
        self.tasks.stop()
        self.save()
        self.store.close()
        self._handout.cleanup()

    def _fill(self, db: sqlite3.Connection, tenant: TenantDescription) -> None:
        if self._image is not None and self._image[0] is tenant:
            self._image[1].restore(db)
            return
        load_tenant(db, tenant)
        # Whoever resets once is likely to do so before each test.
        self._image = (tenant, Image(db, besides=_KEPT)) if tenant is self._loaded else None

    def _set(self, settings: Settings) -> None:
        for name in Settings.model_fields:
            # Each assignment has all settings checked.
            if getattr(self.settings, name) != getattr(settings, name):
                setattr(self.settings, name, getattr(settings, name))

    def _resume(self) -> bool:
        with self.store.snapshot() as db:
            kept = dict(db.execute("SELECT key, value FROM emulator").fetchall())
            self.trail.resume(db)
        if not kept:
            return False
        self.tenant = TenantDescription.model_validate_json(kept["tenant"])
        self.settings = Settings.model_validate_json(kept["settings"])
        self.clock.offset = timedelta(seconds=json.loads(kept["clock_offset_seconds"]))
        self._pair_files = None
        self.clouds.begin(self.tenant.cloud_works.contents())
        self.cloud_works.resume()
        self.tasks.resume()
        return True


def _model_key(db: sqlite3.Connection, model: str) -> int:
    row = db.execute(
        "SELECT key FROM models WHERE ? IN (id, name) ORDER BY key LIMIT 1", (model,)
    ).fetchone()
    if row is None:
        raise UnknownModelError(f"the tenant has no model {model}")
    return int(row["key"])
