// A chart of the page: drawn when it comes into view, with a legend of buttons.

/** The width of a chart on paper, in pixels. */
const PAPER = 690;

class Chart {
  constructor(element, figure, page) {
    this.element = element;
    this.figure = figure;
    this.at = figure.axis === undefined ? [] : page.axes[figure.axis];
    this.end = endOf(this.at);
    this.stages = page.stages[figure.article];
    this.hidden = new Set();
    this.isDrawn = false;
    this.isInView = false;
    element.replaceChildren();
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", described(figure));
    element.style.minHeight = `${kinds[figure.kind].height(figure)}px`;
    if (figure.lines?.length > 1) element.before(this.legend());
    element.after(numbers(figure, this.at));
  }

  get isOverTime() {
    return isOverTime(this.figure);
  }


  /** Draws it, or draws it anew: over a stretch of time, where it is over time and not all is asked for. */
  draw(stretch, width = this.element.clientWidth) {
    const look = looks();
    const layout = layoutOf(this.figure, this.at, look, width);
    if (this.isOverTime) Object.assign(layout, this.behind(stretch, look, width));
    if (this.isOverTime) layout.xaxis = { ...layout.xaxis, range: this.rangeOf(stretch) };
    const traces = kinds[this.figure.kind].traces(this.figure, this.at, look, this.hidden);
    Plotly.react(this.element, traces, layout, { displayModeBar: false, doubleClick: false, showTips: false });
    this.isDrawn = true;
  }

  /** Moves to another stretch of time. */
  move(stretch) {
    const behind = this.behind(stretch, looks(), this.element.clientWidth);
    Plotly.relayout(this.element, { "xaxis.range": this.rangeOf(stretch), ...behind });
  }

  /** Says its values at an instant, as if the pointer were there; at none, it is silent. */
  mark(instant) {
    if (!this.isInView || this.figure.kind !== "lines") return;
    if (instant === null) Plotly.Fx.unhover(this.element);
    else Plotly.Fx.hover(this.element, { xval: instant }, "xy");
  }

  within(stretch) {
    return stretch ?? [0, this.end];
  }

  rangeOf(stretch) {
    return this.within(stretch).map(dated);
  }

  behind(stretch, look, width) {
    return { shapes: stagesBehind(this.stages, this.within(stretch), look, width) };
  }

  /** A button for each line: it shows or hides it; twice, it shows it alone, or all. */
  legend() {
    const buttons = this.figure.lines.map((line, place) => {
      const mark = made("span", { class: `swatch ${this.figure.kind} ${line.mark} line-${(place % 8) + 1}` });
      const button = made("button", { type: "button", "aria-pressed": "true", title: line.name }, mark, elided(line.name, 32));
      button.addEventListener("click", (event) => this.toggle(place, event.detail === 2));
      return button;
    });
    this.buttons = buttons;
    return made("div", { class: "legend", role: "group", "aria-label": `Lines of ${this.figure.title}` }, ...buttons);
  }

  toggle(place, alone) {
    const others = this.buttons.map((_, other) => other).filter((other) => other !== place);
    if (alone) {
      // The first of the two clicks has turned it over.
      const wasAlone = others.every((other) => this.hidden.has(other));
      this.hidden = new Set(wasAlone ? [] : others);
    } else if (!this.hidden.delete(place)) {
      this.hidden.add(place);
    }
    this.buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(!this.hidden.has(other))));
    this.element.dispatchEvent(new CustomEvent("redraw"));
  }
}
