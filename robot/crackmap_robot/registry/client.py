"""The server's routes of models and of scoring again, over HTTP."""

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx2
from pydantic import ValidationError

from crackmap.errors import CrackmapError, InputError, ServerUnavailable
from crackmap.manifest import manifest_path, read_manifest
from crackmap.messages.registry import Claim, Claimed, NewScores, PinnedModel
from crackmap_robot.access import WITHOUT_KEY, Access, checked_address
from crackmap_robot.server_answers import TIMEOUTS, retry_after_s, words_of

_NOT_NOW = {httpx2.codes.SERVICE_UNAVAILABLE, httpx2.codes.TOO_MANY_REQUESTS}


class Refusal(CrackmapError):  # noqa: N818 - it reads as what it is
    """The server understood and said no, in its words."""

    def __init__(self, server: str, status: int, words: str) -> None:
        super().__init__(f"{server}: {words}")
        self.status = status


class RegistryAway(ServerUnavailable):
    """The server does not answer, or has too much to do; `retry_after_s` is its own wish."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RegistryClient:
    """One server. A context manager. Every method raises RegistryAway and Refusal."""

    def __init__(self, server: str, access: Access = WITHOUT_KEY) -> None:
        """`server` is its address, as http://host:8321. Raises SettingError when it, or `access`, cannot be used."""
        self.server, self._access = checked_address(server), access
        self._client = access.client(TIMEOUTS, self.server)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    # ------------------------------------------------------------------------------------------------------- models

    def register(self, model: Path, by: str) -> str:
        """Send a model and its manifest; its SHA-256. Raises InputError for files that do not belong together."""
        manifest, content = read_manifest(model)
        sha256 = manifest.sha256
        self._ask("PUT", f"v1/models/{sha256}/file", content=content)
        self._ask("PUT", f"v1/models/{sha256}", params={"by": by}, content=manifest_path(model).read_bytes())
        return sha256

    def pin(self, inspection_id: UUID, sha256: str, by: str) -> PinnedModel:
        """Let an inspection use that model."""
        body = {"model_sha256": sha256, "by": by}
        return PinnedModel.model_validate_json(
            self._ask("PUT", f"v1/inspections/{inspection_id}/model", json=body).content
        )

    def pinned(self, inspection_id: UUID, etag: str | None) -> tuple[PinnedModel, str] | None:
        """The inspection's model and the answer's ETag; None when nothing is pinned, or what `etag` names still is."""
        headers = {} if etag is None else {"If-None-Match": etag}
        try:
            answer = self._ask("GET", f"v1/inspections/{inspection_id}/model", headers=headers)
        except Refusal as refused:
            if refused.status == httpx2.codes.NOT_FOUND:
                return None
            raise
        if answer.status_code == httpx2.codes.NOT_MODIFIED:
            return None
        try:
            return PinnedModel.model_validate_json(answer.content), answer.headers.get("ETag", "")
        except ValidationError as error:
            raise RegistryAway(
                f"{self.server}: says of its pinned model what this crackmap does not understand"
            ) from error

    def manifest(self, sha256: str) -> bytes:
        """As it was registered."""
        return self._ask("GET", f"v1/models/{sha256}/manifest").content

    def file(self, sha256: str) -> bytes:
        """As it was registered. Raises InputError when it changed on its way."""
        return self._checked(f"v1/models/{sha256}/file", sha256, "model")

    # -------------------------------------------------------------------------------------------------- inspections

    def inspection(self, given: str) -> UUID:
        """Of an id, or of a name that one inspection has. Raises InputError."""
        try:
            return UUID(given)
        except ValueError:
            pass
        found, cursor = [], None
        while True:
            page = self._ask("GET", "v1/inspections", params={"limit": 1000} | ({"cursor": cursor} if cursor else {}))
            body = page.json()
            found += [one["inspection_id"] for one in body["items"] if one["name"] == given]
            cursor = body["next"]
            if cursor is None:
                break
        if len(found) != 1:
            ids = f": {', '.join(found)}. Give one of these ids" if found else ". Give its name or its id"
            raise InputError(f"--inspection {given}: {len(found)} inspections on {self.server} have this name{ids}.")
        return UUID(found[0])

    # ------------------------------------------------------------------------------------------------ scoring again

    def order(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for frames to be scored again."""
        return self._object("POST", "v1/rescores", json=body)

    def claim(self, asked: Claim, rescore: int | None) -> Claimed:
        """Take frames."""
        answer = self._ask(
            "POST",
            "v1/rescores/claim",
            params={} if rescore is None else {"rescore": rescore},
            json=asked.model_dump(mode="json"),
        )
        return Claimed.model_validate_json(answer.content)

    def picture(self, sha256: str) -> bytes:
        """A frame's file. Raises InputError when it changed on its way."""
        return self._checked(f"v1/evidence/{sha256}", sha256, "picture")

    def deliver(self, rescore: int, new: NewScores) -> bool:
        """Whether they were new."""
        body = new.model_dump(mode="json")
        return bool(self._object("POST", f"v1/rescores/{rescore}/scores", json=body)["stored"])

    def progress(self, rescore: int) -> dict[str, Any]:
        """How far it is."""
        return self._object("GET", f"v1/rescores/{rescore}")

    def comparison(self, rescore: int) -> dict[str, Any]:
        """What changed."""
        return self._object("GET", f"v1/rescores/{rescore}/comparison")

    def use(self, rescore: int, incomplete: bool, by: str) -> dict[str, Any]:
        """Make it current."""
        return self._object("POST", f"v1/rescores/{rescore}/current", json={"incomplete": incomplete, "by": by})

    # --------------------------------------------------------------------------------------------------------- HTTP

    def _checked(self, path: str, sha256: str, what: str) -> bytes:
        content = self._ask("GET", path).content
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise InputError(f"{self.server}: {what} {sha256} came with SHA-256 {found}; it was changed on its way.")
        return content

    def _object(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        body = self._ask(method, path, **request).json()
        assert isinstance(body, dict)
        return body

    def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **request: Any) -> httpx2.Response:
        try:
            answer = self._client.request(method, path, headers=self._access.headers() | (headers or {}), **request)
        except httpx2.HTTPError as error:
            raise RegistryAway(f"{self.server}: does not answer ({str(error) or type(error).__name__}).") from error
        if answer.status_code in _NOT_NOW or answer.is_server_error:
            raise RegistryAway(f"{self.server}: cannot now ({words_of(answer)}).", retry_after_s(answer))
        if answer.is_client_error or (answer.is_redirect and answer.status_code != httpx2.codes.NOT_MODIFIED):
            raise Refusal(self.server, answer.status_code, words_of(answer))
        return answer
