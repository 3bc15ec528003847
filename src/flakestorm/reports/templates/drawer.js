// Everything about one trial, beside the table.

let shownTrial = null;
let cameFrom = null;

async function showDrawer() {
  const drawer = byId("drawer");
  const id = state.trial || null;
  if (id === shownTrial) return;
  shownTrial = id;
  if (!id) {
    drawer.close();
    document.body.classList.remove("drawer-open");
    comeBack();
    return;
  }
  const row = rows.find((candidate) => candidate.id === id);
  const content = row ? trialNodes(row, await trialOf(row)) : [unknownTrial(id)];
  // Another trial may have been asked for while this one was being opened.
  if (shownTrial !== id) return;
  if (!drawer.open) {
    cameFrom = document.activeElement;
    drawer.show();
    document.body.classList.add("drawer-open");
  }
  drawer.replaceChildren(...content.filter(Boolean));
  drawer.scrollTop = 0;
  drawer.focus({ preventScroll: true });
}

function comeBack() {
  if (selected >= 0) focusSelected();
  else if (cameFrom && cameFrom.isConnected) cameFrom.focus({ preventScroll: true });
}

function unknownTrial(id) {
  return h("div", {}, drawerHead(h("h2", { id: "drawer-title" }, "No such trial"), -1),
    h("p", {}, "This report has no trial ", h("code", {}, hostile(id.slice(0, 80))), "."));
}

function trialNodes(row, trial) {
  const mutation = trial.mutation;
  const title = h("h2", { id: "drawer-title" }, statusMark(row.status),
    h("span", {}, mutation ? mutation.operator : trial.scenario === "no-chaos" ? "undisturbed" : trial.scenario));
  const curl = asCurl(trial);
  return [
    drawerHead(title, listed.indexOf(row)),
    trial.note ? h("p", { class: "note" }, hostile(trial.note)) : null,
    verdictTable(trial),
    h("div", { class: "exchange" }, sentNodes(trial), replyNodes(trial)),
    wireFacts(trial),
    callTimeline(trial),
    h("h3", {}, "Show it again"),
    commandLine(
      `${row.scenario.startsWith("replay: ") ? about.replay : about.again} --only trial:${row.id}`,
      "show this trial again",
    ),
    curl && curl.length < 20000 ? commandLine(curl, "the request as curl") : null,
    factList(row, trial),
  ];
}

// What an attack on the protocol sent and what was seen of it, in the words of the terminal report.
function wireFacts(trial) {
  if (!trial.on_the_wire) return null;
  return h("div", {}, h("h3", {}, "On the wire"), h("dl", { class: "facts" }, trial.on_the_wire
    .flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, hostile(value))])));
}

function drawerHead(title, place) {
  const button = (text, label, action, off) =>
    h("button", { type: "button", class: "quiet", "aria-label": label, disabled: off, onclick: action }, text);
  return h("div", { class: "drawer-head" }, title, h("div", {},
    button("↑", "Previous trial (k)", () => step(-1), place <= 0),
    button("↓", "Next trial (j)", () => step(1), place < 0 || place >= listed.length - 1),
    button("✕", "Close (Esc)", () => change({ trial: "" }), false)));
}

function factList(row, trial) {
  const mutation = trial.mutation || {};
  const facts = [
    ["Trial", h("code", {}, row.id)],
    ["Golden prompt", h("a", { href: `#prompt=${row.prompt}` }, hostile(row.label))],
    ["Scenario", hostile(trial.scenario)],
    ["Repeat", String(trial.repeat + 1)],
    ["Latency", milliseconds(trial.latency_ms)],
    ["First byte", trial.first_byte_ms === null ? null : milliseconds(trial.first_byte_ms)],
    ["Status", trial.http_status === null ? null : String(trial.http_status)],
    ["Attempts", trial.attempts > 1 ? String(trial.attempts) : null],
    ["Faults fired", trial.faults_fired ? String(trial.faults_fired) : null],
    ["Kind", mutation.kind ? mutation.kind.replaceAll("_", " ") : null],
    ["Intensity", mutation.intensity === undefined ? null : String(mutation.intensity)],
    ["Seed", mutation.seed === undefined ? null : String(mutation.seed)],
    ["Canary", mutation.canary ? h("code", {}, hostile(mutation.canary)) : null],
  ];
  return h("dl", { class: "facts" }, facts.filter(([, value]) => value !== null)
    .flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

// To the next or the previous trial of the list; in the drawer too when it is open.
function step(distance) {
  const place = state.trial ? listed.findIndex((row) => row.id === state.trial) : selected;
  if (state.trial) {
    select(place + distance, false);
    change({ trial: selectedId() });
  } else {
    select(selected < 0 ? 0 : place + distance);
  }
}
