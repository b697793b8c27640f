"""The emulator as one object: a world, and a server in a thread."""

from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from .app import create_app
from .server import Server
from .settings import Settings
from .store.tenant import TenantDescription
from .world import World


class Emulator:
    """Anaplan on this machine, for as long as the `with` block lasts.

    Args:
        tenant: Description of the tenant, or a file that holds one; a small default otherwise.
        state: File to keep everything in; memory otherwise.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.

    """

    def __init__(
        self,
        tenant: Path | TenantDescription | None = None,
        *,
        state: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.world = World(state=state, tenant=tenant)
        self._server = Server(create_app(self.world), host=host, port=port, tls=None)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        self.world.close()

    @property
    def base_url(self) -> str:
        """The one origin of all APIs."""
        return self._server.base_url

    @property
    def settings(self) -> Settings:
        """Settings, to read or change."""
        return self.world.settings

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the emulator's clock forward."""
        self.world.clock.advance(timedelta(hours=hours, minutes=minutes, seconds=seconds))

    def reset(self) -> None:
        """Go back to the start."""
        self.world.reset()
