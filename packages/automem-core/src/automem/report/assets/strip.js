// The whole of the episodes at a glance: progression, memory changes, achievements; click to go there.

const STRIP_WIDTH = 1000;
const ROW = 44;
const BINS = 250;

class Strip {
  constructor(place, go) {
    this.place = place;
    this.head = null;
    const follow = (event) => {
      const box = this.place.getBoundingClientRect();
      go(Math.round(((event.clientX - box.left) / box.width) * (this.steps - 1)));
    };
    place.addEventListener("pointerdown", (event) => {
      if (event.target.dataset.step) return go(Number(event.target.dataset.step));
      place.setPointerCapture(event.pointerId);
      follow(event);
    });
    place.addEventListener("pointermove", (event) => event.buttons && place.hasPointerCapture(event.pointerId) && follow(event));
  }

  /** Draws rows of `{version, episode, marks}`; marks may be missing as yet. */
  draw(rows, steps) {
    this.steps = steps;
    const height = rows.length * ROW;
    this.head = s("line", { y1: 0, y2: height, class: "playhead" });
    const x = (step) => (steps > 1 ? (step / (steps - 1)) * STRIP_WIDTH : 0);
    const drawing = s("svg", { viewBox: `0 0 ${STRIP_WIDTH} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const stars = [];
    rows.forEach((row, number) => {
      const low = (number + 1) * ROW - 4;
      const group = s("g", { class: `v${row.version.number % 6}` });
      group.append(s("line", { x1: 0, x2: x(row.episode.steps - 1), y1: low, y2: low, class: "ground" }));
      if (row.marks) {
        group.append(s("path", { d: hill(row.marks, x, low), class: "hill" }));
        for (const [step, share] of dense(row.marks.writes, steps))
          group.append(s("line", { x1: x(step), x2: x(step), y1: low, y2: low - 3 - 5 * share, class: "tick" }));
      }
      drawing.append(group);
      for (const [step, name] of row.marks ? row.marks.events : row.episode.events)
        stars.push(h("span", { class: `pin v${row.version.number % 6}`, title: `step ${step}: ${plain(name)}`, "data-step": step, "data-left": x(step) / STRIP_WIDTH, "data-top": number }));
    });
    drawing.append(this.head);
    this.place.replaceChildren(drawing, ...stars);
    this.place.style.height = `${height}px`;
    for (const star of stars) {
      star.style.left = `${100 * star.dataset.left}%`;
      star.style.top = `${star.dataset.top * ROW + 7}px`;
    }
  }

  at(step) {
    if (!this.head) return;
    const x = this.steps > 1 ? (Math.min(step, this.steps - 1) / (this.steps - 1)) * STRIP_WIDTH : 0;
    this.head.setAttribute("x1", x);
    this.head.setAttribute("x2", x);
  }
}

/** Progression as a filled staircase. */
function hill(marks, x, low) {
  const most = ROW - 20;
  let height = 0;
  let path = `M0 ${low}`;
  for (const [step, value] of marks.progression) {
    path += `L${x(step)} ${low - height}`;
    height = most * Math.min(1, value);
    path += `L${x(step)} ${low - height}`;
  }
  const end = x(marks.steps - 1);
  return `${path}L${end} ${low - height}L${end} ${low}Z`;
}

/** At most `BINS` places, each with how much of it is taken. */
function dense(places, steps) {
  if (steps <= BINS) return places.map((step) => [step, 1]);
  const width = steps / BINS;
  const bins = new Array(BINS).fill(0);
  for (const step of places) bins[Math.min(BINS - 1, Math.floor(step / width))]++;
  return bins.map((count, bin) => [Math.round(bin * width), Math.min(1, count / width)]).filter(([, share]) => share > 0);
}
