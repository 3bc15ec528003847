// Which trials are shown, in which order; and the controls that say so.

const SORTS = {
  status: (a, b) => rank(a) - rank(b),
  sent: (a, b) => a.label.localeCompare(b.label) || a.sent.localeCompare(b.sent),
  type: (a, b) => a.operator.localeCompare(b.operator),
  broke: (a, b) => (b.broken[0] || "").localeCompare(a.broken[0] || ""),
  latency: (a, b) => b.latency - a.latency,
};
const WORST_FIRST = ["failed", "errored", "inconclusive", "skipped", "passed"];
const rank = (row) => WORST_FIRST.indexOf(row.status);

function found() {
  const statuses = new Set((state.status || "").split(",").filter(Boolean));
  const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
  const shown = rows.filter((row) =>
    (!statuses.size || statuses.has(row.status)) &&
    (!state.prompt || row.prompt === state.prompt) &&
    (!state.type || row.type === state.type || (row.type === "none" && row.scenario === state.type)) &&
    (!state.scenario || row.scenario === state.scenario) &&
    (!state.rule || judgedBy(row, state.rule)) &&
    (!state.cause || row.broken.includes(state.cause)) &&
    (!words.length || words.every((word) => textOf(row).includes(word))));
  return sorted(shown);
}

const judgedBy = (row, rule) => names.judging[row.judging].includes(rule);

function sorted(shown) {
  const [key, direction] = (state.sort || "status").split("-");
  const compare = SORTS[key] || SORTS.status;
  const sign = direction === "up" ? -1 : 1;
  return shown.sort((a, b) => sign * compare(a, b) || a.order - b.order);
}

function fillChoices() {
  const labels = Object.fromEntries(names.prompts.map((id, place) => [id, names.labels[place]]));
  fill("prompt", names.prompts, (id) => labels[id]);
  fill("type", names.types, (type) => (type === "none" ? "undisturbed" : type));
  fill("scenario", names.scenarios, (name) => name);
  fill("cause", [...names.rules].sort(), (name) => name);
  fill("rule", [...new Set(names.judging.flat())].sort(), (name) => name);
  byId("filters").elements.scenario.hidden = names.scenarios.length < 2;
}

function fill(name, values, label) {
  const select = byId("filters").elements[name];
  select.append(...values.map((value) => h("option", { value }, oneLine(label(value)).slice(0, 60))));
}

function showChoices() {
  const form = byId("filters");
  if (form.elements.q !== document.activeElement) form.elements.q.value = state.q || "";
  for (const name of ["prompt", "type", "scenario", "rule", "cause"]) {
    form.elements[name].value = state[name] || "";
    form.elements[name].classList.toggle("chosen", Boolean(state[name]));
  }
  const statuses = (state.status || "").split(",");
  for (const button of form.querySelectorAll("[data-status]")) {
    button.setAttribute("aria-pressed", statuses.includes(button.dataset.status));
  }
}

function listenToFilters() {
  const form = byId("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    form.elements.q.value = "";
    change({ q: "", status: "", prompt: "", type: "", scenario: "", rule: "", cause: "", sort: "" });
  });
  form.elements.q.addEventListener("input", () => change({ q: form.elements.q.value.trim() }));
  form.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT") change({ [event.target.name]: event.target.value });
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-status]");
    if (!button) return;
    const chosen = new Set((state.status || "").split(",").filter(Boolean));
    if (!chosen.delete(button.dataset.status)) chosen.add(button.dataset.status);
    change({ status: [...chosen].join(",") });
  });
}
