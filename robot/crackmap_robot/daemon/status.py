"""A page for whoever drives the robot; `/healthz` and `/metrics` for whatever watches over it."""

import json
import shutil
from collections.abc import Iterator
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crackmap import __version__
from crackmap.errors import SettingError
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.on_site import OnSite
from crackmap_robot.daemon.settings import StatusSection
from crackmap_robot.daemon.signals import said
from crackmap_robot.outbox import Outbox

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SLOWEST_REQUEST_S = 5.0
PAGE = Path(__file__).with_name("on_site.html")


class Status:
    """Answers on one address until it is left. A context manager."""

    def __init__(self, settings: StatusSection, condition: Condition, on_site: OnSite, outbox: Path) -> None:
        """Raises SettingError when the address cannot be had."""
        host, port = settings.host, settings.port
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        registry.register(_Figures(condition, outbox))

        class Handler(_Handler):
            """Knows the daemon."""

            key = settings.key
            pages = {  # noqa: RUF012 - one for each server
                "/": lambda: (HTTPStatus.OK, "text/html; charset=utf-8", PAGE.read_bytes()),
                "/site.json": lambda: site(condition, on_site, outbox),
                "/healthz": lambda: health(condition, outbox),
                "/metrics": lambda: (HTTPStatus.OK, METRICS_TYPE, generate_latest(registry)),
            }

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise SettingError(
                f"status.port {port}: cannot be had ({error.strerror}). Give another one, or 0 for a free one."
            ) from error
        self.address = f"http://{host}:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="status", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


Page = tuple[HTTPStatus, str, bytes]


class _Handler(BaseHTTPRequestHandler):
    pages: dict[str, Any]
    key: str | None
    timeout = SLOWEST_REQUEST_S
    server_version = f"crackmap/{__version__}"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        given = parse_qs(query).get("key", [""])[-1]
        if self.key is not None and not compare_digest(given.encode(), self.key.encode()):
            self.send_error(HTTPStatus.FORBIDDEN, "add ?key= with the status.key of robot.toml")
            return
        page = self.pages.get(path)
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND, "there are /, /healthz and /metrics")
            return
        status, media_type, body = page()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing: a watcher asks every few seconds."""


def site(condition: Condition, on_site: OnSite, outbox: Path) -> Page:
    """What the page shows."""
    now = said(condition, on_site, outbox)
    body = {
        **on_site.shown(),
        "signal": now.signal.value,
        "words": now.words,
        "trouble": condition.troubles,
        "advice": [*on_site.advice(), *condition.warnings],
        "model": condition.model,
        "proof": {"stands": condition.proof.stands, "said": condition.proof.said},
        "safe": now.safe,
        "frames": {"new": condition.frames_new, "known": condition.frames_known},
        "detections": condition.detections,
        "waiting": now.waiting,
    }
    return HTTPStatus.OK, "application/json", json.dumps(body).encode()


def health(condition: Condition, outbox: Path) -> Page:
    """200 while the daemon works, or waits for what will come; 503 when it is stuck and should be started again."""
    with Outbox(outbox) as rows:
        counts = rows.counts(condition.server)
    body = {
        "state": condition.state,
        "source": condition.source,
        "quiet_for_s": round(condition.quiet_for_s, 1),
        "trouble": [*condition.troubles, *condition.warnings],
        "model": {
            "name": condition.model,
            "sha256": condition.model_sha256,
            "changes": condition.model_changes,
            "refused": condition.models_refused,
        },
        "proof": {"stands": condition.proof.stands, "said": condition.proof.said},
        "frames": {
            "new": condition.frames_new,
            "known": condition.frames_known,
            "refused": condition.frames_refused,
        },
        "recorded": condition.recorded,
        "dropped": condition.dropped,
        "poses": condition.poses,
        "poses_refused": condition.poses_refused,
        "detections": condition.detections,
        "server": condition.server,
        "waiting": counts.waiting,
        "refused_by_server": counts.refused,
        "software": f"crackmap {__version__}",
    }
    status = HTTPStatus.SERVICE_UNAVAILABLE if condition.stuck else HTTPStatus.OK
    return status, "application/json", json.dumps(body).encode()


class _Figures(Collector):
    """The condition and the outbox, as Prometheus reads them."""

    def __init__(self, condition: Condition, outbox: Path) -> None:
        self._condition, self._outbox = condition, outbox

    def describe(self) -> list[Metric]:
        """None in advance: asking for them would open the outbox."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All figures."""
        now = self._condition
        frames = CounterMetricFamily(
            "crackmap_frames", "Frames since the start, by what became of them", labels=["end"]
        )
        for end in ("new", "known", "refused"):
            frames.add_metric([end], getattr(now, f"frames_{end}"))
        yield frames
        for name, what, count in (
            (
                "frames_without_place",
                "Frames without a pose, or whose pose does not see the surface",
                now.frames_without_place,
            ),
            ("frames_out_of_range", "Frames whose scale the model was not made for", now.frames_out_of_range),
            ("tiles", "Tiles that were classified", now.tiles),
            ("tiles_unscored", "Tiles without a score: black, burned out, or the model failed", now.tiles_unscored),
            ("detections", "Tiles at or over the threshold", now.detections),
            ("poses", "Poses of a live stream", now.poses),
            ("poses_refused", "Datagrams that were no poses, and poses that came late", now.poses_refused),
            ("frames_recorded", "Frames of a live source that were written down", now.recorded),
            ("recording_failures", "Times that recording failed and began again", now.recording_failures),
            ("model_changes", "Times that the model was changed for the pinned one", now.model_changes),
            ("models_refused", "Pinned models that were not used, or not at once", now.models_refused),
            ("frames_dropped", "Frames that showed something new and could not be written down", now.dropped),
        ):
            yield CounterMetricFamily(f"crackmap_{name}", what, value=count)
        with Outbox(self._outbox) as rows:
            counts = rows.counts(now.server)
        outbox = GaugeMetricFamily("crackmap_outbox", "What the outbox holds", labels=["kind", "state"])
        for kind in ("reports", "pictures"):
            for state in ("waiting", "stored", "refused"):
                outbox.add_metric([kind, state], getattr(counts, f"{kind}_{state}"))
        yield outbox
        model = GaugeMetricFamily("crackmap_model", "The model that scores", labels=["name", "sha256"])
        model.add_metric([now.model, now.model_sha256], 1)
        yield model
        for name, what, value in (
            ("source_quiet_seconds", "How long the source has had nothing new", now.quiet_for_s),
            (
                "source_away",
                "1 while the source gives nothing or cannot be read",
                bool(now.source_trouble or now.folder_trouble),
            ),
            ("server_away", "1 while the server takes nothing", bool(now.server_trouble)),
            ("disk_free_bytes", "Free space where the outbox lies", shutil.disk_usage(self._outbox.parent).free),
            ("last_frame_timestamp_seconds", "When a frame was finished last", now.last_frame_unix_s or 0),
        ):
            yield GaugeMetricFamily(f"crackmap_{name}", what, value=float(value))
