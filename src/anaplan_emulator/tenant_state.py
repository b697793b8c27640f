"""The state of the emulated tenant: its database, clock, settings, and everything that runs."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from pydantic_core import PydanticSerializationError

from anaplan_emulator.certificates import (
    ANAPLAN_HOSTS,
    LOCAL_HOSTS,
    Authority,
    KeyPair,
    open_authority,
    stored_authority,
)
from anaplan_emulator.clock import Clock, duration
from anaplan_emulator.engine.cloud_storage import CloudStorage, CloudStorageError
from anaplan_emulator.engine.integration_runner import IntegrationRunner
from anaplan_emulator.engine.model_memory import ModelMemory
from anaplan_emulator.engine.task_runner import TaskRunner
from anaplan_emulator.faults import Faults
from anaplan_emulator.hosts import UNKNOWN_HOST, AllowedHosts, is_loopback
from anaplan_emulator.loaders.described_tenant import describe_tenant
from anaplan_emulator.loaders.model_loader import restructure
from anaplan_emulator.loaders.tenant_loader import (
    default_workspace_and_model,
    load_dated_parts,
    load_tenant,
)
from anaplan_emulator.rate_limit import RateLimiter
from anaplan_emulator.request_log import RequestLog
from anaplan_emulator.settings import Settings
from anaplan_emulator.store.audit_log import AuditLog
from anaplan_emulator.store.backup import Backup
from anaplan_emulator.store.database import StateError, Store
from anaplan_emulator.store.users import user_by_email
from anaplan_emulator.temporary_folder import TemporaryFolder
from anaplan_emulator.tenant.model_description import ActiveState, StructureDescription
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_emulator.tenant.tenant_file import read_tenant
from anaplan_emulator.tenant.tenant_writer import (
    DataPlacement,
    InDescription,
    InFiles,
    staged,
    write_description,
)

# Tables that survive a reset.
_KEPT_TABLES = ("authority", "oauth_signing_key")


class UnknownUserError(LookupError):
    """The tenant has no user with this e-mail address."""


class UnknownModelError(LookupError):
    """The tenant has no such model."""


class TenantState:
    """An emulated tenant.

    Args:
        state: The state file; by default a temporary file that is deleted at the end.
        tenant: The tenant's description, or a file with it. It is ignored if the state file
            contains a tenant already.
        control_from_anywhere: Whether other machines may use the control API.
        allowed_hosts: The hosts that requests to the control API and the pages may name.
        redirect_uri: A further callback URL of the tenant's first client for the
            authorization-code grant. It is ignored together with the tenant.
        clouds: The folder for cloud storage; by default a temporary one.
        certificates: The folder for certificates and keys; by default a temporary one.

    Raises:
        StateError: The state file cannot be used.
        TenantError: The tenant's file cannot be read.
    """

    def __init__(
        self,
        *,
        state: Path | None = None,
        tenant: Path | TenantDescription | None = None,
        control_from_anywhere: bool = False,
        allowed_hosts: AllowedHosts | None = None,
        redirect_uri: str | None = None,
        clouds: Path | None = None,
        certificates: Path | None = None,
    ) -> None:
        self.store = Store(state)
        self.clock = Clock()
        self.settings = Settings()
        self.faults = Faults()
        self.request_log = RequestLog()
        self.rate_limiter = RateLimiter(self.clock, self.settings)
        self.audit_log = AuditLog(self.store, self.clock)
        self.task_runner = TaskRunner(self.store, self.clock, self.settings)
        self.model_memory = ModelMemory(self.clock, self.settings)
        self._backup: tuple[TenantDescription, Backup] | None = None
        self._loaded: TenantDescription | None = None
        self._saved: TenantDescription | None = None
        """The description that the database contains."""
        self.base_url = ""
        """The origin at which the tenant is served, set by the server."""
        self.control_from_anywhere = control_from_anywhere
        self.allowed_hosts = allowed_hosts or AllowedHosts()
        self.form_secret = secrets.token_bytes(32)
        """Protects the forms of the console: other sites cannot know what is made from it."""
        self._folder = TemporaryFolder()
        self._certificates = certificates or self._folder.path
        self._certificate_files: set[Path] = set()
        self._user_files: tuple[Path, Path] | None = None
        self._user_files_lock = threading.Lock()
        self._change_lock = threading.RLock()
        """Held while the tenant is replaced or settings are changed: one after another."""
        self.cloud_storage = CloudStorage(
            clouds or self._folder.path / "clouds", private=clouds is None
        )
        self.integration_runner = IntegrationRunner(
            self.store, self.clock, self.task_runner, self.cloud_storage, self.settings
        )
        try:
            self.resumed = self._resume()
            """Whether the state file contained a tenant, so that the given one is ignored."""
            if not self.resumed:
                described = tenant if isinstance(tenant, TenantDescription) else read_tenant(tenant)
                self.load(described.with_redirect_uri(redirect_uri) if redirect_uri else described)
            self.clock.on_change.append(self.integration_runner.start_due)
        except BaseException as error:
            self.store.close()
            self._folder.delete()
            if isinstance(error, sqlite3.DatabaseError) and state is not None:
                raise StateError(f"{state} cannot be used: {error}") from error
            raise

    def load(self, description: TenantDescription) -> None:
        """Replace the tenant by another one; clock, faults and settings are kept.

        Raises:
            TenantError: The description contradicts itself; the tenant is not replaced.
        """
        with self._change_lock:
            self.integration_runner.stop()
            self.task_runner.stop()
            backup = self._backup_of(description)
            # What is restored is not written again.
            keep = ("emulator", *backup.kept_tables) if backup is not None else ()
            is_saved = bool(keep) and self._saved is description
            text = None if is_saved else _serialized(description)
            try:
                with self.store.emptied(keep=(*_KEPT_TABLES, *keep), checked=backup is None) as db:
                    backup = self._fill(db, description, backup)
                    load_dated_parts(db, description, self.clock, self.audit_log)
                    self.cloud_storage.initialize(description.cloud_works.contents())
                    self.integration_runner.schedules_changed()
            except (sqlite3.IntegrityError, UnicodeEncodeError) as error:
                raise TenantError(f"tenant {description.name}: {error}") from error
            except (CloudStorageError, OSError) as error:
                raise TenantError(f"tenant {description.name}: cloud storage: {error}") from error
            self.model_memory.clear()
            self._backup = None if backup is None else (description, backup)
            self.description = self._loaded = description
            with self._user_files_lock:
                self._user_files = None
            self._save(text)

    def reset(self) -> None:
        """Restore the tenant as described, real time and default settings.

        Raises:
            TenantError: A file of data of the tenant is gone or was changed; nothing is reset.
        """
        with self._change_lock:
            offset, settings = self.clock.offset, self.settings.model_copy()
            self.clock.set_offset(timedelta())
            self._apply(Settings())
            try:
                self.load(self.description)
            except TenantError:
                self._apply(settings)
                self.clock.set_offset(offset)
                raise
            self.faults.clear()
            self.request_log.clear()
            self.rate_limiter.clear()

    def describe(self, *, secrets: bool = False) -> TenantDescription:
        """Describe the tenant as it is now.

        Args:
            secrets: Whether passwords, API keys and other secrets are included; otherwise they are
                masked, or left out if they can be derived.

        Returns:
            The description, with all ids and all data.
        """
        with self.store.snapshot() as db:
            return describe_tenant(db, self.description, InDescription(), secrets=secrets)

    def save_to(self, path: Path, *, data: DataPlacement = "csv", secrets: bool = False) -> None:
        """Write the tenant as it is now to a tenant's file.

        Args:
            path: The file, which is YAML if its suffix is `.yaml` or `.yml`, and JSON otherwise.
            data: Where items, cells and default contents are written.
            secrets: Whether passwords, API keys and other secrets are included.

        Raises:
            OSError: A file can't be written.
        """
        with staged(path) as target:
            place = InFiles(target.parent) if data == "csv" else InDescription()
            with self.store.snapshot() as db:
                description = describe_tenant(db, self.description, place, secrets=secrets)
            write_description(description, target)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change settings; either all changes are made or none.

        Raises:
            ValidationError: A setting is unknown or its value is invalid.
        """
        with self._change_lock:
            self._apply(Settings.model_validate({**self.settings.model_dump(), **changes}))
            self.save()

    def restructure(self, model: str, change: StructureDescription) -> None:
        """Add to the structure of a model.

        Args:
            model: Its id or name; of several models with the same name the first is changed.
            change: The additions.

        Raises:
            UnknownModelError: There is no such model.
            ValueError: The change refers to something that does not exist, or adds something whose
                name is in use.
        """
        with self.store.transaction() as db:
            restructure(db, _model_key(db, model), change)

    def set_active_state(self, model: str, state: ActiveState) -> None:
        """Set the active state of a model.

        Args:
            model: Its id or name; of several models with the same name the first is changed.
            state: The new state.

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

        Returns:
            The certificate and its private key.

        Raises:
            UnknownUserError: The tenant has no such user.
        """
        with self.store.snapshot() as db:
            known = user_by_email(db, email) is not None
        if not known:
            raise UnknownUserError(f"the tenant has no user {email}")
        # Clients check the validity by real time, the emulator by its own clock.
        moments = (datetime.now(UTC), self.clock.now())
        with self.store.transaction() as db:
            authority = open_authority(db)
        return authority.issue_to_user(
            email,
            not_before or min(moments) - timedelta(days=1),
            not_after or max(moments) + timedelta(days=1095),
        )

    def user_certificate_files(self) -> tuple[Path, Path]:
        """Return files with a certificate of the main user and its private key."""
        with self._user_files_lock:
            if self._user_files is None:
                pair = self.issue_certificate(self.description.main_user.email)
                self._user_files = (
                    self._write_file("certificate.pem", pair.certificate),
                    self._write_file("private_key.pem", pair.private_key),
                )
            return self._user_files

    def authority_file(self) -> Path:
        """Return a file with the certificate of the authority, for TLS clients to trust."""
        with self.store.transaction() as db:
            return self._write_file("ca_certificate.pem", open_authority(db).pair.certificate)

    def server_certificate_files(self, host: str) -> tuple[Path, Path]:
        """Return files with a certificate and its key, for Anaplan's host names and `host`."""
        with self.store.transaction() as db:
            authority = open_authority(db)
        pair = authority.issue_to_hosts(dict.fromkeys((*ANAPLAN_HOSTS, *LOCAL_HOSTS, host)))
        return (
            self._write_file("server_certificate.pem", pair.certificate),
            self._write_file("server_private_key.pem", pair.private_key),
        )

    def control_refusal(self, client: str, host: str | None) -> str | None:
        """Return why a request to the control API or the console is refused, or None.

        Args:
            client: Address of the client.
            host: The header `Host`, if there is one.
        """
        if not self.control_from_anywhere and not is_loopback(client):
            return "The control API and the console are open to this machine only."
        return None if host in self.allowed_hosts else UNKNOWN_HOST

    def info(self) -> dict[str, str | None]:
        """Return the origin, credentials of the main user, and the default workspace and model."""
        user = self.description.main_user
        certificate, private_key = self.user_certificate_files()
        workspace_id, model_id = self.default_workspace_and_model()
        web_client = self.description.oauth_client("authorization_code")
        device_client = self.description.oauth_client("device")
        info = {
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
            info["ca_certificate"] = str(self.authority_file())
        return info

    def default_workspace_and_model(self) -> tuple[str | None, str | None]:
        """Return the ids of the default workspace and model, if there are any."""
        with self.store.snapshot() as db:
            return default_workspace_and_model(db, self.description)

    def save(self) -> None:
        """Write the tenant, settings and clock to the database, but no faults and requests."""
        # The description of a large model takes as long to write as a reset.
        is_saved = self._saved is self.description
        self._save(None if is_saved else self.description.model_dump_json())

    def _save(self, description: str | None) -> None:
        values = {
            "settings": self.settings.model_dump_json(),
            "clock_offset_seconds": json.dumps(self.clock.offset.total_seconds()),
        }
        if description is not None:
            values["tenant"] = description
        self.audit_log.flush()
        with self.store.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO emulator (key, value) VALUES (?, ?)", list(values.items())
            )
        self._saved = self.description

    def close(self) -> None:
        """Stop all tasks and runs, and close the database."""
        self.model_memory.clear()
        self.integration_runner.stop()
        self.task_runner.stop()
        try:
            self.save()
        except sqlite3.DatabaseError as error:
            raise StateError(f"the state cannot be saved: {error}") from error
        finally:
            self.store.close()
            for file in self._certificate_files:
                file.unlink(missing_ok=True)
            self._folder.delete()

    def _write_file(self, name: str, content: str) -> Path:
        """Write a private file that is deleted when the emulator ends."""
        self._certificates.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Temporary files are private from the start. Moving it makes the write atomic.
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=self._certificates, delete=False
        ) as file:
            file.write(content)
        path = Path(file.name).replace(self._certificates / name)
        self._certificate_files.add(path)
        return path

    def _backup_of(self, description: TenantDescription) -> Backup | None:
        if self._backup is not None and self._backup[0] is description:
            return self._backup[1]
        return None

    def _fill(
        self, db: sqlite3.Connection, description: TenantDescription, backup: Backup | None
    ) -> Backup | None:
        """Restore a tenant from its backup or load it, and return its backup, if it has one."""
        if backup is not None:
            backup.restore(db)
            return backup
        if self._backup is not None:
            self._backup[1].discard(db)
        load_tenant(db, description)
        # A tenant that is loaded for the second time is likely to be loaded before each test.
        if description is not self._loaded:
            return None
        return Backup(db, exclude=_KEPT_TABLES, journaled=self.store.is_temporary)

    def _apply(self, settings: Settings) -> None:
        for name in Settings.model_fields:
            # Each assignment validates all settings, so unchanged ones are not assigned.
            if getattr(self.settings, name) != getattr(settings, name):
                setattr(self.settings, name, getattr(settings, name))

    def _resume(self) -> bool:
        with self.store.snapshot() as db:
            values = dict(db.execute("SELECT key, value FROM emulator").fetchall())
            self.audit_log.resume(db)
            authority = stored_authority(db)
        if not values:
            return False
        try:
            self.description = TenantDescription.model_validate_json(values["tenant"])
            self._apply(Settings.model_validate_json(values["settings"]))
            self.clock.set_offset(duration(seconds=json.loads(values["clock_offset_seconds"])))
            if authority is not None:
                Authority.load(authority)
        except (LookupError, TypeError, ValueError) as error:
            raise StateError(f"{self.store.path} is damaged: {_first_line(error)}") from error
        self.cloud_storage.initialize(self.description.cloud_works.contents())
        self.integration_runner.resume()
        self.task_runner.resume()
        return True


def _serialized(description: TenantDescription) -> str:
    try:
        return description.model_dump_json()
    except PydanticSerializationError as error:
        raise TenantError(f"the tenant has a text that is not valid Unicode: {error}") from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _model_key(db: sqlite3.Connection, model: str) -> int:
    row = db.execute(
        "SELECT key FROM models WHERE ? IN (id, name) ORDER BY key LIMIT 1", (model,)
    ).fetchone()
    if row is None:
        raise UnknownModelError(f"the tenant has no model {model}")
    return int(row["key"])
