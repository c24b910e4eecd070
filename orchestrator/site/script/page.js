// What the pages can do beyond being read: filters and keys in the matrix, comparing any two
// results, the choice of light or dark. Everything else works without.
"use strict";

// Before the first paint, so that nothing flashes.
const remembered = {
  get() {
    try { return localStorage.getItem("brokenpipe-theme"); } catch { return null; }
  },
  set(theme) {
    // A browser may forbid storage; the choice then lasts as long as the page.
    try { localStorage.setItem("brokenpipe-theme", theme); } catch { /* as said */ }
  },
};
if (remembered.get()) document.documentElement.dataset.theme = remembered.get();

const by_id = (id) => document.getElementById(id);

// Text is only ever put into pages as text: no markup is made from data.
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function theme_button() {
  document.querySelector(".theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remembered.set(root.dataset.theme);
  });
}
