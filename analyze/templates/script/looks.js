// The page's colours and names, as charts take them.

/** What the style sheet says just now: it knows whether the page is dark, and whether it is being printed. */
const looks = () => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour("ink"),
    faint: colour("faint"),
    rule: colour("rule"),
    card: colour("card"),
    stage: colour("stage"),
    lines: [1, 2, 3, 4, 5, 6, 7, 8].map((place) => colour(`line-${place}`)),
    heat: [1, 2, 3, 4, 5, 6].map((place) => colour(`heat-${place}`)),
    family: getComputedStyle(document.body).fontFamily,
  };
};

/** How the lines after those that have a colour of their own are told from them. */
const dashes = ["solid", "dot", "dashdot", "longdash"];

const dashOf = (line, place, colours) =>
  line.mark === "dashed" ? "dash" : dashes[Math.floor(place / colours) % dashes.length];

/** A name of at most so many characters: names differ at their ends. */
const elided = (name, most) => {
  const characters = [...name];
  if (characters.length <= most) return name;
  const end = Math.floor((most - 1) / 3);
  return [...characters.slice(0, most - 1 - end), "…", ...characters.slice(-end)].join("");
};

/** A text without what plotly would take for markup. */
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
