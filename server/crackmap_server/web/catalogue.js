// What the server holds: structures, surfaces, inspections and scans.

import { all } from "./api.js";

export class Catalogue {
  /** Reads all of it. */
  static async read() {
    const lists = await Promise.all(["structures", "surfaces", "inspections", "scans"].map((list) => all(list)));
    const [structures, surfaces, inspections, scans] = lists;
    return Object.assign(new Catalogue(), { structures, surfaces, inspections, scans });
  }

  /** Reads again what people may have said of the structure's surfaces and inspections since. */
  async renew(structure_id, signal) {
    const [surfaces, inspections] = await Promise.all(
      ["surfaces", "inspections"].map((list) => all(list, { structure_id }, signal)),
    );
    const others = (items) => items.filter((item) => item.structure_id !== structure_id);
    this.surfaces = [...others(this.surfaces), ...surfaces];
    this.inspections = [...others(this.inspections), ...inspections];
  }

  surface(surface_id) {
    return this.surfaces.find((each) => each.surface_id === surface_id);
  }

  inspection(inspection_id) {
    return this.inspections.find((each) => each.inspection_id === inspection_id);
  }
}
