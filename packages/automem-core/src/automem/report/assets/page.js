// Begins the replay, and what of the page answers to a hand: the theme, the marked section.

const DATA = JSON.parse(document.getElementById("replay-data").textContent);

function themed(name) {
  document.documentElement.style.colorScheme = name || "light dark";
}

/** Storage may be forbidden, as in a page opened from disk; then the choice lasts as long as the page. */
function stored(name) {
  try {
    if (name === undefined) return localStorage.getItem("automem-theme");
    localStorage.setItem("automem-theme", name);
  } catch {
    return null;
  }
  return name;
}

function beginTheme() {
  themed(stored());
  byId("theme").addEventListener("click", () => {
    const dark = document.documentElement.style.colorScheme === "dark" ||
      (document.documentElement.style.colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    const name = dark ? "light" : "dark";
    themed(name);
    stored(name);
  });
}

function beginSections() {
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (entry.isIntersecting) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-45% 0px -50% 0px" });
  for (const id of links.keys()) watch.observe(document.getElementById(id));
}

beginTheme();
beginSections();
if (DATA.episodes.length) new Player(DATA.root ? new ServerSource(DATA.root) : new PageSource()).begin();
else byId("replay-none").hidden = false;
