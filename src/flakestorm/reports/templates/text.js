// Hostile text as nodes: isolated in direction, hidden characters shown by name, long texts shown in part.

const HIDDEN = new RegExp(
  "([\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Co}\\p{Cn}" +
  "\\u{34f}\\u{115f}\\u{1160}\\u{17b4}\\u{17b5}\\u{2800}\\u{3164}\\u{ffa0}\\u{fe00}-\\u{fe0f}\\u{e0100}-\\u{e01ef}]" +
  "|(?! )\\p{Zs})\\1*", "gu");
const SHOWN = 20000;
const NUMBER = new Intl.NumberFormat("en");

const nameOf = (character) => "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");

// One line for a table cell: line ends as ⏎, everything else hidden by its name.
function oneLine(text) {
  return text.replace(HIDDEN, (run, character) => {
    if (character === "\n") return " ⏎ ";
    return character === "\t" ? " " : nameOf(character);
  });
}

// A <bdi> with `text` in it; `changed` also marks line ends and the spaces that would go unseen.
function hostile(text, changed = false) {
  const shown = h("bdi", {});
  let done = 0;
  for (const match of text.matchAll(HIDDEN)) {
    const [run, character] = match;
    if (match.index > done) shown.append(text.slice(done, match.index));
    done = match.index + run.length;
    const count = run.length / character.length;
    if (character === "\n" || (character === "\t" && !changed)) {
      if (changed) shown.append(hiddenMark("⏎", count));
      shown.append(character.repeat(Math.min(count, 40)));
    } else {
      shown.append(hiddenMark(nameOf(character), count));
    }
  }
  shown.append(text.slice(done));
  return shown;
}

function hiddenMark(name, count) {
  return h("span", { class: "hidden-char" }, count > 1 ? `${name}×${count}` : name);
}

function spaced(text) {
  const inner = text.replace(/^ +| +$/g, "");
  if (!inner) return "␣".repeat(Math.min(text.length, 40));
  const start = text.indexOf(inner[0]);
  const end = text.length - start - inner.length;
  return "␣".repeat(start) + inner.replaceAll("  ", "␣␣") + "␣".repeat(Math.max(0, end));
}

// `render(characters)` for the beginning of a long text, with a button that shows the rest.
function inPart(characters, total, render) {
  const box = h("div", { class: "text", tabindex: "0" });
  const show = (end) => {
    box.replaceChildren(render(end));
    if (end < characters) {
      box.append(" … ", h("button", { type: "button", class: "quiet", onclick: () => show(characters) },
        `Show all ${NUMBER.format(characters)} characters`));
    } else if (total > characters) {
      box.append(h("p", { class: "muted" }, `Cut here: ${NUMBER.format(characters)} of ` +
        `${NUMBER.format(total)} characters. The JSON report has the whole text.`));
    }
  };
  show(Math.min(SHOWN, characters));
  return box;
}

// `points` (code points) up to `end`, with the spans of evidence in <mark>.
function marked(points, spans, end) {
  const shown = document.createDocumentFragment();
  let done = 0;
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const start = Math.max(from, done);
    const stop = Math.min(to, end);
    if (start >= stop) continue;
    shown.append(hostile(points.slice(done, start).join("")));
    shown.append(h("mark", {}, hostile(points.slice(start, stop).join(""), true)));
    done = stop;
  }
  shown.append(hostile(points.slice(done, end).join("")));
  return shown;
}
