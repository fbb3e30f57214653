// One version of the replay: its picture or text, its action, its memory operations and files.

const KINDS = { read: "reads", search: "searches", tail: "reads", count: "counts", append: "writes", write: "writes", create: "writes", upsert: "writes" };

class Lane {
  constructor(source, version, episode, openTalk) {
    Object.assign(this, { source, version, episode, file: null, drawn: null, latest: -1 });
    this.facts = h("p", { class: "facts" });
    this.canvas = h("canvas", { role: "img", "aria-label": `The game as ${version.label} plays it` });
    this.caption = h("figcaption", {});
    this.text = h("pre", { class: "terminal", tabindex: 0, role: "region", "aria-label": `What ${version.label} was shown` });
    this.screen = h("figure", { class: "screen" }, this.canvas, this.text, this.caption);
    this.action = h("p", { class: "action" });
    this.operations = h("ol", { class: "operations" });
    this.tabs = h("div", { class: "tabs", role: "group", "aria-label": `Memory files of ${version.label}` });
    this.rows = h("pre", { class: "file", tabindex: 0, role: "region", "aria-label": `A memory file of ${version.label}` });
    this.talk = h("button", { type: "button", class: "quiet wordy", text: "conversation", click: () => openTalk(this), "aria-label": `Conversation of ${version.label} at this step` });
    this.element = h("article", { class: `lane v${version.number % 6}`, "aria-label": `${version.label}, ${episode.name}` },
      h("header", {}, h("h3", {}, h("span", { class: `swatch v${version.number % 6}`, "aria-hidden": "true" }), version.label), this.facts),
      h("div", { class: "seen" }, this.screen, this.action),
      h("div", { class: "kept" },
        h("div", { class: "lane-head" }, h("h4", { text: "Memory operations" }), this.talk), this.operations,
        h("div", { class: "lane-head" }, h("h4", { text: "Memory files" })), this.tabs, this.rows));
  }

  get last() {
    return this.episode.steps - 1;
  }

  /** Shows a step; of several at once, the one asked for last. */
  async show(step, mode) {
    const wanted = Math.max(0, Math.min(step, this.last));
    const turn = (this.turn = (this.turn || 0) + 1);
    try {
      const chunk = await this.source.steps(`${this.episode.id}-${Math.floor(wanted / DATA.chunk_steps)}`);
      if (turn !== this.turn) return;
      const moment = momentOf(chunk, wanted);
      this.moment = moment;
      this.element.dataset.step = wanted;
      this.element.classList.toggle("over", step > this.last);
      this.showFacts(moment, step);
      this.showAction(moment);
      this.showOperations(moment);
      this.follow(moment);
      this.showFiles(moment);
      this.drawing = this.showScreen(moment, mode, turn);
    } catch (error) {
      if (turn === this.turn) this.facts.replaceChildren(h("span", { class: "wrong", text: `cannot be shown: ${error.message}` }));
    }
  }

  showFacts({ step }, wanted) {
    const reached = step.progression ?? this.episode.progression ?? 0;
    const over = wanted >= this.last && this.episode.reason ? `, ended: ${this.episode.reason}` : "";
    this.facts.replaceChildren(
      h("span", { class: "number", text: `step ${step.number.toLocaleString("en")} of ${this.last.toLocaleString("en")}${over}` }),
      h("span", { class: "number reached", text: `${(100 * reached).toFixed(1)} %` }));
  }

  async showScreen(moment, mode, turn) {
    const pictures = mode === "picture" && this.episode.drawn;
    this.text.hidden = pictures;
    this.canvas.hidden = !pictures;
    const said = this.textOf(moment);
    if (!pictures) {
      this.text.replaceChildren(terminal(said, DATA.game));
      this.element.classList.toggle("broad", isScreen(said));
      this.caption.textContent = mode === "picture" ? this.episode.pictures_note : "";
      return;
    }
    this.canvas.setAttribute("aria-label", `The game as ${this.version.label} plays it. ${said}`);
    await this.showPicture(moment.step.number, turn);
  }

  /** A game that is far from the step is played up to there first, so its picture may come late. */
  async showPicture(step, turn) {
    const late = setTimeout(() => {
      if (turn === this.turn) this.caption.textContent = `the game is being played up to step ${step}`;
    }, 400);
    let said = "";
    try {
      const current = () => turn === this.turn;
      const shown = await this.source.draw(this.episode, step, this.canvas, current);
      if (!current()) return;
      this.canvas.dataset.step = shown === null ? "" : shown;
      this.element.classList.toggle("broad", this.canvas.width > 1.5 * this.canvas.height);
      said = shown === null ? "no picture" : shown === step ? "" : `picture of step ${shown}`;
    } catch (error) {
      if (turn !== this.turn) return;
      said = error.message;
      this.canvas.hidden = true;
      this.text.hidden = false;
      this.text.replaceChildren(terminal(this.textOf(this.moment), DATA.game));
    } finally {
      clearTimeout(late);
    }
    this.caption.textContent = said;
  }

  textOf({ step, lines }) {
    const parts = [textOf(lines, step.prefix) + textOf(lines, step.text), textOf(lines, step.status)];
    return parts.filter(Boolean).join("\n\n");
  }

  showAction({ step }) {
    const parts = [];
    if (step.action === undefined || step.action === null) parts.push(h("span", { class: "dim", text: "no action: the episode ends here" }));
    else {
      parts.push(h("strong", { class: "deed", text: step.action }));
      if (step.valid === false) parts.push(h("span", { class: "badge wrong", text: "invalid" }));
      if (step.said) parts.push(h("span", { class: "dim", text: `said: ${step.said}` }));
      if (step.reward) parts.push(h("span", { class: "number dim", text: `reward ${step.reward > 0 ? "+" : ""}${+step.reward.toFixed(3)}` }));
    }
    for (const event of step.events || []) parts.push(h("span", { class: "badge star", text: `\u2605 ${plain(event)}` }));
    if (step.ended) parts.push(h("span", { class: "badge", text: step.ended }));
    for (const warning of step.warnings || []) parts.push(h("span", { class: "badge wrong", text: warning }));
    this.action.replaceChildren(...parts);
  }

  showOperations({ step, lines }) {
    const rows = (step.operations || []).map((each) => {
      const result = textOf(lines, each.result);
      const summary = h("summary", {},
        h("span", { class: "phase", text: each.phase === "log" ? "LOG" : "PLAN" }),
        h("b", { class: KINDS[each.kind], text: each.name }),
        h("code", { text: short(textOf(lines, each.said), 90) }),
        h("span", { class: `outcome ${each.outcome}`, text: each.outcome + (each.hits && KINDS[each.kind] !== "writes" ? ` ${each.hits}` : "") }));
      const whole = textOf(lines, each.said);
      const by = each.actor === "llm" ? [] : [h("p", { class: "dim", text: `by ${each.actor}` })];
      return h("li", {}, h("details", {}, summary, by, h("pre", { text: whole === result ? whole : `${whole}\n\n${result}` })));
    });
    if (!rows.length) rows.push(h("li", { class: "dim none", text: "none at this step" }));
    this.operations.replaceChildren(...rows);
  }

  /** The file that a step changed comes to the front, unless it changed the one that is there. */
  follow(moment) {
    const files = [...moment.files.values()];
    const changed = files.filter((file) => file.changed);
    if (changed.length && !changed.some((file) => file.name === this.file)) this.file = changed[0].name;
    if (!moment.files.has(this.file)) this.file = (files.find((file) => lineCount(file)) || files[0] || {}).name;
  }

  showFiles(moment) {
    const files = [...moment.files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.tabs.replaceChildren(...files.map((file) => h("button", {
      type: "button", class: file.changed ? "tab changed" : "tab", "aria-pressed": String(file.name === this.file),
      click: () => { this.file = file.name; this.drawn = null; this.showFiles(this.moment); },
    }, file.name, h("span", { class: "count number", text: lineCount(file) }), file.changed ? h("span", { class: "unseen", text: "changed" }) : null)));
    const file = moment.files.get(this.file);
    if (!file) return this.rows.replaceChildren(h("span", { class: "dim", text: "no memory files" }));
    const signature = `${file.name}\n${file.changed}\n${moment.step.number * Math.sign(file.changed)}\n${file.rows.length}\n${file.rows.map((row) => row.text).join("\n")}`;
    if (signature === this.drawn) return;
    this.drawn = signature;
    this.rows.replaceChildren(...rowsOf(file));
    const first = this.rows.querySelector(".new, .gone");
    if (first) this.rows.scrollTop = Math.max(0, first.offsetTop - this.rows.clientHeight / 2);
  }
}

const MOST_ROWS = 600;

/** The lines of a file; of a very long one, those around what changed, or the last. */
function rowsOf(file) {
  if (!file.rows.length) return [h("span", { class: "dim", text: "(empty)" })];
  const first = file.rows.findIndex((row) => row.mark);
  const middle = first < 0 ? file.rows.length : first + MOST_ROWS / 2;
  const until = Math.min(file.rows.length, Math.max(middle, MOST_ROWS));
  const from = Math.max(0, until - MOST_ROWS);
  const shown = file.rows.slice(from, until).map((row) => {
    const sign = row.mark === "new" ? "+" : row.mark === "gone" ? "\u2212" : " ";
    return h(row.mark === "gone" ? "del" : row.mark === "new" ? "ins" : "span", { class: `row ${row.mark}`, "data-sign": sign, text: row.text });
  });
  if (from) shown.unshift(h("span", { class: "row dim", "data-sign": "\u22ef", text: `${from} lines before` }));
  if (until < file.rows.length) shown.push(h("span", { class: "row dim", "data-sign": "\u22ef", text: `${file.rows.length - until} lines after` }));
  return shown;
}

/** Whether a text is a terminal's screen, whose lines must not be broken. */
function isScreen(text) {
  return text.split("\n").filter((line) => line.length > 66).length > 2;
}

function plain(name) {
  return name.replaceAll("_", " ");
}

function short(text, most) {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > most ? `${flat.slice(0, most - 1)}\u2026` : flat;
}
