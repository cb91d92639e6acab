// Structure, surface and inspection: what has been scanned, as three lists.

import { element } from "./elements.js";

const inOrder = (one, other) => one.localeCompare(other, "en", { numeric: true });

export class Picker {
  /** `onPick(surface_id, inspection_id)`. */
  constructor(catalogue, onPick) {
    this.catalogue = catalogue;
    this.onPick = onPick;
    this.scans = this.#worthSeeingFirst();
    this.lists = Object.fromEntries(
      ["structure", "surface", "inspection"].map((id) => [id, document.getElementById(id)]),
    );
    this.lists.structure.onchange = () => this.#pick(this.#scansOn(this.lists.structure.value)[0]);
    this.lists.surface.onchange = () => this.#pick(this.#scansOf(this.lists.surface.value)[0]);
    this.lists.inspection.onchange = () => onPick(this.lists.surface.value, this.lists.inspection.value);
  }

  /** The scan to show for ids that may be missing or unknown. */
  resolve(surface_id, inspection_id) {
    const scans = this.#scansOf(surface_id);
    return scans.find((scan) => scan.inspection_id === inspection_id) ?? scans[0] ?? this.scans[0];
  }

  /** What has poses before what has none, structure by structure, the last inspection (by name) first. */
  #worthSeeingFirst() {
    const surfaces = new Map(this.catalogue.surfaces.map((surface) => [surface.surface_id, surface]));
    const inspections = new Map(this.catalogue.inspections.map((inspection) => [inspection.inspection_id, inspection]));
    const keys = (scan) => [
      surfaces.get(scan.surface_id),
      scan.pose_solutions.length > 0,
      inspections.get(scan.inspection_id),
    ];
    return this.catalogue.scans.toSorted((one, other) => {
      const [[surface, poses, inspection], [surface2, poses2, inspection2]] = [keys(one), keys(other)];
      return (
        poses2 - poses ||
        inOrder(surface.structure, surface2.structure) ||
        inOrder(surface.name, surface2.name) ||
        inOrder(inspection2.name, inspection.name)
      );
    });
  }

  show(surface_id, inspection_id) {
    const { structures, surfaces, inspections } = this.catalogue;
    const { structure_id } = this.catalogue.surface(surface_id);
    const inspected = new Set(this.#scansOf(surface_id).map((scan) => scan.inspection_id));
    this.#fill("structure", structures, structure_id);
    this.#fill(
      "surface",
      surfaces.filter((surface) => surface.structure_id === structure_id),
      surface_id,
    );
    this.#fill(
      "inspection",
      inspections.filter((inspection) => inspected.has(inspection.inspection_id)),
      inspection_id,
    );
  }

  #scansOf(surface_id) {
    return this.scans.filter((scan) => scan.surface_id === surface_id);
  }

  #scansOn(structure_id) {
    const surfaces = this.catalogue.surfaces.filter((surface) => surface.structure_id === structure_id);
    const there = new Set(surfaces.map((surface) => surface.surface_id));
    return this.scans.filter((scan) => there.has(scan.surface_id));
  }

  #pick(scan) {
    if (scan) this.onPick(scan.surface_id, scan.inspection_id);
  }

  #fill(id, items, chosen) {
    const options = items.map((item) =>
      element("option", { value: item[`${id}_id`], selected: item[`${id}_id`] === chosen }, item.name),
    );
    this.lists[id].replaceChildren(...options);
    this.lists[id].value = chosen;
    this.lists[id].disabled = false;
  }
}
