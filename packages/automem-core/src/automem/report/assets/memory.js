// The memory files as they were at a step, with what the step did to them marked.

/** The step and the memory after it, of a chunk. */
function momentOf(chunk, number) {
  const files = new Map();
  for (const [name, ranges] of Object.entries(chunk.files))
    files.set(name, { name, rows: linesOf(chunk.lines, ranges).map((text) => ({ text, mark: "" })), changed: 0, isNew: false });
  let found = null;
  for (const step of chunk.steps) {
    if (step.number > number) break;
    const marked = step.number === number;
    for (const operation of step.operations || [])
      if (operation.edit) change(files, operation, chunk.lines, marked);
    found = step;
  }
  return { step: found, lines: chunk.lines, files };
}

function change(files, operation, lines, marked) {
  let file = files.get(operation.file);
  if (!file) {
    file = { name: operation.file, rows: [], changed: 0, isNew: marked };
    files.set(operation.file, file);
  }
  const { start, removed, added } = operation.edit;
  const fresh = linesOf(lines, added).map((text) => ({ text, mark: marked ? "new" : "" }));
  const from = placeOf(file.rows, start);
  const until = placeOf(file.rows, start + removed);
  const old = file.rows.slice(from, until);
  const gone = marked ? old.filter((row) => row.mark !== "new").map((row) => ({ text: row.text, mark: "gone" })) : [];
  file.rows.splice(from, until - from, ...gone, ...fresh);
  if (marked) file.changed += fresh.length + gone.length;
}

/** Where line `number` stands among rows of which some are shown only to say that they are gone. */
function placeOf(rows, number) {
  let live = 0;
  for (let place = 0; place < rows.length; place++) {
    if (rows[place].mark === "gone") continue;
    if (live === number) return place;
    live++;
  }
  return rows.length;
}

/** How many lines a file has, without those that are gone. */
function lineCount(file) {
  return file.rows.reduce((count, row) => count + (row.mark === "gone" ? 0 : 1), 0);
}
