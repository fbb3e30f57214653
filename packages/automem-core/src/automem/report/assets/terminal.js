// Text as a terminal shows it: escape sequences become colors, maps of NetHack get the usual ones.

const SGR = /\u001b\[([\d;]*)m/g;
const MAP_LINE = /^[\s.#|+\-<>@{}^$%!?*()[\]"=/\\`_'~:;&\w]*$/;
const GLYPHS = [
  [/[@]/, "self"], [/[|\-]/, "wall"], [/[.#]/, "floor"], [/[<>]/, "stairs"], [/[+]/, "door"],
  [/[$*]/, "gold"], [/[{}]/, "water"], [/[\^]/, "trap"], [/[)[\]"=!?/%(`]/, "item"], [/[A-Za-z&':;~]/, "monster"],
];

/** A fragment with the text in it, colored. */
function terminal(text, game) {
  const fragment = document.createDocumentFragment();
  if (text.includes("\u001b[")) return escaped(fragment, text);
  const mapped = /nethack|minihack/.test(game);
  const lines = text.split("\n");
  lines.forEach((line, number) => {
    if (number) fragment.append("\n");
    if (mapped && looksLikeMap(line)) glyphs(fragment, line);
    else fragment.append(line);
  });
  return fragment;
}

/** Few words and many walls, floors and corridors. */
function looksLikeMap(line) {
  if (line.trim().length < 3 || !MAP_LINE.test(line)) return false;
  const drawn = (line.match(/[.#|+\-<>]/g) || []).length;
  const words = (line.match(/[A-Za-z]{3,}/g) || []).length;
  return words === 0 && drawn >= 0.4 * line.replace(/\s/g, "").length;
}

function glyphs(fragment, line) {
  let run = "";
  let kind = null;
  const flush = () => {
    if (run) fragment.append(kind ? h("span", { class: `g-${kind}`, text: run }) : run);
    run = "";
  };
  for (const letter of line) {
    const found = GLYPHS.find(([shape]) => shape.test(letter));
    const next = found ? found[1] : null;
    if (next !== kind) flush();
    kind = next;
    run += letter;
  }
  flush();
}

function escaped(fragment, text) {
  let last = 0;
  let style = { color: null, bold: false, inverse: false };
  const put = (part) => {
    if (!part) return;
    const names = [style.color !== null ? `c${style.color}` : "", style.bold ? "bold" : "", style.inverse ? "inverse" : ""];
    const name = names.filter(Boolean).join(" ");
    fragment.append(name ? h("span", { class: name, text: part }) : part);
  };
  for (const match of text.matchAll(SGR)) {
    put(text.slice(last, match.index));
    last = match.index + match[0].length;
    for (const code of match[1].split(";").map(Number)) style = styled(style, code);
  }
  put(text.slice(last));
  return fragment;
}

function styled(style, code) {
  if (code === 0) return { color: null, bold: false, inverse: false };
  if (code === 1) return { ...style, bold: true };
  if (code === 7) return { ...style, inverse: true };
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, color: code - 82 };
  if (code === 39) return { ...style, color: null };
  return style;
}
