// What the page does when it has been read: tables, commands and contents at once, charts when they come into view.

const unpacked = async (packed) => {
  const letters = atob(packed);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < bytes.length; place += 1) bytes[place] = letters.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
};

/** The policy knows the library by its hash, whoever puts it into the page. */
const loadLibrary = async () => {
  document.head.append(made("script", {}, await unpacked(document.getElementById("library").textContent.trim())));
};

const drawCharts = () => {
  const page = JSON.parse(document.getElementById("figures").textContent);
  const elements = [...document.querySelectorAll(".chart")];
  const charts = page.figures.map((figure, place) => new Chart(elements[place], figure, page));
  const timeline = new Timeline(charts, document.getElementById("timeline"));

  const draw = (chart, width) => {
    const isFirst = !chart.isDrawn;
    chart.draw(timeline.stretch, width);
    if (isFirst) timeline.follow(chart);
  };
  const drawAgain = () => charts.filter((chart) => chart.isDrawn).forEach((chart) => draw(chart));
  const chartOf = (element) => charts[elements.indexOf(element)];

  const inView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const chart = chartOf(target);
      chart.isInView = isIntersecting;
      if (isIntersecting && !chart.isDrawn) draw(chart);
    }
  }, { rootMargin: "400px" });
  elements.forEach((element) => inView.observe(element));
  elements.forEach((element) => element.addEventListener("redraw", () => draw(chartOf(element))));

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) drawAgain();
    width = innerWidth;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing");
    charts.forEach((chart) => draw(chart, PAPER));
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    charts.forEach((chart) => draw(chart));
  });
};

const sayWithoutCharts = (why) => {
  for (const chart of document.querySelectorAll(".chart")) {
    chart.replaceChildren(made("p", { class: "without" }, `This chart could not be drawn: ${why}`));
  }
};

const makeCopyable = (command) => {
  const code = command.querySelector("code");
  const button = made("button", { type: "button" }, "Copy");
  const copied = () => {
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  };
  const selected = () => {
    getSelection().selectAllChildren(code);
    if (document.execCommand("copy")) copied();
  };
  button.addEventListener("click", () => {
    if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(copied, selected);
    else selected();
  });
  command.append(button);
};

/** Marks the section in view in the contents. */
const followContents = () => {
  const links = new Map([...document.querySelectorAll("#contents a")].map((link) => [link.hash.slice(1), link]));
  const inView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  document.querySelectorAll("section[id]").forEach((section) => inView.observe(section));
};

document.querySelectorAll("table").forEach(makeSortable);
document.querySelectorAll(".command").forEach(makeCopyable);
followContents();
document.addEventListener("click", ({ target }) => target.closest(".long")?.classList.toggle("whole"));

if (document.querySelector(".chart")) {
  if (typeof DecompressionStream === "undefined") {
    sayWithoutCharts("this browser cannot unpack the library that draws it; Chrome 80, Firefox 113, Safari 16.4 and newer can.");
  } else {
    loadLibrary().then(drawCharts).catch((error) => {
      sayWithoutCharts(`${error.message}.`);
      throw error;
    });
  }
}
