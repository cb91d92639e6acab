// What tests and scripts may ask the page, as `window.crackmap`.

/**
 * For tests and scripts, read only:
 *   state               starting, empty, loading, ready or failed
 *   selection           surface, inspection, close_out, threshold, detection, view
 *   detections()        those at or over the slider's threshold, by falling score, as the API gives them
 *   drawn()             what the chart draws: { tiles, footprints, … } with corners in metres
 *   project(points_m)   chart points [u, v] → CSS pixels on the chart's element
 *   choose(id)          as a click on that detection
 */
export function expose(page) {
  window.crackmap = {
    get state() {
      return page.state;
    },
    get selection() {
      return structuredClone(page.selection);
    },
    detections: () => page.reached,
    drawn: () => page.chart.drawn(),
    project: (points_m) => page.chart.project(points_m),
    choose: (id) =>
      page.choice.choose(page.detections.items.find((detection) => detection.detection_id === id) ?? null),
  };
}
