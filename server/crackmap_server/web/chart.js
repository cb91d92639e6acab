// The chart of a surface: metres, u to the right and v up, on Leaflet's plane coordinate system.
// Leaflet's points are [v, u]: its "latitude" is v, its "longitude" u.

import { Axes } from "./axes.js";
import { cursor, scaleBar, showAll } from "./chart_controls.js";
import { outline } from "./ellipse.js";
import { classOf } from "./sights.js";
import { isOn, onSwitch, showClasses } from "./legend.js";
import { colour } from "./scores.js";

// A reflected chart is drawn with u to the left; one drawn as seen is never mirrored.
const AS_SEEN = L.CRS.Simple;
const REFLECTED = { ...L.CRS.Simple, transformation: new L.Transformation(-1, 0, -1, 0), reflected: true };
const PANES = { photographed: 410, footprints: 420, tiles: 430, additions: 435, chosen: 440 };
const SMALLEST_VIEW_M = 0.2;

/** How a tile is drawn by what people said of it: what they rejected, or masked, steps back. */
function saidOf({ review, masked }) {
  if (review?.state === "needs_review") return { weight: 3, dashArray: "4 3", fillOpacity: 0.6 };
  if (review?.crack) return { weight: 3, dashArray: null, fillOpacity: 0.75 };
  if (masked || review?.crack === false) return { weight: 1, dashArray: "2 3", fillOpacity: 0.12 };
  return { weight: 1, dashArray: null, fillOpacity: 0.6 };
}

const point = ([u_m, v_m]) => [v_m, u_m];
const ring = (points_m) => points_m.map(point);

export class Chart {
  /** `onChoose(detection)` is called when a tile is clicked, with null when the surface beside it is. */
  constructor(container, onChoose) {
    this.container = container;
    this.onChoose = onChoose;
    this.map = null;
    this.tiles = new Map(); // detection_id → polygon
    this.shown = []; // by falling score
    onSwitch((name, on) => (on ? this.map.addLayer(this.layers[name]) : this.map.removeLayer(this.layers[name])));
  }

  /** Draw an empty chart; `drawing` is the surface's, "as_seen" or "reflected". */
  open(drawing) {
    this.map?.remove();
    this.map = L.map(this.container, {
      crs: drawing === "reflected" ? REFLECTED : AS_SEEN,
      attributionControl: false,
      zoomControl: false,
      zoomSnap: 0.25,
      zoomDelta: 0.75,
      wheelPxPerZoomLevel: 90,
      minZoom: -4,
      maxZoom: 14, // 16 pixels for a millimetre
      center: [0, 0],
      zoom: 8,
    });
    this.tiles.clear();
    this.shown = [];
    this.extent = L.latLngBounds([]);
    this.renderers = {};
    for (const [name, level] of Object.entries(PANES)) {
      this.map.createPane(name).style.zIndex = level;
      this.renderers[name] = L.canvas({ pane: name, padding: 0.4, tolerance: L.Browser.touch ? 8 : 2 });
    }
    this.layers = {
      photographed: L.layerGroup(),
      footprints: L.layerGroup(),
      additions: L.layerGroup().addTo(this.map),
      tiles: L.featureGroup().addTo(this.map),
      chosen: L.layerGroup().addTo(this.map),
    };
    for (const name of ["photographed", "footprints"]) if (isOn(name)) this.layers[name].addTo(this.map);
    showClasses();
    this.layers.tiles.on("click", (event) => {
      // While something is drawn, a click on a tile is a point of it.
      if (this.container.classList.contains("drawing")) this.map.fire("click", { latlng: event.latlng });
      else this.onChoose(event.propagatedFrom.detection);
    });
    this.map.on("click", () => {
      if (!this.container.classList.contains("drawing")) this.onChoose(null);
    });
    L.control.zoom({ position: "topright" }).addTo(this.map);
    this.axes = new Axes(this.map);
    for (const control of [showAll(() => this.fit()), scaleBar(this.map), cursor(this.map)]) {
      control.addTo(this.map);
    }
  }

  /** Outlines of the placed frames, the union of them, and what of it would show a crack of the target width. */
  showPhotographed(frames, coverage) {
    const look = this.#look();
    this.layers.photographed.clearLayers();
    for (const frame of frames) {
      if (frame.placement.kind === "placed") this.#add("footprints", ring(frame.placement.footprint_m), look.footprint);
    }
    const shapes = (outline) => outline.map((polygon) => polygon.map(ring));
    for (const part of coverage.parts) {
      this.#add("photographed", shapes(part.outline), { ...look[classOf(part.sight)], sight: classOf(part.sight) });
    }
    if (coverage.outline.length) this.#add("photographed", shapes(coverage.outline), look.photographed);
  }

  /** Masks and findings that have a place on the chart; `items` as the API gives them. */
  showAdditions(items) {
    this.layers.additions.clearLayers();
    const look = this.#look();
    for (const { path, content } of items) {
      const style = path === "masks" ? look.mask : look.finding;
      const shape = content.shape ?? { rings_m: content.polygon_m };
      if (shape.rings_m) this.#add("additions", shape.rings_m.map(ring), style);
      else if (shape.line_m) {
        const line = L.polyline(ring(shape.line_m), { pane: "additions", interactive: false, ...style, fill: false });
        this.layers.additions.addLayer(line);
      }
    }
  }

  /** Tiles of placed detections, sorted by falling score; the highest lie on top. Draws only what changed. */
  showDetections(detections) {
    const wanted = new Set(detections.map((detection) => detection.detection_id));
    for (const [id, tile] of this.tiles) {
      if (!wanted.has(id)) {
        this.layers.tiles.removeLayer(tile);
        this.tiles.delete(id);
      }
    }
    for (const detection of detections) {
      const tile = this.tiles.get(detection.detection_id);
      if (!tile) this.tiles.set(detection.detection_id, this.#tile(detection));
      else if (tile.detection !== detection) {
        tile.detection = detection; // read again after a review
        tile.setStyle(saidOf(detection));
      }
    }
    this.shown = detections;
  }

  #tile(detection) {
    const shade = colour(detection.score);
    const tile = L.polygon(ring(detection.corners_m), {
      pane: "tiles",
      renderer: this.renderers.tiles,
      color: shade,
      fillColor: shade,
      ...saidOf(detection),
      smoothFactor: 0,
      bubblingMouseEvents: false,
    });
    tile.detection = detection;
    this.layers.tiles.addLayer(tile);
    tile.bringToBack(); // added by falling score, so the higher ones stay above
    this.extent.extend(tile.getBounds());
    return tile;
  }

  /** Mark a detection and draw its 95 % ellipse; null marks none. */
  choose(detection) {
    this.layers.chosen.clearLayers();
    if (!detection) return;
    const look = this.#look();
    const corners = ring(detection.corners_m);
    this.#add("chosen", corners, look.halo);
    this.#add("chosen", corners, look.chosen);
    if (detection.covariance_m2) {
      const ellipse = ring(outline([detection.u_m, detection.v_m], detection.covariance_m2));
      this.#add("chosen", ellipse, look.halo);
      this.#add("chosen", ellipse, look.ellipse);
    }
    this.map.panInside([detection.v_m, detection.u_m], { padding: [90, 90] });
  }

  /** Bring one detection close: its tile a quarter as high as the chart. */
  approach(detection) {
    this.map.fitBounds(L.latLngBounds(ring(detection.corners_m)).pad(1.5));
  }

  /** Everything into view. */
  fit() {
    this.map.invalidateSize();
    if (!this.extent.isValid()) return;
    const middle = this.extent.getCenter();
    const half = SMALLEST_VIEW_M / 2;
    const least = L.latLngBounds([middle.lat - half, middle.lng - half], [middle.lat + half, middle.lng + half]);
    this.map.fitBounds(least.extend(this.extent), { padding: [48, 36], animate: false });
  }

  /** Where chart points [u, v] lie on the chart's element, in CSS pixels. */
  project(points_m) {
    return points_m.map((each) => {
      const { x, y } = this.map.latLngToContainerPoint(point(each));
      return [x, y];
    });
  }

  /** What is drawn, in metres, read back from the drawn shapes: polygons as lists of [u, v]. */
  drawn() {
    const corners = (shape) => shape.getLatLngs()[0].map(({ lat, lng }) => [lng, lat]);
    const rings = (shape) =>
      shape
        .getLatLngs()
        .flat(2)
        .map(({ lat, lng }) => [lng, lat]);
    return {
      tiles: Object.fromEntries([...this.tiles].map(([id, tile]) => [id, corners(tile)])),
      sights: this.layers.photographed
        .getLayers()
        .filter(({ options }) => options.sight)
        .map((shape) => ({ class: shape.options.sight, outline: rings(shape) })),
      additions: this.layers.additions.getLayers().length,
      footprints: this.layers.footprints.getLayers().map(corners),
      chosen: this.layers.chosen.getLayers().map(corners),
    };
  }

  #add(name, points, style) {
    const shape = L.polygon(points, {
      pane: name,
      renderer: this.renderers[name],
      interactive: false,
      smoothFactor: 0,
      ...style,
    });
    this.layers[name].addLayer(shape);
    if (name !== "chosen" && name !== "additions") this.extent.extend(shape.getBounds());
  }

  #look() {
    const style = getComputedStyle(this.container);
    const tint = (name) => style.getPropertyValue(name).trim();
    return {
      footprint: { color: tint("--footprint"), weight: 1, opacity: 0.55, fill: false },
      photographed: { color: tint("--shown"), weight: 2, fill: false },
      shown: { stroke: false, fillColor: tint("--shown"), fillOpacity: 0.14 },
      hidden: { stroke: false, fillColor: tint("--hidden"), fillOpacity: 0.45 },
      never: { color: tint("--never"), weight: 1.5, dashArray: "3 4", fillColor: tint("--never"), fillOpacity: 0.12 },
      unsure: { stroke: false, fillColor: tint("--hidden"), fillOpacity: 0.14 },
      mask: { color: tint("--mask"), weight: 1.5, dashArray: "6 3", fillColor: tint("--mask"), fillOpacity: 0.18 },
      finding: { color: tint("--finding"), weight: 3, fillColor: tint("--finding"), fillOpacity: 0.15 },
      halo: { color: tint("--chart"), weight: 6, opacity: 0.9, fill: false },
      chosen: { color: tint("--chosen"), weight: 2.5, fill: false },
      ellipse: {
        color: tint("--ellipse"),
        weight: 2,
        dashArray: "6 4",
        fillColor: tint("--ellipse"),
        fillOpacity: 0.12,
      },
    };
  }
}
