"""What the OGC part promises, by the names that the standards give to their conformance classes."""

FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CRS84H = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
"""With heights over the ellipsoid."""
JSON = "application/json"
GEOJSON = "application/geo+json"
JSON_FG = "application/fg+json"
JSON_FG_BEFORE = "application/vnd.ogc.fg+json"
"""How drafts of JSON-FG called it."""
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
JSON_FG_CORE = "http://www.opengis.net/spec/json-fg-1/0.3/conf/core"

CONFORMS_TO = (
    f"{FEATURES}/core",
    f"{FEATURES}/geojson",
    f"{FEATURES}/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    JSON_FG_CORE,
)
