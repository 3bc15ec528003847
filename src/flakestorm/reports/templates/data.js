// The trials of the page: rows of the index at once, everything about a trial when it is asked for.

const STATUSES = ["passed", "failed", "errored", "inconclusive", "skipped"];
const SIGNS = { passed: "✓", failed: "✕", errored: "!", inconclusive: "?", skipped: "–" };
const blocks = { trials: [], index: [], names: [], about: [] };
const opened = new Map();
let rows = [];
let names = {};
let about = {};
let textsRead = null;

async function unpack(element) {
  const packed = atob(element.textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).json();
}

async function readIndex() {
  for (const element of document.querySelectorAll("script[data-block]")) {
    blocks[element.dataset.block].push(element);
  }
  [names] = await Promise.all(blocks.names.map(unpack));
  [about] = await Promise.all(blocks.about.map(unpack));
  rows = (await Promise.all(blocks.index.map(unpack))).flat().map(asRow);
}

function asRow(cells, order) {
  const [id, prompt, type, operator, scenario, repeat, status, latency, broken, sent, reply, block, place, judging] = cells;
  return {
    id, order, repeat, latency, sent, reply, block, place,
    prompt: names.prompts[prompt],
    label: names.labels[prompt],
    type: names.types[type],
    operator: names.operators[operator],
    scenario: names.scenarios[scenario],
    status: STATUSES[status],
    broken: broken.map((rule) => names.rules[rule]),
    judging,
    text: null,
  };
}

// A few blocks stay open: going through a table opens its neighbours.
async function openBlock(number) {
  if (!opened.has(number)) {
    if (opened.size > 4) opened.delete(opened.keys().next().value);
    opened.set(number, unpack(blocks.trials[number]));
  }
  return opened.get(number);
}

async function trialOf(row) {
  return (await openBlock(row.block))[row.place];
}

function textOf(row) {
  if (row.text === null) {
    return [row.id, row.label, row.operator, row.scenario, ...row.broken, row.sent, row.reply].join("\n").toLowerCase();
  }
  return row.text;
}

// Reads every trial once for the full-text search; `progress(share)` is called now and then.
function readTexts(progress) {
  textsRead = textsRead || (async () => {
    const inBlock = groupedByBlock();
    for (let number = 0; number < blocks.trials.length; number++) {
      const trials = await unpack(blocks.trials[number]);
      for (const row of inBlock.get(number) || []) row.text = fullText(row, trials[row.place]);
      if (number % 8 === 7) progress((number + 1) / blocks.trials.length);
    }
    progress(1);
  })();
  return textsRead;
}

function groupedByBlock() {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row.block)) groups.set(row.block, []);
    groups.get(row.block).push(row);
  }
  return groups;
}

function fullText(row, trial) {
  const mutation = trial.mutation;
  const error = trial.error;
  return [
    row.id, row.label, row.operator, row.scenario, ...row.broken, trial.prompt, ...trial.turns,
    ...(mutation ? [mutation.text, ...mutation.turns, mutation.canary || ""] : []),
    trial.reply || "", ...trial.replies, ...(error ? [error.message, error.detail] : []),
    ...trial.verdicts.map((verdict) => verdict.detail), trial.note,
  ].join("\n").toLowerCase();
}
