// What a mutation changed: kept, taken away and put in, from its edits; long replacements word by word.

const MOST_WORDS = 400;

function differences(before, edits) {
  const points = Array.from(before);
  const found = [];
  let done = 0;
  for (const [start, end, replacement] of edits) {
    found.push(["=", points.slice(done, start).join("")]);
    found.push(...compareWords(points.slice(start, end).join(""), replacement));
    done = end;
  }
  found.push(["=", points.slice(done).join("")]);
  return found.filter(([, text]) => text);
}

function compareWords(oldText, newText) {
  const words = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;
  const a = oldText.match(words) || [];
  const b = newText.match(words) || [];
  const whole = [["-", oldText], ["+", newText]];
  if (Math.min(a.length, b.length) < 2 || Math.max(a.length, b.length) > MOST_WORDS) return whole;
  const pieces = walk(a, b, commonLengths(a, b));
  const kept = pieces.reduce((sum, [kind, text]) => sum + (kind === "=" ? text.length : 0), 0);
  // Two texts that share a few small words read better whole than shredded.
  return kept < 0.3 * Math.min(oldText.length, newText.length) ? whole : pieces;
}

// lengths[i][j]: how many words a[i…] and b[j…] have in common, in order.
function commonLengths(a, b) {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

function walk(a, b, lengths) {
  const pieces = [];
  const add = (kind, word) => {
    const last = pieces[pieces.length - 1];
    if (last && last[0] === kind) last[1] += word;
    else pieces.push([kind, word]);
  };
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) { add("=", a[i]); i++; j++; }
    else if (lengths[i + 1][j] >= lengths[i][j + 1]) add("-", a[i++]);
    else add("+", b[j++]);
  }
  while (i < a.length) add("-", a[i++]);
  while (j < b.length) add("+", b[j++]);
  return pieces;
}

// Pieces as nodes, up to `budget` characters of them.
function differenceNodes(pieces, budget) {
  const shown = document.createDocumentFragment();
  let left = budget;
  for (const [kind, text] of pieces) {
    if (left <= 0) break;
    const part = text.length > left ? text.slice(0, left) : text;
    left -= part.length;
    if (kind === "=") shown.append(hostile(part));
    else shown.append(h(kind === "-" ? "del" : "ins", {}, hostile(spaced(part), true)));
  }
  return shown;
}
