// Copy buttons, and timelines that can be zoomed. Without it everything can be read and selected all the same.
"use strict";

function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

async function copy(text, shown) {
  if (window.isSecureContext && navigator.clipboard) {
    try {
      return await navigator.clipboard.writeText(text);
    } catch { /* refused: by selection, below */ }
  }
  getSelection().selectAllChildren(shown);
  document.execCommand("copy");
}

function addCopyButton(place) {
  const shown = place.firstElementChild;
  const made = button("Copy", `Copy: ${shown.textContent.slice(0, 80)}`, async () => {
    await copy(shown.textContent, shown);
    made.textContent = "Copied";
    setTimeout(() => { made.textContent = "Copy"; }, 2000);
  });
  place.append(made);
}

// The bars of a timeline are drawings 100 wide; a part of them is shown by the same window on each.
function addZoom(region) {
  const whole = Number(region.dataset.seconds), bars = region.querySelectorAll("svg");
  if (!(whole > 0)) return;
  let start = 0, width = 100;
  const said = document.createElement("output");
  const seconds = (part) => (part / 100 * whole).toFixed(whole * width > 10 ? 2 : 4);
  const show = (newStart, newWidth) => {
    width = Math.min(100, Math.max(0.01, newWidth));
    start = Math.min(100 - width, Math.max(0, newStart));
    for (const bar of bars) bar.setAttribute("viewBox", `${start} 0 ${width} 8`);
    said.textContent = `${seconds(start)} to ${seconds(start + width)} s`;
  };
  const zoom = (factor, at = start + width / 2) => show(at - (at - start) * factor, width * factor);
  const acts = {
    "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => show(0, 100),
    ArrowLeft: () => show(start - width / 4, width), ArrowRight: () => show(start + width / 4, width),
  };
  region.addEventListener("keydown", (event) => {
    const panned = event.key.startsWith("Arrow") && width === 100;
    if (event.target !== region || event.ctrlKey || event.metaKey || event.altKey || panned) return;
    if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });
  for (const bar of bars) {
    bar.parentElement.addEventListener("dblclick", (event) => {
      const box = bar.getBoundingClientRect();
      zoom(event.shiftKey ? 2 : 0.5, start + (event.clientX - box.left) / box.width * width);
    });
  }
  const tools = document.createElement("div");
  tools.className = "zoom";
  tools.append(
    button("+", "Zoom in (+)", acts["+"]), button("−", "Zoom out (-)", acts["-"]), button("All", "Show all (0)", acts["0"]),
    button("◀", "Earlier (arrow left)", acts.ArrowLeft), button("▶", "Later (arrow right)", acts.ArrowRight), said,
  );
  region.before(tools);
  show(0, 100);
}

// What is folded waits until it is opened: a report may hold thousands of timelines.
const additions = new Map([[".copyable", addCopyButton], [".zoomable", addZoom]]);
const done = new WeakSet();
function equip(part) {
  for (const [places, act] of additions) {
    for (const place of part.querySelectorAll(places)) {
      if (done.has(place) || place.closest("details:not([open])")) continue;
      done.add(place);
      act(place);
    }
  }
}
equip(document);
document.addEventListener("toggle", (event) => { equip(event.target); }, true);

// A finding that a link leads to is opened.
function reveal() {
  const id = decodeURIComponent(location.hash.slice(1));
  const found = id && document.getElementById(id)?.querySelector(":scope > details");
  if (found) found.open = true;
}
addEventListener("hashchange", reveal);
reveal();
