"""How the robot gets to its server: the address, its key and whom it believes to be the server."""

import re
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from crackmap import __version__
from crackmap.errors import SettingError

_KEY: Final = re.compile(r"[\w~+/.=-]{20,200}", re.ASCII)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Access:
    """What is needed beside the address.

    The key itself is never kept: it is read anew for each request, so that a file that was replaced counts at once.
    """

    key_file: Path | None = None
    ca_file: Path | None = None
    """PEM file of the only authority that is believed; None: those of the system."""

    def headers(self) -> dict[str, str]:
        """That let the robot in. Raises SettingError for a key file that cannot be used, without its content."""
        return {} if self.key_file is None else {"Authorization": f"Bearer {_key(self.key_file)}"}

    def client(self, timeout: httpx2.Timeout | float, address: str = "") -> httpx2.Client:
        """Whose requests still need `headers()`. Redirects are not followed: the key goes nowhere else.

        Raises SettingError for a key file or an authority that cannot be used.
        """
        self.headers()
        return httpx2.Client(
            base_url=address,
            timeout=timeout,
            verify=_context(self.ca_file),
            headers={"User-Agent": f"crackmap/{__version__}"},
        )


WITHOUT_KEY: Final = Access()


def checked_address(server: str) -> str:
    """The server's address with one slash at its end. Raises SettingError, which never holds a password."""
    shown = without_password(server)
    try:
        url = httpx2.URL(server)
    except httpx2.InvalidURL as error:
        raise SettingError(f"--server {shown}: {error}. Give an address as http://host:8321.") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingError(f"--server {shown}: is no address. Give one as http://host:8321.")
    if url.userinfo:
        raise SettingError(f"--server {shown}: no user or password belongs in the address. Give --key-file FILE.")
    return f"{str(url).rstrip('/')}/"


def without_password(text: str) -> str:
    """The text with stars in place of what stands before the @ of an address."""
    return re.sub(r"//[^/\s]*@", "//***@", text)


def _key(file: Path) -> str:
    where = f"key file {file}"
    try:
        mode = file.stat().st_mode
        text = file.read_text("ascii", errors="replace") if stat.S_ISREG(mode) else ""
    except OSError as error:
        raise SettingError(
            f"{where}: cannot be read ({error.strerror}). `crackmap server key add --robot NAME` makes a key."
        ) from error
    if mode & _OTHERS:
        raise SettingError(f"{where}: others may read or change it. Make it yours alone: chmod 600 {file}")
    key = text.strip()
    if not _KEY.fullmatch(key):
        raise SettingError(f"{where}: does not hold one key alone. Put in what `crackmap server key add` printed.")
    return key


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (ssl.SSLError, OSError) as error:
        why = getattr(error, "reason", None) or error.strerror or "unknown"
        raise SettingError(
            f"ca file {ca_file}: cannot be used ({why}). Give the PEM file of the authority that made the server's "
            "certificate."
        ) from error
