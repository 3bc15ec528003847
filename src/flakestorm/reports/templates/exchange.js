// What was said in one trial: the turns, what the mutation changed, the reply with its evidence.

function sentNodes(trial) {
  const mutation = trial.mutation;
  const cut = trial.cut || {};
  const earlier = mutation ? mutation.turns : trial.turns;
  const shown = earlier.flatMap((turn, place) => [
    figure(`Turn ${place + 1}`, textBox(turn)),
    trial.replies[place] === undefined ? null : figure(`Reply ${place + 1}`, textBox(trial.replies[place])),
  ]);
  if (!mutation) return [...shown, figure("Sent, undisturbed", textBox(trial.prompt, cut.prompt))];
  if (!mutation.edits) {
    return [...shown, figure("Golden prompt", textBox(trial.prompt, cut.prompt)),
      figure("Sent", textBox(mutation.text, cut.text))];
  }
  const pieces = differences(trial.prompt, mutation.edits);
  const size = pieces.reduce((sum, [, text]) => sum + text.length, 0);
  const key = h("span", { class: "muted" }, h("del", {}, "taken away"), " ", h("ins", {}, "put in"));
  return [...shown, figure(["Sent ", key], inPart(size, cut.text || size, (end) => differenceNodes(pieces, end)))];
}

const figure = (caption, content) => h("figure", {}, h("figcaption", {}, caption), content);

function textBox(text, total, spans = []) {
  if (!text) return h("div", { class: "text" }, h("span", { class: "muted" }, "(empty)"));
  const points = Array.from(text);
  return inPart(points.length, total || points.length, (end) => marked(points, spans, end));
}

function replyNodes(trial) {
  if (trial.error) {
    return [figure(`No reply: ${trial.error.kind}`, textBox(trial.error.detail || trial.error.message))];
  }
  if (trial.reply === null) return [];
  const spans = trial.verdicts.filter((v) => v.status === "failed").flatMap((v) => v.evidence);
  return [figure("Replied", textBox(trial.reply, (trial.cut || {}).reply, spans))];
}

function verdictTable(trial) {
  if (!trial.verdicts.length) return null;
  const order = [...trial.verdicts].sort((a, b) => rank(a) - rank(b));
  return h("table", { class: "plain verdicts" },
    h("caption", { class: "unseen" }, "Verdicts"),
    h("tbody", {}, order.map((verdict) => h("tr", {},
      h("td", {}, statusMark(verdict.status)),
      h("th", { scope: "row" }, hostile(verdict.invariant),
        h("div", { class: "muted" }, `${verdict.severity}${verdict.implied ? " · brought by the mutation" : ""}`)),
      h("td", {}, hostile(verdict.detail.slice(0, 1000)))))));
}

// The request as a person would repeat it, or null where one HTTP request does not say it all.
function asCurl(trial) {
  const protocol = trial.mutation && trial.mutation.kind === "protocol";
  const conversation = (trial.mutation || trial).turns.length > 0;
  if (!/^https?:\/\//.test(about.target) || protocol || conversation || trial.cut) return null;
  const [method, headers, body] = about.request ||
    ["POST", [["Content-Type", "application/json"]], '{"input": "{prompt}"}'];
  const text = JSON.stringify(trial.mutation ? trial.mutation.text : trial.prompt).slice(1, -1);
  const words = ["curl", "-X", method, shellQuoted(about.target)];
  for (const [name, value] of headers) words.push("-H", withVariables(shellQuoted(`${name}: ${value}`)));
  if (body) words.push("--data-raw", shellQuoted(body.replace("{prompt}", () => text)));
  return words.join(" ");
}

// ASCII only, so that nothing invisible gets into a terminal; JSON understands \u.
function shellQuoted(text) {
  const ascii = text.replace(/[^\x20-\x7e]/g, (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"));
  return `'${ascii.replaceAll("'", "'\\''")}'`;
}

// ${NAME} leaves the single quotes, so that the shell puts the secret in.
const withVariables = (quoted) => quoted.replace(/\$\{\w+\}/g, (variable) => `'"${variable}"'`);
