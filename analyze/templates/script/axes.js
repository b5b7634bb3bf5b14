// Axes: where they are labelled, and with what.

const extremes = (lines) => {
  let [least, most] = [Infinity, 0];
  for (const { values } of lines) {
    for (const value of values) {
      if (value > 0 && value < least) least = value;
      if (value > most) most = value;
    }
  }
  return [least, most];
};

/** Above so many times between least and most, only powers of ten are labelled. */
const WIDE = 1000;

/** A logarithmic axis of spans of time. */
const spansByPowers = ([least, most]) => {
  const steps = most > least * WIDE ? [1] : [1, 2, 5];
  const powers = Array.from({ length: 14 }, (_, place) => 10 ** (place - 3));
  const tickvals = powers.flatMap((power) => steps.map((step) => step * power));
  const label = (micros) => short(span(micros).replace(" ", "\u00a0").replace(/\.0+(?=\D)/, ""));
  return { type: "log", tickvals, ticktext: tickvals.map(label) };
};

/** Whether a chart is as narrow as on a phone: there is room for few labels, and short ones. */
const isNarrow = (width) => width < 500;

/** A linear axis of spans of time. */
const spansEvenly = (most, width) => {
  const steps = isNarrow(width) ? 3 : 5;
  const power = 10 ** Math.floor(Math.log10(most / steps || 1));
  const step = [1, 2, 5, 10].find((step) => step * power * steps >= most) * power;
  const tickvals = Array.from({ length: 7 }, (_, place) => place * step);
  return { tickvals, ticktext: tickvals.map((micros) => span(micros).replace(/\.0+(?=\D)/, "")), rangemode: "tozero" };
};

const valueAxis = (unit, lines) =>
  unit === "time" ? spansByPowers(extremes(lines)) : { rangemode: "tozero", ...units[unit].ticks };

const DAY = 24 * 3.6e6;

/** An instant as plotly's dates are written: it takes a number of four digits for a year. */
const dated = (millis) => new Date(millis).toISOString().slice(0, -1);

const undated = (date) => (typeof date === "number" ? date : Date.parse(`${date.replace(" ", "T")}Z`));

/** Instants: plotly's dates, of a clock that started with the run. */
const timeAxis = (places) => {
  const end = endOf(places);
  const long = end < 3.6e6 ? "%-M:%S" : end < DAY ? "%-H:%M:%S" : "day %-j, %-H:%M:%S";
  return {
    type: "date",
    range: [dated(0), dated(end)],
    hoverformat: `${long}${end < 60e3 ? ".%1f" : ""}`,
    tickformatstops: [
      { dtickrange: [null, 999], value: `${long}.%L` },
      { dtickrange: [1000, null], value: end < DAY ? long : "day %-j, %-H:%M" },
    ],
  };
};

/** Where the last of evenly spaced windows ends, of which the middles are given. */
const endOf = (places) => {
  const last = places.at(-1) ?? 0;
  return last + (places[0] > 0 && places[0] < last ? places[0] : 0);
};

/** Every further nine takes as much room as the one before. */
const nines = (share) => -Math.log10(1 - share);

/** With fewer pixels for each nine, every second is named. */
const ROOM = 48;

const percentileAxis = (shares, width) => {
  const most = Math.max(...shares, 0.9);
  const each = width / nines(most) < ROOM ? 2 : 1;
  const known = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];
  const named = known.filter((share, place) => share <= most && place % each === 0);
  return {
    tickvals: named.map(nines),
    ticktext: named.map(percentile),
    range: [nines(shares[0] ?? 0), nines(most) * 1.01],
    hoverformat: ".5f",
    labelalias: Object.fromEntries(shares.map((share) => [nines(share).toFixed(5), percentile(share)])),
  };
};

const rateAxis = () => ({ rangemode: "tozero", ...units["per second"].ticks, hoverformat: ",.4~r" });

const amountAxis = (_, __, of) => ({ rangemode: "tozero", hoverformat: ",.4~r", title: { text: plain(of), standoff: 4 } });

/** For each kind of axis: how it is labelled, and where plotly finds the places of values on it. */
const axes = {
  time: { made: timeAxis, places: (at) => at.map(dated), word: "time" },
  percentile: { made: percentileAxis, places: (shares) => shares.map(nines), word: "percentiles" },
  rate: { made: rateAxis, places: (rates) => rates, word: "arrival rates" },
  amount: { made: amountAxis, places: (amounts) => amounts, word: "numbers" },
};
