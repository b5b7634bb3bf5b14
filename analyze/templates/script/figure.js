// Figures as plotly takes them: traces and a layout.

/** With more lines than this, only what is under the pointer is said. */
const MANY = 12;

const isAlone = (values, place) => values[place] !== null && (values[place - 1] ?? null) === null && (values[place + 1] ?? null) === null;

/** A value between two gaps has no line: it is a point. */
const lineOrPoints = (line) => {
  if (line.mark === "points") return { mode: "markers", marker: { size: 7 } };
  const alone = line.values.map((_, place) => isAlone(line.values, place));
  if (!alone.includes(true)) return { mode: "lines" };
  return { mode: "lines+markers", marker: { size: alone.map((is) => (is ? 4 : 0)), line: { width: 0 } } };
};

const lineTraces = (figure, at, look, hidden) =>
  figure.lines.map((line, place) => {
    const color = look.lines[place % look.lines.length];
    const { marker, ...drawn } = lineOrPoints(line);
    return {
      type: "scatter",
      name: plain(elided(line.name, 40)),
      x: at,
      y: line.values,
      text: line.values.map((value) => (value === null ? "" : units[figure.unit].shown(value))),
      hovertemplate: "%{text}",
      visible: !hidden.has(place),
      connectgaps: false,
      line: { color, width: figure.lines.length > MANY ? 1.2 : 1.75, dash: dashOf(line, place, look.lines.length) },
      ...drawn,
      ...(marker && { marker: { color, ...marker } }),
      ...(figure.stacked && { stackgroup: "all", mode: "lines", line: { color, width: 1 } }),
    };
  });

const withoutEnds = (edges) => edges.map((edge, place) => (edge > 0 ? edge : (edges[place + 1] ?? 1) / 2));

const heatTraces = (figure, at, look) => {
  const { edges, counts } = figure;
  const most = Math.log10(Math.max(1, ...counts.map((row) => Math.max(0, ...row))));
  const powers = Array.from({ length: Math.floor(most) + 1 }, (_, place) => place);
  const labelled = most - powers.at(-1) > 0.3 ? [...powers, most] : powers;
  const said = (count, band, place) =>
    count === 0 ? "" : `${clock(at[place])}, ${span(edges[band])} – ${span(edges[band + 1])}<br><b>${grouped(count)}</b>`;
  return [
    {
      type: "heatmap",
      x: at.map(dated),
      y: withoutEnds(edges),
      z: counts.map((row) => row.map((count) => (count > 0 ? Math.log10(count) : null))),
      zmin: 0,
      zmax: most || 1,
      text: counts.map((row, band) => row.map((count, place) => said(count, band, place))),
      hovertemplate: "%{text}<extra></extra>",
      hoverongaps: false,
      colorscale: look.heat.map((colour, place) => [place / (look.heat.length - 1), colour]),
      colorbar: {
        thickness: 8,
        outlinewidth: 0,
        xpad: 6,
        tickvals: labelled,
        ticktext: labelled.map((power) => grouped(10 ** power)),
      },
    },
  ];
};

const barTraces = (figure, look, hidden) =>
  figure.lines.map((line, place) => ({
    type: "bar",
    orientation: "h",
    name: plain(elided(line.name, 40)),
    x: line.values,
    y: figure.names.map((_, bar) => bar),
    text: line.values.map((value) => (value === null ? "" : units[figure.unit].shown(value))),
    textposition: "none",
    customdata: figure.names.map((name) => plain(elided(name, 60))),
    hovertemplate: `%{customdata}<br>${plain(elided(line.name, 40))}: <b>%{text}</b><extra></extra>`,
    visible: !hidden.has(place),
    marker: { color: look.lines[place % look.lines.length], line: { color: look.card, width: 1 } },
  }));

/** What the longest bar adds up to. */
const longestBar = ({ names, lines }) =>
  Math.max(0, ...names.map((_, bar) => lines.reduce((sum, line) => sum + (line.values[bar] ?? 0), 0)));

const barAxes = (figure, width) => ({
  x: figure.unit === "time" ? spansEvenly(longestBar(figure), width) : valueAxis(figure.unit, figure.lines),
  y: {
    tickvals: figure.names.map((_, bar) => bar),
    ticktext: figure.names.map((name) => plain(elided(name, isNarrow(width) ? 14 : 32))),
    range: [figure.names.length - 0.5, -0.5],
  },
});

/** For each kind of figure: its traces, its axes and its height in pixels. */
const kinds = {
  lines: {
    traces: (figure, at, look, hidden) => lineTraces(figure, axes[figure.over].places(at), look, hidden),
    axes: (figure, at, width) => ({ x: axes[figure.over].made(at, width, figure.of), y: valueAxis(figure.unit, figure.lines) }),
    height: (figure) => (figure.over === "percentile" ? 340 : 250),
    layout: (figure) => ({ hovermode: figure.lines.length > MANY ? "closest" : "x unified" }),
  },
  heat: {
    traces: heatTraces,
    axes: (figure, at) => ({ x: timeAxis(at), y: spansByPowers([withoutEnds(figure.edges)[0], figure.edges.at(-1)]) }),
    height: () => 320,
    layout: () => ({ hovermode: "closest" }),
  },
  bars: {
    traces: (figure, _, look, hidden) => barTraces(figure, look, hidden),
    axes: (figure, _, width) => barAxes(figure, width),
    height: (figure) => 56 + 26 * Math.max(figure.names.length, 2),
    layout: () => ({ hovermode: "closest", barmode: "stack", bargap: 0.25 }),
  },
};

/** A pointer is at a value where no other is nearer, and not across a gap. */
const reach = (at, width) => Math.max(10, Math.ceil(width / (at.length || 1)));

const isOverTime = (figure) => figure.over === "time";

/** The layout of a figure that is so wide. */
const layoutOf = (figure, at, look, width) => {
  const kind = kinds[figure.kind];
  const { x, y } = kind.axes(figure, at, width);
  const lines = { gridcolor: look.rule, linecolor: look.rule, zeroline: false, ticks: "", automargin: true, tickangle: 0, ticklabelstandoff: 4 };
  return {
    width,
    height: kind.height(figure),
    margin: { l: isNarrow(width) ? 52 : 66, r: 14, t: 20, b: 28 },
    showlegend: false,
    hoverdistance: reach(at, width),
    dragmode: isOverTime(figure) && !isTouched ? "zoom" : false,
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { color: look.faint, family: look.family, size: 12 },
    hoverlabel: { bgcolor: look.card, bordercolor: look.rule, font: { color: look.ink }, namelength: -1 },
    xaxis: { ...lines, nticks: Math.max(3, Math.floor(width / 90)), fixedrange: !isOverTime(figure), ...x },
    yaxis: { ...lines, fixedrange: true, ...y },
    ...kind.layout(figure),
  };
};

/** On a touch screen a finger on a chart scrolls the page. */
const isTouched = matchMedia("(pointer: coarse)").matches;

/** The stages of the load that are wholly or partly in a stretch of time, behind a chart that is so wide. */
const stagesBehind = (stages, [from, to], look, width) =>
  stages
    .filter((stage) => stage.to > from && stage.from < to)
    .map((stage) => {
      const [left, right] = [Math.max(stage.from, from), Math.min(stage.to, to)];
      const room = ((right - left) / (to - from)) * (width - 60);
      const letters = Math.floor(room / 6.5);
      const odd = stages.indexOf(stage) % 2 === 1;
      return {
        type: "rect",
        layer: "below",
        yref: "paper",
        x0: dated(left),
        x1: dated(right),
        y0: 0,
        y1: 1,
        line: { width: 0 },
        fillcolor: odd ? look.stage : "transparent",
        label: {
          text: letters < 4 ? "" : plain(elided(stage.name, letters)),
          textposition: "top left",
          yanchor: "bottom",
          font: { size: 10.5, color: look.faint },
          padding: 2,
        },
      };
    });
