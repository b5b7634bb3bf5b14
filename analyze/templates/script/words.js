// Figures in words, for those who do not see them, and as tables.

const made = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** So many lines are described one by one. */
const DESCRIBED = 8;

const rangeOf = (line, unit) => {
  const values = line.values.filter((value) => value !== null);
  if (values.length === 0) return `${line.name}: no values`;
  const { shown } = units[unit];
  return `${line.name}: ${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
};

const described = (figure) => {
  if (figure.kind === "heat") return `${figure.title}: a heat map of times over time.`;
  const what = figure.kind === "bars" ? "bars" : `lines over ${figure.of ?? axes[figure.over].word}`;
  const lines = figure.lines.slice(0, DESCRIBED).map((line) => rangeOf(line, figure.unit));
  const more = figure.lines.length > DESCRIBED ? `; and ${figure.lines.length - DESCRIBED} more` : "";
  return `${figure.title}: ${what}. ${lines.join("; ")}${more}.`;
};

/** Heading and rows of a figure's numbers. */
const numbersOf = (figure, at) => {
  if (figure.kind === "heat") {
    const bands = figure.edges.slice(0, -1).map((edge, band) => `${span(edge)} – ${span(figure.edges[band + 1])}`);
    const rows = at.map((millis, place) => [clock(millis), ...figure.counts.map((row) => grouped(row[place]))]);
    return { heading: ["time", ...bands], rows };
  }
  const first = { time: ["time", clock], percentile: ["percentile", percentile], rate: ["rate", units["per second"].shown], amount: [figure.of, String] };
  const [name, place] = figure.kind === "bars" ? ["", String] : first[figure.over];
  const places = figure.kind === "bars" ? figure.names : at;
  const cell = (value) => (value === null ? "–" : units[figure.unit].shown(value));
  const rows = places.map((of, row) => [place(of), ...figure.lines.map((line) => cell(line.values[row]))]);
  return { heading: [name, ...figure.lines.map((line) => line.name)], rows };
};

const tableOf = (figure, at) => {
  const { heading, rows } = numbersOf(figure, at);
  const head = made("tr", {}, ...heading.map((name) => made("th", { scope: "col", title: name }, elided(name, 32))));
  const body = rows.map(([first, ...cells]) =>
    made("tr", {}, made("th", { scope: "row" }, first), ...cells.map((cell) => made("td", { class: "number" }, cell))));
  const table = made("table", {}, made("thead", {}, head), made("tbody", {}, ...body));
  return made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${figure.title}: numbers` }, table);
};

/** The numbers of a figure, made when somebody wants them. */
const numbers = (figure, at) => {
  const details = made("details", { class: "numbers" }, made("summary", {}, "Numbers"));
  details.addEventListener("toggle", () => details.append(tableOf(figure, at)), { once: true });
  return details;
};
