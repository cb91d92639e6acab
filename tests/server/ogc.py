"""Asking the OGC API, and following its links."""

from typing import Any


def get(server: Any, address: str, **query: Any) -> Any:
    """Of a path under /ogc, or of a link as it stands."""
    path = address if address.startswith("http") else f"/ogc{address}"
    response = server.client.get(path, params=query or None)
    assert response.status_code == 200, response.text
    return response


def link(body: Any, rel: str) -> str | None:
    found = [one["href"] for one in body["links"] if one["rel"] == rel]
    assert len(found) <= 1 or rel == "items"
    return found[0] if found else None


def items_of(wall: Any, kind: str) -> str:
    return f"/collections/{kind}-{wall.scan.surface_id}/items"


def crs_of(wall: Any) -> str:
    return f"http://localhost/ogc/crs/{wall.scan.surface_id}"


def every(server: Any, path: str, **query: Any) -> list[Any]:
    """All features, by the links `next`."""
    features, address = [], path
    while True:
        body = get(server, address, **query).json()
        features += body["features"]
        assert body["numberReturned"] == len(body["features"])
        following = link(body, "next")
        if following is None:
            return features
        address, query = following, {}
