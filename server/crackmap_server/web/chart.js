// The chart of a surface: metres, u to the right and v up, on Leaflet's plane coordinate system.
// Leaflet's points are [v, u]: its "latitude" is v, its "longitude" u.

import { Axes } from "./axes.js";
import { cursor, scaleBar, showAll } from "./chart_controls.js";
import { look, saidOf } from "./chart_look.js";
import { outline } from "./ellipse.js";
import { classOf } from "./sights.js";
import { foldWhereSmall, isOn, onSwitch, showClasses } from "./legend.js";
import { colour } from "./scores.js";

// A reflected chart is drawn with u to the left; one drawn as seen is never mirrored.
const AS_SEEN = L.CRS.Simple;
const REFLECTED = { ...L.CRS.Simple, transformation: new L.Transformation(-1, 0, -1, 0), reflected: true };
const PANES = { photographed: 410, footprints: 420, tiles: 430, additions: 435, chosen: 440 };
const SMALLEST_VIEW_M = 0.2;

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
    foldWhereSmall();
    onSwitch((name, on) => (on ? this.map.addLayer(this.layers[name]) : this.map.removeLayer(this.layers[name])));
  }

  /** Whether something is drawn or changed on it: clicks belong to that. */
  get busy() {
    return ["drawing", "editing"].some((name) => this.container.classList.contains(name));
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
      boundary: L.layerGroup().addTo(this.map),
      additions: L.layerGroup().addTo(this.map),
      corrections: L.layerGroup().addTo(this.map),
      tiles: L.featureGroup().addTo(this.map),
      chosen: L.layerGroup().addTo(this.map),
    };
    for (const name of ["photographed", "footprints"]) if (isOn(name)) this.layers[name].addTo(this.map);
    showClasses();
    this.layers.tiles.on("click", (event) => {
      // While something is drawn, a click on a tile is a point of it.
      if (this.busy) this.map.fire("click", { latlng: event.latlng });
      else this.onChoose(event.propagatedFrom.detection);
    });
    this.map.on("click", () => {
      if (!this.busy) this.onChoose(null);
    });
    L.control.zoom({ position: "topright" }).addTo(this.map);
    this.axes = new Axes(this.map);
    for (const control of [showAll(() => this.fit()), scaleBar(this.map), cursor(this.map)]) {
      control.addTo(this.map);
    }
  }

  /** Outlines of the placed frames, the union of them, and what of it would show a crack of the target width. */
  showPhotographed(frames, coverage) {
    const style = look(this.container);
    this.layers.photographed.clearLayers();
    for (const frame of frames) {
      if (frame.placement.kind === "placed")
        this.#add("footprints", ring(frame.placement.footprint_m), style.footprint);
    }
    const shapes = (outline) => outline.map((polygon) => polygon.map(ring));
    for (const part of coverage.parts) {
      this.#add("photographed", shapes(part.outline), { ...style[classOf(part.sight)], sight: classOf(part.sight) });
    }
    if (coverage.outline.length) this.#add("photographed", shapes(coverage.outline), style.photographed);
  }

  /** Masks and findings that have a place on the chart; `items` as the API gives them. */
  showAdditions(items) {
    const { mask, finding } = look(this.container);
    const shapes = items.map(({ path, content }) => [
      content.shape ?? { rings_m: content.polygon_m },
      path === "masks" ? mask : finding,
    ]);
    this.#draw("additions", shapes);
  }

  /** Lines and areas that people drew in place of tiles. */
  showCorrections(shapes) {
    const { finding } = look(this.container);
    this.#draw(
      "corrections",
      shapes.map((shape) => [shape, finding]),
    );
  }

  /** What is to be inspected, with its openings; null: nobody has said it. */
  showBoundary(rings_m) {
    this.#draw("boundary", rings_m ? [[{ rings_m }, look(this.container).boundary]] : []);
  }

  #draw(name, shapes) {
    this.layers[name].clearLayers();
    for (const [{ rings_m, line_m }, style] of shapes) {
      if (rings_m) this.#add(name, rings_m.map(ring), style, "additions");
      else if (line_m) {
        const line = L.polyline(ring(line_m), { pane: "additions", interactive: false, ...style, fill: false });
        this.layers[name].addLayer(line);
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
    const style = look(this.container);
    const corners = ring(detection.corners_m);
    this.#add("chosen", corners, style.halo);
    this.#add("chosen", corners, style.chosen);
    if (detection.covariance_m2) {
      const ellipse = ring(outline([detection.u_m, detection.v_m], detection.covariance_m2));
      this.#add("chosen", ellipse, style.halo);
      this.#add("chosen", ellipse, style.ellipse);
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
      corrections: this.layers.corrections.getLayers().length,
      boundary: this.layers.boundary.getLayers().map((shape) => shape.getLatLngs().length),
      footprints: this.layers.footprints.getLayers().map(corners),
      chosen: this.layers.chosen.getLayers().map(corners),
    };
  }

  #add(name, points, style, pane = name) {
    const shape = L.polygon(points, {
      pane,
      renderer: this.renderers[pane],
      interactive: false,
      smoothFactor: 0,
      ...style,
    });
    this.layers[name].addLayer(shape);
    if (pane !== "chosen" && pane !== "additions") this.extent.extend(shape.getBounds());
  }
}
