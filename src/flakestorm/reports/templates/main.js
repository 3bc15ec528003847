// Starts the page and listens to the address and the keyboard.

function show() {
  showChoices();
  list();
  showDrawer();
  if (state.q && !textsRead) readTexts(() => list(true));
}

function readAddress(scroll) {
  const next = stateFromAddress();
  if (next === null) return;
  const { trial, ...asked } = next;
  state = next;
  show();
  if (scroll && Object.keys(asked).length) byId("trials").scrollIntoView();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "Escape") {
    if (state.trial) change({ trial: "" });
    else if (typing) typing.blur();
    return;
  }
  if (typing) return;
  const onRow = event.target.closest("tr[data-place]");
  const acts = {
    "/": () => { byId("search").focus(); byId("search").select(); },
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: onRow && (() => step(1)),
    ArrowUp: onRow && (() => step(-1)),
    Enter: onRow && !event.target.closest("a, button") &&
      (() => change({ trial: listed[Number(onRow.dataset.place)].id }, true)),
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
}

async function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (button) copy(button);
  });
  if (!("DecompressionStream" in window)) {
    byId("found").textContent = "This browser cannot unpack the trials; any browser from 2023 on can.";
    return;
  }
  await readIndex();
  fillChoices();
  listenToFilters();
  listenToTable();
  addEventListener("hashchange", () => readAddress(true));
  addEventListener("popstate", () => readAddress(false));
  document.addEventListener("keydown", onKey);
  readAddress(false);
  if (stateFromAddress() === null) show();
  document.documentElement.dataset.ready = "true";
}

start();
