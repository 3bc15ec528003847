// The calls of one trial over time: a picture, and the same in words with what the agent got.

const CALLS_SHOWN = 100;
const LANE = { width: 720, names: 180, track: 300, row: 18 };
const ENDINGS = {
  reset: "connection broken", cut: "cut off", hung: "no answer", left: "the agent gave up waiting",
  open: "still open at the end", unreachable: "not reached",
};

function callTimeline(trial) {
  if (!trial.calls.length) return null;
  const shown = trial.calls.slice(0, CALLS_SHOWN);
  const end = Math.max(trial.latency_ms, ...shown.map((call) => call.started_ms + call.duration_ms), 1);
  const more = trial.calls.length - shown.length;
  return h("section", {}, h("h3", {}, "Calls"), callPicture(shown, end),
    h("ol", { class: "calls" }, shown.map(callInWords)),
    more ? h("p", { class: "muted" }, `${NUMBER.format(more)} more calls; the JSON report has them.`) : null);
}

function callPicture(calls, end) {
  const height = LANE.row * (calls.length + 1);
  const hit = calls.filter((call) => call.fired.length).length;
  const label = `${calls.length} calls in ${milliseconds(end)}; faults fired in ${hit} of them. The list below has each.`;
  const ticks = [[0, "start", "0"], [0.5, "middle", milliseconds(end / 2)], [1, "end", milliseconds(end)]];
  return svg("svg", { viewBox: `0 0 ${LANE.width} ${height}`, class: "timeline", role: "img", "aria-label": label },
    calls.map((call, place) => callRow(call, place * LANE.row, end)),
    ticks.map(([share, anchor, text]) =>
      svg("text", { x: LANE.names + share * LANE.track, y: height - 4, "text-anchor": anchor, class: "when" }, text)));
}

function callRow(call, top, end) {
  const x = LANE.names + (LANE.track * call.started_ms) / end;
  const width = Math.max(2, (LANE.track * call.duration_ms) / end);
  const bar = { y: top + 3, height: LANE.row - 6 };
  const middle = top + LANE.row / 2;
  return [
    svg("text", { x: 0, y: top + LANE.row - 5 }, shortened(`${call.kind} ${call.name}`, 26)),
    svg("rect", { x: LANE.names, width: LANE.track, class: "lane", ...bar }),
    svg("rect", { x: x.toFixed(1), width: width.toFixed(1), class: call.fired.length ? "call fired" : "call", ...bar }),
    // The cross tells a fault to those who do not tell the colours apart.
    call.fired.length ? svg("path", { d: `M${x - 4} ${middle - 4}l8 8m0 -8l-8 8`, class: "fault-mark" }) : null,
    svg("text", { x: LANE.names + LANE.track + 10, y: top + LANE.row - 5 }, shortened(callResult(call), 38)),
  ];
}

// On one line, with everything hidden shown by name: SVG has no isolated text.
function shortened(text, length) {
  const line = oneLine(text.slice(0, 4 * length));
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

function callResult(call) {
  return [
    call.status === null ? "" : String(call.status), ENDINGS[call.ended] || call.ended || "",
    call.fired.length ? `fault: ${call.fired.join(", ")}` : "", call.retry ? `SDK retry ${call.retry}` : "",
  ].filter(Boolean).join(" · ");
}

// One line; what it leads to is behind it.
function callInWords(call) {
  const held = (call.held || []).slice(0, 10);
  const line = h("summary", {},
    h("span", { class: "number" }, milliseconds(call.started_ms)),
    h("span", { class: "call-name" }, `${call.kind} `, hostile(call.name)),
    h("span", { class: "number" }, milliseconds(call.duration_ms)),
    h("span", {}, hostile(callResult({ ...call, fired: [] })), call.fired.length
      ? h("span", { class: "faults" }, hostile(` fault: ${call.fired.join(", ")}`)) : null));
  return h("li", {}, h("details", {}, line,
    call.url ? h("p", { class: "muted" }, hostile(`${call.method} ${call.url}`)) : null,
    held.length ? h("p", { class: "muted" }, "Did not fire: ", hostile(held.join("; "))) : null,
    textBox(call.received || "")));
}
