"""What Anaplan holds, seen without sending a request: no fault stands in between."""

from __future__ import annotations

from dataclasses import dataclass

from anaplan_emulator import Emulator
from anaplan_emulator.apis.actions.state import dump_chunk, dump_chunk_numbers, find_dump
from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.list_items import read_items
from anaplan_emulator.engine.structure import list_by_name
from anaplan_emulator.engine.tasks import Task, tasks_of
from anaplan_emulator.store.users import user_by_email


@dataclass(frozen=True)
class Witness:
    """Looks into an emulator's store, at the model to begin with.

    Attributes:
        emulator: The emulator.
    """

    emulator: Emulator

    def content(self, file_id: int) -> bytes | None:
        """What an import would read from a file; nothing unless all of it is there."""
        with self.emulator.tenant.store.snapshot() as db:
            file = file_contents.file_by_id(db, self._model, str(file_id))
            assert file is not None
            content = file_contents.content_of(db, file, self._user, self._now)
            if content is None or not file_contents.is_complete(db, content):
                return None
            return b"".join(file_contents.read_all(db, content))

    def put(self, file_id: int, content: bytes) -> None:
        """Leaves a content behind, as an earlier upload did."""
        with self.emulator.tenant.store.transaction() as db:
            file = file_contents.file_by_id(db, self._model, str(file_id))
            assert file is not None
            file_contents.put_chunk(
                db, file_contents.begin(db, file, self._user, 1, self._now), 0, content
            )

    def runs(self, action_id: int) -> list[Task]:
        """The tasks of an action, oldest first."""
        with self.emulator.tenant.store.snapshot() as db:
            return tasks_of(db, self._model, str(action_id))

    def dump(self, action_id: int) -> bytes:
        """What the last run of an import refused."""
        with self.emulator.tenant.store.snapshot() as db:
            (*_, last) = tasks_of(db, self._model, str(action_id))
            dump = find_dump(db, last, str(action_id), self._user, self._now)
            assert dump is not None
            chunks = [dump_chunk(db, dump, number) for number in dump_chunk_numbers(db, dump)]
            return b"".join(chunk for chunk in chunks if chunk is not None)

    def items(self, list_name: str) -> list[tuple[str | None, str]]:
        """Codes and names of a list's items, in their order."""
        with self.emulator.tenant.store.snapshot() as db:
            items = read_items(db, list_by_name(db, self._model, list_name))
            return [(item.code, item.name) for item in items]

    @property
    def _now(self) -> float:
        return self.emulator.tenant.clock.timestamp()

    @property
    def _model(self) -> int:
        with self.emulator.tenant.store.snapshot() as db:
            row = db.execute("SELECT key FROM models WHERE id = ?", (self.emulator.model_id,))
            return int(row.fetchone()[0])

    @property
    def _user(self) -> str:
        with self.emulator.tenant.store.snapshot() as db:
            user = user_by_email(db, self.emulator.user_email)
            assert user is not None
            return user.id
