// One drawing at a time: whoever begins another one ends the one before.

import { DrawingTool } from "./drawing_tool.js";

const STEP_PX = 16;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class DrawingDesk {
  constructor() {
    this.tool = null;
  }

  /** `type` is "polyline" or "polygon"; `onDone(points)` gets chart points [u, v]. */
  start(map, type, onDone) {
    this.leave();
    this.tool = new DrawingTool(
      map,
      type,
      (points) => {
        this.tool = null;
        onDone(points);
      },
      () => this.leave(),
    );
  }

  /** Whether a drawing was ended. */
  finish() {
    return this.tool?.finish() ?? false;
  }

  /** Whether there was something to leave. */
  leave() {
    const open = this.tool !== null;
    this.tool?.close();
    this.tool = null;
    return open;
  }

  /** Whether the key meant something: arrows move the cross (with Shift by a pixel), Space sets a point. */
  press(key, fine) {
    if (!this.tool) return false;
    const step = fine ? 1 : STEP_PX;
    if (MOVES[key]) this.tool.move(...MOVES[key].map((each) => each * step));
    else if (key === " ") this.tool.set();
    else if (key === "Backspace") this.tool.undo();
    else return false;
    return true;
  }
}
