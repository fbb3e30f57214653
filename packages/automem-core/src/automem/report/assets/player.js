// The replay: the same seed in several versions, step by step and in step.

const MOST_LANES = 4;
const byId = (id) => document.getElementById(id);

class Player {
  constructor(source) {
    this.source = source;
    this.step = 0;
    this.playing = false;
    this.mode = "text";
    this.lanes = [];
    this.strip = new Strip(byId("strip"), (step) => this.go(step));
  }

  /** Fills the choices, listens, and shows what the address asks for. */
  async begin() {
    this.seeds = [...new Set(DATA.episodes.map((episode) => episode.name))];
    byId("seed").replaceChildren(...this.seeds.map((name) => h("option", { value: name, text: name })));
    const asked = new URLSearchParams(location.hash.startsWith("#replay?") ? location.hash.slice(8) : "");
    const seed = this.seeds.includes(asked.get("seed")) ? asked.get("seed") : this.seeds[0];
    const versions = (asked.get("versions") || "").split(",").filter(Boolean).map(Number);
    this.listen();
    byId("player").hidden = false;
    await this.choose(seed, versions, Number(asked.get("step")) || 0);
    if (asked.size) byId("replay").scrollIntoView();
  }

  listen() {
    const click = (id, work) => byId(id).addEventListener("click", work);
    click("play", () => this.toggle());
    click("back", () => this.go(this.step - 1));
    click("forth", () => this.go(this.step + 1));
    click("mark-back", () => this.jump("events", -1));
    click("mark-forth", () => this.jump("events", 1));
    click("write-back", () => this.jump("writes", -1));
    click("write-forth", () => this.jump("writes", 1));
    click("help", () => byId("keys").showModal());
    byId("seed").addEventListener("change", (event) => this.choose(event.target.value, this.numbers(), 0));
    byId("slide").addEventListener("input", (event) => this.go(Number(event.target.value)));
    byId("step").addEventListener("change", (event) => this.go(Number(event.target.value)));
    byId("jump").addEventListener("change", (event) => {
      if (event.target.value) this.go(Number(event.target.value));
      event.target.value = "";
    });
    for (const name of ["picture", "text"])
      byId(`as-${name}`).addEventListener("change", () => this.look(name));
    for (const button of document.querySelectorAll("[data-close]"))
      button.addEventListener("click", () => byId(button.dataset.close).close());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  numbers() {
    return this.lanes.map((lane) => lane.version.number);
  }

  /** Puts versions of a seed side by side, at a step. */
  async choose(seed, versions, step) {
    this.pause();
    this.seed = seed;
    byId("seed").value = seed;
    const there = DATA.episodes.filter((episode) => episode.name === seed);
    let shown = there.filter((episode) => versions.includes(episode.version));
    if (!shown.length) shown = there.slice(0, 2);
    this.lanes = shown.slice(0, MOST_LANES).map((episode) =>
      new Lane(this.source, DATA.versions[episode.version], episode, (lane) => this.openTalk(lane)));
    this.steps = Math.max(...this.lanes.map((lane) => lane.episode.steps));
    byId("lanes").replaceChildren(...this.lanes.map((lane) => lane.element));
    byId("lanes").dataset.count = this.lanes.length;
    byId("slide").max = byId("step").max = this.steps - 1;
    byId("of").textContent = `of ${(this.steps - 1).toLocaleString("en")}`;
    this.showChips(there);
    const drawn = this.lanes.some((lane) => lane.episode.drawn);
    byId("as-picture").disabled = !drawn;
    this.mode = drawn && this.wished !== "text" ? "picture" : "text";
    byId(`as-${this.mode}`).checked = true;
    this.drawStrip();
    await this.go(step);
    this.readMarks();
  }

  showChips(there) {
    const full = this.lanes.length >= MOST_LANES;
    byId("chips").replaceChildren(...there.map((episode) => {
      const version = DATA.versions[episode.version];
      const checked = this.numbers().includes(version.number);
      const box = h("input", { type: "checkbox", checked, disabled: (checked && this.lanes.length === 1) || (!checked && full), change: () => {
        const numbers = new Set(this.numbers());
        if (box.checked) numbers.add(version.number);
        else numbers.delete(version.number);
        this.choose(this.seed, [...numbers], this.step).then(() => byId("chips").querySelectorAll("input")[there.indexOf(episode)]?.focus());
      } });
      return h("label", { class: `chip v${version.number % 6}` }, box, h("span", { class: `swatch v${version.number % 6}`, "aria-hidden": "true" }), version.label);
    }));
  }

  drawStrip() {
    const rows = this.lanes.map((lane) => ({ version: lane.version, episode: lane.episode, marks: lane.marks }));
    this.strip.draw(rows, this.steps);
    this.strip.at(this.step);
    byId("jump").replaceChildren(h("option", { value: "", text: "an achievement" }), ...rows.map((row) =>
      h("optgroup", { label: row.version.label }, ...eventsOf(row).map(([step, name]) =>
        h("option", { value: step || "0", text: `${step}: ${plain(name)}` })))));
  }

  /** What a server has to read a whole episode for comes when it comes. */
  async readMarks() {
    const lanes = this.lanes;
    await Promise.all(lanes.map(async (lane) => {
      try {
        lane.marks = await this.source.marks(lane.episode);
      } catch (error) {
        byId("status").textContent = `the time line cannot be shown: ${error.message}`;
      }
    }));
    if (lanes === this.lanes) this.drawStrip();
  }

  /** Shows a step in every lane. */
  async go(step) {
    const turn = (this.turn = (this.turn || 0) + 1);
    this.step = Math.max(0, Math.min(Math.round(step) || 0, this.steps - 1));
    byId("slide").value = this.step;
    byId("step").value = this.step;
    this.strip.at(this.step);
    await Promise.all(this.lanes.map((lane) => lane.show(this.step, this.mode)));
    if (turn !== this.turn) return;
    byId("player").dataset.step = this.step;
    if (!this.playing) this.tell();
  }

  tell() {
    const said = this.lanes.map((lane) => `${lane.version.label}: ${lane.action.textContent}`);
    byId("status").textContent = `Step ${this.step}. ${said.join(". ")}`;
    const query = new URLSearchParams({ seed: this.seed, step: this.step, versions: this.numbers().join(",") });
    if (this.step || location.hash.startsWith("#replay")) history.replaceState(null, "", `#replay?${query}`);
  }

  toggle() {
    if (this.playing) return this.pause();
    if (this.step >= this.steps - 1) this.step = -1;
    this.playing = true;
    this.showPlaying();
    this.tick();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    clearTimeout(this.timer);
    this.showPlaying();
    this.tell();
  }

  showPlaying() {
    byId("play").setAttribute("aria-pressed", String(this.playing));
    byId("play").querySelector(".unseen").textContent = this.playing ? "Pause" : "Play";
  }

  /** The next step, when its time has come and the one before is drawn. */
  async tick() {
    const began = performance.now();
    await this.go(this.step + 1);
    await Promise.all(this.lanes.map((lane) => lane.drawing));
    if (!this.playing) return;
    if (this.step >= this.steps - 1) return this.pause();
    const wait = 1000 / Number(byId("speed").value) - (performance.now() - began);
    this.timer = setTimeout(() => this.tick(), Math.max(0, wait));
  }

  /** To the next place of a kind in any lane, or the one before. */
  async jump(kind, direction) {
    this.pause();
    const known = await Promise.all(this.lanes.map((lane) => this.source.marks(lane.episode)));
    const places = known.flatMap((marks) => marks[kind].map((place) => (kind === "events" ? place[0] : place)));
    const beyond = places.filter((place) => (place - this.step) * direction > 0);
    if (beyond.length) await this.go(direction > 0 ? Math.min(...beyond) : Math.max(...beyond));
  }

  look(mode) {
    if (mode === "picture" && byId("as-picture").disabled) return;
    this.mode = this.wished = mode;
    byId(`as-${mode}`).checked = true;
    this.go(this.step);
  }

  faster(direction) {
    const speed = byId("speed");
    speed.selectedIndex = Math.max(0, Math.min(speed.options.length - 1, speed.selectedIndex + direction));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("select, textarea, input:not([type=range]):not([type=radio]):not([type=checkbox])")) return;
    const onControl = event.target.matches("button, a, summary, input[type=checkbox]");
    const far = event.shiftKey ? 10 : 1;
    const sliding = event.target.matches("input, pre, .wide");
    const moves = {
      ArrowLeft: () => this.go(this.step - far),
      ArrowRight: () => this.go(this.step + far),
      Home: () => this.go(0),
      End: () => this.go(this.steps - 1),
    };
    const keys = {
      " ": () => this.toggle(),
      a: () => this.jump("events", event.shiftKey ? -1 : 1),
      m: () => this.jump("writes", event.shiftKey ? -1 : 1),
      p: () => this.look(this.mode === "picture" ? "text" : "picture"),
      c: () => this.openTalk(this.lanes[0]),
      "+": () => this.faster(1),
      "-": () => this.faster(-1),
      "?": () => byId("keys").showModal(),
    };
    if (event.key === " " && onControl) return;
    const work = (sliding ? null : moves[event.key]) || keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!work || !this.near()) return;
    event.preventDefault();
    work();
  }

  /** Whether the replay is on the screen: its keys are for those who see it. */
  near() {
    const box = byId("replay").getBoundingClientRect();
    return box.top < innerHeight && box.bottom > 0;
  }

  /** The whole exchange with the model at this step. */
  async openTalk(lane) {
    this.pause();
    const step = Math.min(this.step, lane.last);
    const chunk = await this.source.talk(`${lane.episode.id}-${Math.floor(step / DATA.chunk_steps)}`);
    byId("talk-h").textContent = `${lane.version.label}, step ${step}`;
    byId("talk-body").replaceChildren(...talkOf(chunk, step));
    if (!byId("talk").open) byId("talk").showModal();
    byId("talk-body").scrollTop = 0;
  }
}

function eventsOf(row) {
  return row.marks ? row.marks.events : row.episode.events;
}

function talkOf(chunk, step) {
  const calls = chunk.calls[step] || [];
  if (!calls.length) return [h("p", { class: "dim", text: "No model was asked at this step." })];
  return calls.flatMap((call) => {
    const facts = [`${call.role} role`, call.model, `${(call.tokens_in || 0).toLocaleString("en")} tokens in${call.cached ? ` (${call.cached.toLocaleString("en")} cached)` : ""}`, `${(call.tokens_out || 0).toLocaleString("en")} out`, `${call.seconds || 0} s`];
    if (call.retries) facts.push(`${call.retries} retries`);
    if (call.finish) facts.push(`ended by ${call.finish}`);
    const messages = call.messages.map(([speaker, ranges]) => {
      const text = textOf(chunk.lines, ranges);
      const body = h("pre", { text });
      return speaker === "system"
        ? h("details", { class: "said system" }, h("summary", { text: `system, ${text.length.toLocaleString("en")} characters` }), body)
        : h("div", { class: `said ${speaker}` }, h("h5", { text: speaker }), body);
    });
    const reply = call.error ? h("div", { class: "said wrong" }, h("h5", { text: "failed" }), h("pre", { text: call.error }))
      : h("div", { class: "said assistant" }, h("h5", { text: "assistant" }), h("pre", { text: textOf(chunk.lines, call.reply) || "(empty reply)" }));
    return [h("h4", { class: "call" }, `${call.phase === "log" ? "LOG" : "PLAN"} turn ${call.turn + 1} `, h("span", { class: "dim", text: facts.join(", ") })), ...messages, reply];
  });
}
