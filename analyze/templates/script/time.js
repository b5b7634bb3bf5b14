// The stretch of time that all charts over time show: one for the whole page.

class Timeline {
  constructor(charts, bar) {
    this.charts = charts.filter((chart) => chart.isOverTime);
    this.bar = bar;
    this.stretch = null;
    if (this.charts.length === 0) return;
    this.align();
    bar.hidden = false;
    const moves = { in: () => this.scale(0.5), out: () => this.scale(2), back: () => this.pan(-0.5), on: () => this.pan(0.5), all: () => this.show(null) };
    for (const button of bar.querySelectorAll("button")) button.addEventListener("click", moves[button.value]);
    this.say();
  }

  /** All charts of a run end with the last of them, so that an instant has one place below another. */
  align() {
    const ends = new Map();
    for (const { figure, end } of this.charts) ends.set(figure.article, Math.max(end, ends.get(figure.article) ?? 0));
    for (const chart of this.charts) chart.end = ends.get(chart.figure.article);
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

  /** The pointer changes one end after the other; a change of the range as a whole is one that was made here. */
  zoomed(change) {
    const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (from !== undefined && to !== undefined) this.show([undated(from), undated(to)]);
  }

  /** Shows a stretch of at least a millisecond, as far as there is time; all of it where there is none. */
  show(stretch) {
    const bounded = stretch && [Math.max(0, Math.min(...stretch)), Math.min(this.end, Math.max(...stretch))];
    const isAll = !bounded || bounded[1] - bounded[0] < 1 || (bounded[0] === 0 && bounded[1] === this.end);
    this.stretch = isAll ? null : bounded;
    for (const chart of this.charts) if (chart.isDrawn) chart.move(this.stretch);
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
    const [from, to] = this.seen();
    this.bar.classList.toggle("zoomed", this.stretch !== null);
    this.bar.querySelector("output").textContent = `${clock(from)} – ${clock(to)}`;
  }

  /** The stretch to full seconds, where it is so long that nobody asks for less. */
  seen() {
    const [from, to] = this.stretch ?? [0, this.end];
    const place = to - from > 20e3 ? 1e3 : 1;
    return [from, to].map((millis) => Math.round(millis / place) * place);
  }

  /** Marks the instant under the pointer in the other charts. */
  point(pointed, instant) {
    for (const chart of this.charts) {
      if (chart !== pointed && chart.isDrawn) chart.mark(instant);
    }
  }
}
