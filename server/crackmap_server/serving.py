"""`crackmap server run`: the process around the app."""

import contextlib
import gc
import logging
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn

from crackmap.errors import SettingError
from crackmap.log_lines import start_log
from crackmap_server.app import create_app
from crackmap_server.connections import patient
from crackmap_server.engines import create_engines
from crackmap_server.errors import AddressRefused, PortBusy
from crackmap_server.evidence import evidence_folder
from crackmap_server.loopback import is_loopback
from crackmap_server.people.register import anybody_known
from crackmap_server.registry.files import model_folder
from crackmap_server.request_log import WithRequestId
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

_log = logging.getLogger(__name__)
GRACE_S = 20  # for requests that are under way when the server is told to stop


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what was accepted, and return.

    Raises SettingError (also as AddressRefused, PortBusy, DatabaseUnusable) and StorageError (also as DatabaseInUse)
    before anything is served.
    """
    start_log("alembic", "PIL")
    for handler in logging.getLogger().handlers:
        handler.addFilter(WithRequestId())
    check_certificate(settings)
    with listening(settings.host, settings.port) as listener, prepared(settings):
        check_reach(settings)
        model_folder(settings).open()
        evidence_folder(settings).open()  # the app opens both too, but what fails there uvicorn shows as a traceback
        app = create_app(settings)
        rarely_collect()
        config = uvicorn.Config(
            app,
            http=patient(settings.patience_s),
            ws="none",  # else whoever asks for a WebSocket gets a traceback into the log
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the app does that itself, for the proxies that are trusted
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
        )
        _Server(config, settings).run(sockets=[listener])


def rarely_collect() -> None:
    """Python's collector of cycles looks at everything that lives, again and again while a delivery is parsed.

    What is loaded now lives for ever, and what a delivery is made of has no cycles: a third of its CPU time otherwise.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def check_reach(settings: Settings) -> None:
    """Raises AddressRefused where others could reach a server that has no keys or users yet."""
    if is_loopback(settings.host) and not settings.trusted_proxies:
        return
    engines = create_engines(settings.database_url, settings.busy_timeout_s)
    try:
        with engines.reader.connect() as connection:
            known = anybody_known(connection)
    finally:
        engines.dispose()
    if not known:
        way = f"--host {settings.host}" if not is_loopback(settings.host) else "a trusted proxy"
        raise AddressRefused(
            f"{way}: others could reach this server, and there are no keys or users yet that would keep them from "
            "reading and writing. Make the first with `crackmap server user add NAME --role admin`; or use 127.0.0.1 "
            "or ::1, and reach it from elsewhere through an SSH tunnel."
        )
    if settings.tls_certificate is None and not settings.trusted_proxies:
        _log.warning("without TLS everybody on the way can read keys and passwords: set tls_certificate and tls_key")


def check_certificate(settings: Settings) -> None:
    """Raises SettingError for TLS files that cannot be used."""
    if settings.tls_certificate is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")  # else OpenSSL asks a terminal
    except (ssl.SSLError, OSError) as error:
        why = getattr(error, "reason", None) or error.strerror or "unknown"
        raise SettingError(
            f"tls_certificate {settings.tls_certificate} with tls_key {settings.tls_key} cannot be used ({why}). "
            "Give PEM files that belong together, without a passphrase, which this user may read."
        ) from None


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
            scheme = "http" if self._settings.tls_certificate is None else "https"
            address = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
            database = self._settings.sqlite_file or self._settings.database_url.render_as_string()
            pictures = self._settings.objects or self._settings.evidence_folder
            print(  # noqa: T201 - the user waits for this line
                f"crackmap server: {address} (log: {database}, pictures: {pictures})",
                flush=True,
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
