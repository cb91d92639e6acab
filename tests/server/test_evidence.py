"""Pictures in: whole and checked, or not at all."""

import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from crackmap_server.app import create_app
from crackmap_server.evidence import evidence_folder
from crackmap_server.upgrade import prepared

pytestmark = pytest.mark.parametrize("settings", ["sqlite", "file", "memory", "s3"], indirect=True)


def kept(settings: Any) -> list[str]:
    """All that is there, also of what is on its way."""
    incoming = [path.name for path in (settings.evidence_folder / "incoming").iterdir()]
    return sorted([*evidence_folder(settings).listed(), *incoming])


def test_a_picture_is_kept_once_byte_for_byte(server: Any, wall: Any) -> None:
    content, path = wall.picture(1), f"/v1/evidence/{wall.sha256(wall.picture(1))}"
    assert server.client.head(path).status_code == 404
    first, second = server.put(content), server.put(content)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["width_px"] == 100
    shown = server.client.get(path)
    assert shown.content == content
    assert shown.headers["content-type"] == "image/jpeg"
    assert "immutable" in shown.headers["cache-control"]
    head = server.client.head(path)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(content)), b"")
    assert kept(server.settings) == [wall.sha256(content)]


def test_the_same_picture_again_changes_no_row(server: Any, wall: Any) -> None:
    server.put(wall.picture(1))
    before = server.rows()
    server.put(wall.picture(1))
    assert server.rows() == before


def test_a_picture_that_was_lost_from_the_disk_is_taken_again(server: Any, wall: Any) -> None:
    content = wall.picture(1)
    server.put(content)
    evidence_folder(server.settings).remove(wall.sha256(content))
    assert server.client.get(f"/v1/evidence/{wall.sha256(content)}").status_code == 404
    assert server.put(content).status_code == 200
    assert server.client.get(f"/v1/evidence/{wall.sha256(content)}").content == content


def refused(server: Any, status: int, *words: str, content: bytes, name: str | None = None) -> None:
    response = server.put(content, name)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    for word in words:
        assert word in response.json()["detail"]
    assert kept(server.settings) == []
    assert server.rows()["evidence"] == []


def test_a_picture_that_was_changed_on_its_way_is_refused(server: Any, wall: Any) -> None:
    refused(server, 422, "SHA-256", content=wall.picture(1), name="a" * 64)


@pytest.mark.parametrize("name", ["a" * 63, "A" * 64, "a" * 65, "..%2f" + "a" * 59])
def test_a_name_that_is_no_sha256_is_refused(server: Any, wall: Any, name: str) -> None:
    assert server.put(wall.picture(1), name).status_code in {404, 422}
    assert kept(server.settings) == []


def test_a_picture_that_is_cut_short_is_refused(server: Any, wall: Any) -> None:
    refused(server, 422, "decoded", content=wall.picture(1)[:-300])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow's word on the last one
@pytest.mark.parametrize("content", [b"", b"GIF89a not taken", b"\x89PNG\r\n\x1a\n", b"II*\x00\x08\x00\x00\x00"])
def test_what_is_no_picture_is_refused(server: Any, content: bytes) -> None:
    refused(server, 422, "picture", content=content)


def test_a_small_file_with_a_huge_picture_is_refused_before_it_is_decoded(server: Any) -> None:
    side = 25_000
    content = io.BytesIO()
    Image.new("1", (side, side)).save(content, "PNG")
    assert len(content.getvalue()) < 200_000
    refused(server, 422, "at most", content=content.getvalue())


def test_a_picture_over_the_limit_is_refused(settings: Any, wall: Any) -> None:
    small = settings.model_copy(update={"picture_bytes": 1024})
    with prepared(small), TestClient(create_app(small), base_url="http://localhost") as client:
        response = client.put(f"/v1/evidence/{wall.sha256(wall.picture(1))}", content=wall.picture(1))
    assert response.status_code == 413
    assert kept(small) == []


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("TIFF", "image/tiff")])
def test_other_kinds_of_picture(server: Any, wall: Any, kind: str, media_type: str) -> None:
    content = io.BytesIO()
    Image.new("L", (40, 40), 120).save(content, kind)
    answer = server.put(content.getvalue())
    assert (answer.status_code, answer.json()["media_type"]) == (201, media_type)


def test_no_connection_is_held_while_an_answer_is_sent(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    server.put(wall.picture(1))
    app, held = server.client.app, []

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def count(message: Any) -> None:
            held.append(app.state.engines.reader.pool.checkedout())
            await send(message)

        await app(scope, receive, count)

    client = TestClient(counting, base_url="http://localhost")
    (frame,) = server.get("/v1/frames")["items"]
    for path in (f"evidence/{wall.sha256(wall.picture(1))}", "detections", f"frames/{frame['frame_id']}/picture.jpg"):
        assert client.get(f"/v1/{path}").status_code == 200
    assert set(held) == {0}
    (surface,) = server.get("/v1/surfaces")["items"]
    held.clear()
    assert client.get(f"/v1/surfaces/{surface['surface_id']}/detections.geojson").status_code == 200
    assert set(held) <= {0, 1}  # the stream's own
