// Draws the figures into the page's charts, in the page's colours: both are in the same order.
"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const charts = document.querySelectorAll(".chart");

  // On a touch screen a finger on a chart scrolls the page.
  const dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";

  const coloured = (layout) => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const rule = colour("--rule");
    const axis = { gridcolor: rule, linecolor: rule, zerolinecolor: rule, ticklabelstandoff: 5 };
    return {
      ...layout,
      dragmode,
      colorway: [1, 2, 3, 4, 5, 6].map((place) => colour(`--line-${place}`)),
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { color: colour("--faint"), family: getComputedStyle(document.body).fontFamily, size: 12 },
      hoverlabel: { bgcolor: colour("--card"), bordercolor: rule, font: { color: colour("--ink") } },
      xaxis: { ...layout.xaxis, ...axis },
      yaxis: { ...layout.yaxis, ...axis },
    };
  };

  const draw = () => {
    figures.forEach((figure, place) => {
      Plotly.react(charts[place], figure.data, coloured(figure.layout), figure.config);
    });
  };

  charts.forEach((chart) => chart.replaceChildren());
  if (figures.length > 0) {
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }
})();
