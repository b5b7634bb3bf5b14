// Tables that are sorted by a click on a heading.

/** What a cell is sorted by: its number, or its text. Without either it comes last. */
const keyOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.number === undefined ? cell.textContent : Number(cell.dataset.number);
};

const isNothing = (key) => key === "–" || key === "";

const order = (one, other) =>
  typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), "en", { numeric: true });

const sorted = (rows, column, sign) =>
  rows
    .map((row) => ({ row, key: keyOf(row, column) }))
    .sort((one, other) => isNothing(one.key) - isNothing(other.key) || sign * order(one.key, other.key))
    .map(({ row }) => row);

/** Rows that sum up others stay the last. */
const sort = (table, column, direction) => {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const isTotal = (row) => row.classList.contains("total");
  const others = rows.filter((row) => !isTotal(row));
  body.append(...sorted(others, column, direction === "descending" ? -1 : 1), ...rows.filter(isTotal));
  [...table.tHead.rows[0].cells].forEach((heading, place) => {
    if (place === column) heading.setAttribute("aria-sort", direction);
    else heading.removeAttribute("aria-sort");
  });
};

/** Numbers are sorted from the largest first, names from the first. */
const next = (heading) => {
  const first = heading.classList.contains("number") ? "descending" : "ascending";
  const second = first === "ascending" ? "descending" : "ascending";
  return heading.getAttribute("aria-sort") === first ? second : first;
};

const makeSortable = (table) => {
  if (table.tBodies[0].querySelectorAll("tr:not(.total)").length < 2) return;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = made("button", { type: "button" }, ...heading.childNodes);
    if (button.textContent === "") button.setAttribute("aria-label", "Sort by this column");
    button.addEventListener("click", () => sort(table, column, next(heading)));
    heading.append(button);
  });
};
