// The stretch of time that all charts over time show: one for the whole page.

class Timeline {
  constructor(charts, bar) {
    this.charts = charts.filter((chart) => chart.isOverTime);
    this.bar = bar;
    this.stretch = null;
    this.isMoving = false;
    if (this.charts.length === 0) return;
    bar.hidden = false;
    const moves = { in: () => this.scale(0.5), out: () => this.scale(2), back: () => this.pan(-0.5), on: () => this.pan(0.5), all: () => this.show(null) };
    for (const button of bar.querySelectorAll("button")) button.addEventListener("click", moves[button.value]);
    this.say();
  }

  get end() {
    return Math.max(...this.charts.map((chart) => chart.end));
  }

  /** Follows what is done in a chart that has been drawn. */
  follow(chart) {
    if (!chart.isOverTime) return;
    chart.element.on("plotly_relayout", (change) => this.zoomed(change));
    chart.element.on("plotly_doubleclick", () => this.show(null));
    // What another chart is made to say comes without an event of the browser.
    chart.element.on("plotly_hover", ({ event, xvals }) => event?.isTrusted && this.point(chart, xvals[0]));
    chart.element.on("plotly_unhover", ({ event }) => event?.isTrusted && this.point(chart, null));
  }

  zoomed(change) {
    const range = change["xaxis.range"] ?? [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (this.isMoving || range[0] === undefined) return;
    this.show(range.map(undated));
  }

  /** Shows a stretch of at least a millisecond, as far as there is time; all of it where there is none. */
  show(stretch) {
    const bounded = stretch && [Math.max(0, Math.min(...stretch)), Math.min(this.end, Math.max(...stretch))];
    const isAll = !bounded || bounded[1] - bounded[0] < 1 || (bounded[0] === 0 && bounded[1] === this.end);
    this.stretch = isAll ? null : bounded;
    this.isMoving = true;
    for (const chart of this.charts) if (chart.isDrawn) chart.move(this.stretch);
    this.isMoving = false;
    this.say();
  }

  scale(factor) {
    const [from, to] = this.stretch ?? [0, this.end];
    const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
    this.show([middle - half, middle + half]);
  }

  pan(part) {
    const [from, to] = this.stretch ?? [0, this.end];
    const by = Math.max(-from, Math.min(this.end - to, (to - from) * part));
    this.show([from + by, to + by]);
  }

  say() {
    const [from, to] = this.stretch ?? [0, this.end];
    this.bar.classList.toggle("zoomed", this.stretch !== null);
    this.bar.querySelector("output").textContent = `${clock(from)} – ${clock(to)}`;
  }

  /** Marks the instant under the pointer in the other charts. */
  point(pointed, instant) {
    for (const chart of this.charts) {
      if (chart !== pointed && chart.isDrawn) chart.mark(instant);
    }
  }
}
