// What is looked at, kept in the address: a view can be linked, and Back goes back to it.

const KEYS = ["q", "status", "prompt", "type", "scenario", "cause", "rule", "sort", "trial"];
let state = {};

// An address like #causes names a section; only name=value pairs are a state.
function stateFromAddress() {
  const fragment = location.hash.slice(1);
  if (fragment && !fragment.includes("=")) return null;
  const found = new URLSearchParams(fragment);
  return Object.fromEntries(KEYS.filter((key) => found.get(key)).map((key) => [key, found.get(key)]));
}

function addressOf(changes) {
  const next = { ...state, ...changes };
  const words = new URLSearchParams();
  for (const key of KEYS) if (next[key]) words.set(key, next[key]);
  return "#" + words.toString();
}

// `step` leaves a place in the history to come back to.
function change(changes, step = false) {
  const address = addressOf(changes);
  state = { ...state, ...changes };
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  show();
}
