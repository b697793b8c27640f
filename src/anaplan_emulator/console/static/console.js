// Everything but copying and live updates works without scripts.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const status = button.parentElement.querySelector("[role=status]");
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(source.textContent).then(
      () => { status.textContent = "Copied."; },
      () => { status.textContent = "The browser does not allow copying: select the text instead."; },
    );
  });
}
document.documentElement.classList.add("scripts");

// An update keeps the position in wide tables.
let positions = [];
const tables = () => [...document.querySelectorAll("#live .scroll")];
document.addEventListener("htmx:beforeSwap", () => {
  positions = tables().map((table) => table.scrollLeft);
});
document.addEventListener("htmx:afterSwap", () => {
  tables().forEach((table, index) => { table.scrollLeft = positions[index] ?? 0; });
});

// The state of the page is in doubt while the emulator does not answer.
let lastStatus = null;
document.addEventListener("htmx:sendError", () => {
  const status = document.getElementById("live-status");
  if (status !== null && lastStatus === null) {
    lastStatus = status.textContent;
    status.textContent = "The emulator does not answer.";
  }
});
document.addEventListener("htmx:afterOnLoad", () => {
  const status = document.getElementById("live-status");
  if (status !== null && lastStatus !== null) {
    status.textContent = lastStatus;
    lastStatus = null;
  }
});
