// Where steps, conversations and pictures come from: the page itself, or the server behind it.

/** An element; attributes by name, `text` is its text, functions are listeners. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The text behind ranges `first, count, ...` of a list of lines. */
function textOf(lines, ranges) {
  return linesOf(lines, ranges).join("\n");
}

function linesOf(lines, ranges) {
  const found = [];
  for (let place = 0; ranges && place < ranges.length; place += 2)
    for (let line = ranges[place]; line < ranges[place] + ranges[place + 1]; line++) found.push(lines[line]);
  return found;
}

async function unzipped(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Keeps the latest results of an asynchronous function of a key. */
function remembering(most, work) {
  const known = new Map();
  return (key) => {
    if (known.has(key)) {
      const value = known.get(key);
      known.delete(key);
      known.set(key, value);
      return value;
    }
    const value = work(key);
    value.catch(() => known.delete(key));
    known.set(key, value);
    if (known.size > most) known.delete(known.keys().next().value);
    return value;
  };
}

/** Everything stands in the page. */
class PageSource {
  constructor() {
    this.steps = remembering(60, (key) => this.json(`steps-${key}`));
    this.talk = remembering(12, (key) => this.json(`talk-${key}`));
    this.album = remembering(6, (id) => this.openAlbum(id));
  }

  async json(name) {
    return JSON.parse(new TextDecoder().decode(await unzipped(document.getElementById(name).textContent)));
  }

  async marks(episode) {
    return episode.marks;
  }

  async openAlbum(id) {
    const [tiles, mosaics] = await Promise.all(
      ["tiles", "mosaics"].map((name) => unzipped(document.getElementById(`${name}-${id}`).textContent)),
    );
    return { tiles: new Uint8Array(tiles), mosaics: new DataView(mosaics) };
  }

  /** Draws the picture of a step, or the latest before it; its step, or null if there is none. */
  async draw(episode, step, canvas, current) {
    const data = episode.pictures;
    if (!data) return null;
    let place = Math.min(step, data.count - 1);
    if (data.steps.length) {
      place = -1;
      for (let at = 0; at < data.count && data.steps[at] <= step; at++) place = at;
    }
    if (place < 0) return null;
    const album = await this.album(episode.id);
    if (!current()) return null;
    if (!album.images) album.images = tileImages(data.shapes, album.tiles);
    if (canvas.width !== data.width || canvas.height !== data.height) {
      canvas.width = data.width;
      canvas.height = data.height;
    }
    const brush = canvas.getContext("2d");
    const across = Math.ceil(data.width / 16);
    const count = across * Math.ceil(data.height / 16);
    for (let tile = 0; tile < count; tile++) {
      const number = album.mosaics.getUint16(2 * (place * count + tile), true);
      brush.putImageData(album.images[number], 16 * (tile % across), 16 * Math.floor(tile / across));
    }
    return data.steps.length ? data.steps[place] : place;
  }
}

function tileImages(shapes, pixels) {
  const images = [];
  let at = 0;
  for (const [width, height, count] of shapes) {
    for (let number = 0; number < count; number++) {
      const image = new ImageData(width, height);
      for (let point = 0; point < width * height; point++) {
        image.data[4 * point] = pixels[at++];
        image.data[4 * point + 1] = pixels[at++];
        image.data[4 * point + 2] = pixels[at++];
        image.data[4 * point + 3] = 255;
      }
      images.push(image);
    }
  }
  return images;
}

/** Everything is asked of `automem view`. */
class ServerSource {
  constructor(root) {
    this.root = root;
    this.steps = remembering(60, (key) => this.json("steps", key));
    this.talk = remembering(12, (key) => this.json("talk", key));
    this.known = remembering(12, (id) => this.json("marks", id));
    this.picture = remembering(200, (key) => this.image(key));
  }

  async ask(...path) {
    const answer = await fetch(`${this.root}/${path.join("/")}`);
    if (!answer.ok) throw new Error((await answer.text()) || answer.statusText);
    return answer;
  }

  async json(...path) {
    return (await this.ask(...path)).json();
  }

  marks(episode) {
    return this.known(episode.id);
  }

  async image(key) {
    const answer = await this.ask("picture", key);
    return answer.status === 204 ? null : createImageBitmap(await answer.blob());
  }

  async draw(episode, step, canvas, current) {
    const image = await this.picture(`${episode.id}-${step}`);
    if (!image || !current()) return null;
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d").drawImage(image, 0, 0);
    return step;
  }
}
