// The table of all trials: only the rows in sight exist, however many there are.

const ROW = 52;
const AROUND = 8;
let listed = [];
let listedFor = null;
let selected = -1;
let drawn = "";

function list(again = false) {
  const { trial, ...asked } = state;
  const key = JSON.stringify(asked);
  if (again || key !== listedFor) {
    const kept = selectedId();
    listed = found();
    selected = listed.findIndex((row) => row.id === kept);
    if (key !== listedFor) byId("rows").scrollTop = 0;
    listedFor = key;
    drawn = "";
    byId("trial-table").setAttribute("aria-rowcount", listed.length + 1);
    showSort();
  }
  byId("found").textContent = counted();
  draw();
}

const selectedId = () => (listed[selected] || {}).id;

function counted() {
  const all = NUMBER.format(rows.length);
  const searching = state.q && textsRead && rows.some((row) => row.text === null);
  const text = listed.length === rows.length ? `${all} trials` : `${NUMBER.format(listed.length)} of ${all} trials`;
  return searching ? `${text}, still reading full texts …` : text;
}

function draw() {
  const box = byId("rows");
  const first = Math.max(0, Math.floor(box.scrollTop / ROW) - AROUND);
  const last = Math.min(listed.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + AROUND);
  const key = `${first}-${last}-${selected}-${state.trial || ""}`;
  if (key === drawn) return;
  drawn = key;
  const focused = document.activeElement && document.activeElement.closest("#rows tbody tr");
  const body = byId("trial-table").tBodies[0];
  const shown = [];
  for (let place = first; place < last; place++) shown.push(rowNode(listed[place], place));
  body.replaceChildren(gap(first), ...shown, gap(listed.length - last));
  if (focused) focusSelected();
}

function gap(count) {
  const cell = h("td", { colspan: 5 });
  cell.style.height = `${count * ROW}px`;
  const row = h("tr", { "aria-hidden": "true", class: "gap" }, cell);
  row.hidden = count === 0;
  return row;
}

function rowNode(row, place) {
  const current = place === selected;
  const reachable = current || (selected < 0 && place === 0);
  return h("tr", {
    "aria-rowindex": place + 2, tabindex: reachable ? 0 : -1, "data-place": place,
    "aria-current": current ? "true" : null, class: row.id === state.trial ? "open" : null,
  },
  h("td", {}, statusMark(row.status)),
  h("td", { class: "words" },
    h("a", { href: addressOf({ trial: row.id }), tabindex: -1 }, row.sent ? snippet(row.sent) : "(empty)"),
    h("div", { class: "muted" }, row.reply ? snippet(row.reply) : "(empty reply)")),
  h("td", {}, row.type === "none" ? "undisturbed" : row.type.replaceAll("_", " "),
    h("div", { class: "muted" }, row.scenario === "no-chaos" ? row.operator.split(".").pop() : row.scenario)),
  h("td", { class: "broke" }, row.broken.length ? snippet(row.broken.join(", ")) : h("span", { class: "muted" }, "–")),
  h("td", { class: "number" }, milliseconds(row.latency)));
}

// The beginning of a text on one line.
const snippet = (text) => hostile(text.replace(/[ \t]*\n\s*/g, " ⏎ ").replace(/\t/g, " "));

function statusMark(status) {
  return h("span", { class: "status" },
    h("span", { class: `sign ${status}`, "aria-hidden": "true" }, SIGNS[status]), status);
}

function milliseconds(value) {
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 999.5 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}

function select(place, focus = true) {
  if (!listed.length) return;
  selected = Math.max(0, Math.min(listed.length - 1, place));
  const box = byId("rows");
  const top = selected * ROW;
  const room = box.clientHeight - ROW - 40;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top > box.scrollTop + room) box.scrollTop = top - room;
  draw();
  if (focus) focusSelected(false);
}

function focusSelected(preventScroll = true) {
  const row = document.querySelector(`#rows tr[data-place="${selected}"]`);
  if (row) row.focus({ preventScroll });
}

function showSort() {
  const [key, direction] = (state.sort || "status").split("-");
  for (const button of document.querySelectorAll("[data-sort]")) {
    const own = button.dataset.sort === key;
    const order = direction === "up" ? "ascending" : "descending";
    if (own) button.closest("th").setAttribute("aria-sort", order);
    else button.closest("th").removeAttribute("aria-sort");
  }
}

function listenToTable() {
  const box = byId("rows");
  box.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  new ResizeObserver(() => draw()).observe(box);
  box.addEventListener("click", (event) => {
    const sort = event.target.closest("[data-sort]");
    if (sort) {
      const key = sort.dataset.sort;
      const again = (state.sort || "status") === key;
      change({ sort: again ? `${key}-up` : key });
      return;
    }
    const row = event.target.closest("tr[data-place]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    select(Number(row.dataset.place), false);
    change({ trial: listed[selected].id }, !state.trial);
  });
}
