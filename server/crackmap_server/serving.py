"""`crackmap server run`: the process around the app."""

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn

from crackmap.errors import SettingError
from crackmap_server.app import create_app
from crackmap_server.errors import AddressRefused, PortBusy
from crackmap_server.evidence import evidence_folder
from crackmap_server.loopback import is_loopback
from crackmap_server.registry.files import model_folder
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

GRACE_S = 20  # for requests that are under way when the server is told to stop


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what was accepted, and return.

    Raises AddressRefused, PortBusy, DatabaseInUse, DatabaseUnusable, StorageError before anything is served.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.captureWarnings(True)  # as those of Pillow about odd EXIF data
    for chatty in ("alembic", "PIL"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    check_loopback(settings.host)
    with listening(settings.host, settings.port) as listener, prepared(settings):
        model_folder(settings).open()
        evidence_folder(settings).open()  # the app opens both too, but what fails there uvicorn shows as a traceback
        config = uvicorn.Config(
            create_app(settings),
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        _Server(config, settings).run(sockets=[listener])


def check_loopback(host: str) -> None:
    """Raises AddressRefused for an address that others could reach: access keys do not exist yet."""
    if not is_loopback(host):
        raise AddressRefused(
            f"--host {host}: others could reach this address, and there are no access keys yet that would keep them "
            "from reading and writing. Use 127.0.0.1 or ::1, and reach it from elsewhere through an SSH tunnel."
        )


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket. Raises PortBusy, SettingError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1)
        except PermissionError:
            raise SettingError(
                f"--port {port}: the system does not let this user listen there; take one over 1023"
            ) from None
        except OSError as error:
            raise PortBusy(
                f"--port {port}: {host}:{port} cannot be listened on ({error.strerror}). "
                "If another server is running, stop it, or choose another port."
            ) from None
        yield listener


class _Server(uvicorn.Server):
    """uvicorn, but it says where it listens once it does, and a signal to stop is no failure."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            database = self._settings.sqlite_file or self._settings.database_url.render_as_string()
            print(  # noqa: T201 - the user waits for this line
                f"crackmap server: {address} (log: {database}, pictures: {self._settings.evidence_folder})", flush=True
            )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.force_exit = self.should_exit  # the second signal does not wait for open requests
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
