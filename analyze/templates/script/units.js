// Values as people read them, as everywhere in Drumfire: three significant digits in the unit that reads best.

const threeDigits = (value) => {
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
};

const short = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);

const grouped = (number) => Math.round(number).toLocaleString("en-US");

/** A span of time, given in microseconds. */
const span = (micros) => {
  if (micros === 0) return "0 s";
  if (micros < 0.9995) return `${Math.round(micros * 1e3)} ns`;
  if (micros < 999.5) return `${threeDigits(micros)} µs`;
  if (micros < 999.5e3) return `${threeDigits(micros / 1e3)} ms`;
  if (micros < 99.95e6) return `${threeDigits(micros / 1e6)} s`;
  const seconds = Math.round(micros / 1e6);
  const pad = (number) => String(number).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`;
};

/** An instant as a clock that started with the run shows it, given in milliseconds: `1:05.250`. */
const clock = (millis) => {
  const pad = (number, width) => String(number).padStart(width, "0");
  const whole = Math.round(millis);
  const [hours, minutes] = [Math.floor(whole / 3.6e6), Math.floor(whole / 6e4) % 60];
  const seconds = pad(Math.floor(whole / 1e3) % 60, 2);
  const fraction = whole % 1e3 === 0 ? "" : `.${pad(whole % 1e3, 3)}`;
  return hours > 0 ? `${hours}:${pad(minutes, 2)}:${seconds}${fraction}` : `${minutes}:${seconds}${fraction}`;
};

const percentile = (share) => `p${Number((share * 100).toPrecision(12))}`;

const figureOf = (number) => (Math.abs(number) < 999.5 ? short(threeDigits(number)) : grouped(number));

const bytes = (number) => {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(number, 1) * 1.0005) / 3), 0), units.length - 1);
  return power === 0 ? `${grouped(number)} B` : `${threeDigits(number / 1000 ** power)} ${units[power]}`;
};

/** For each unit: how a value is shown, and how plotly labels a linear axis. */
const units = {
  time: { shown: span },
  "per second": { shown: (rate) => `${figureOf(rate)}/s`, ticks: { tickformat: ",", ticksuffix: "/s" } },
  count: { shown: figureOf, ticks: { tickformat: "," } },
  share: { shown: (share) => `${short((share * 100).toPrecision(3))} %`, ticks: { tickformat: "~%" } },
  bytes: { shown: bytes, ticks: { tickformat: "~s", ticksuffix: "B" } },
  "bytes per second": { shown: (rate) => `${bytes(rate)}/s`, ticks: { tickformat: "~s", ticksuffix: "B/s" } },
  number: {
    shown: (number) => (number !== 0 && Math.abs(number) < 0.01 ? String(number) : figureOf(number)),
    ticks: { tickformat: ",~r" },
  },
};
