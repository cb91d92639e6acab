// Map and contact sheet, as two tabs.

const NAMES = ["map", "sheet"];

export class Views {
  /** `onTurn(name)` is called when a person turns to "map" or "sheet". */
  constructor(onTurn) {
    this.tabs = Object.fromEntries(NAMES.map((name) => [name, document.getElementById(`tab-${name}`)]));
    for (const [name, tab] of Object.entries(this.tabs)) {
      tab.addEventListener("click", () => onTurn(name));
      tab.addEventListener("keydown", (event) => {
        if (!event.key.startsWith("Arrow")) return;
        const other = NAMES.find((each) => each !== name);
        onTurn(other);
        this.tabs[other].focus();
      });
    }
  }

  /** Show one of them; anything but "sheet" is the map. */
  show(name) {
    const wanted = name === "sheet" ? "sheet" : "map";
    for (const [each, tab] of Object.entries(this.tabs)) {
      tab.setAttribute("aria-selected", String(each === wanted));
      tab.tabIndex = each === wanted ? 0 : -1;
      document.getElementById(`${each}-view`).hidden = each !== wanted;
    }
  }

  /** How many frames the contact sheet has. */
  count(frames) {
    this.tabs.sheet.textContent = `Contact sheet (${frames})`;
  }
}
