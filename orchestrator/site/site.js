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

// ---- The matrix

// "6.1" and "6.12.107" as numbers that compare; null where there is no version in front.
function version_of(text) {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found ? (+found[1] * 1000 + +found[2]) * 1000 + +(found[3] ?? 0) : null;
}

const listed = ["is", "family", "kernel"];

// "is:different since:6.1 sendfile" as what it asks for.
function parse_query(text) {
  const query = { words: [], is: [], family: [], kernel: [], since: "", until: "" };
  for (const token of text.trim().split(/\s+/).filter(Boolean)) {
    const [, key, value] = /^(is|family|kernel|since|until):(.*)$/.exec(token) ?? [];
    if (!key) query.words.push(token.toLowerCase());
    else if (!value) continue;
    else if (listed.includes(key)) query[key].push(value);
    else query[key] = value;
  }
  return query;
}

// The same text with one key set to these values and the rest as it was typed.
function with_values(text, key, values, remove = () => true) {
  const kept = text.trim().split(/\s+/).filter(Boolean)
    .filter((token) => !(token.startsWith(`${key}:`) && remove(token.slice(key.length + 1))));
  return [...kept, ...values.map((value) => `${key}:${value}`)].join(" ");
}

function glob(pattern) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

// Whether a version is from `since` on: "6.1" means the whole series.
function not_before(version, since) {
  return version !== null && version >= version_of(since);
}
function not_after(version, until) {
  const end = version_of(until);
  const whole_series = /^\d+\.\d+$/.test(until);
  return version !== null && version <= (whole_series ? end + 999 : end);
}

function matrix() {
  const table_box = by_id("matrix");
  const input = by_id("query");
  const groups = [...table_box.querySelectorAll(".group")].map((section) => ({
    section,
    family: section.dataset.family,
    size: section.querySelector(".corner small"),
    all_of_it: section.querySelector(".corner small").textContent,
    rows: [...section.querySelectorAll("tbody tr")].map((row) => ({ row, text: null })),
  }));
  // The first two columns are the scenario and the reference.
  const first_kernel = 2;
  const kernels = [...groups[0].section.querySelectorAll("thead th")].slice(first_kernel)
    .map((head) => ({
      id: head.querySelector("a").textContent,
      version: version_of(head.querySelector("small")?.textContent ?? ""),
    }));
  const column_style = document.head.appendChild(element("style"));
  const verdicts_of = (is) => (is === "different" ? ["explained", "unexplained"] : [is]);

  function text_of(entry, group) {
    // Read once, when first asked for: a large matrix is shown before it is searched.
    entry.text ??= `${group.section.dataset.name}/${entry.row.textContent} ${entry.row.dataset.more}`.toLowerCase();
    return entry.text;
  }

  function shown_columns(query) {
    const wanted = query.kernel.map(glob);
    const shown = [];
    kernels.forEach((kernel, index) => {
      if (wanted.length && !wanted.some((pattern) => pattern.test(kernel.id))) return;
      if (query.since && !not_before(kernel.version, query.since)) return;
      if (query.until && !not_after(kernel.version, query.until)) return;
      shown.push(index);
    });
    return shown;
  }

  function hide_columns(shown) {
    const visible = new Set(shown);
    const hidden = kernels.map((_, index) => index).filter((index) => !visible.has(index));
    column_style.textContent = hidden.length
      ? `${hidden.map((i) => `.group tr > :nth-child(${i + first_kernel + 1})`).join()}{display:none}`
      : "";
    table_box.style.setProperty("--columns", shown.length);
  }

  function matches(entry, group, query, columns) {
    if (query.family.length && !query.family.includes(group.family)) return false;
    if (!query.words.every((word) => text_of(entry, group).includes(word))) return false;
    if (!query.is.length) return true;
    const cells = columns.map((index) => entry.row.cells[index + first_kernel]);
    return query.is.some((is) => {
      if (is === "changing") return answer_differently(entry, columns);
      const wanted = verdicts_of(is);
      return cells.some((cell) => wanted.includes(cell.className));
    });
  }

  // By all that the kernels saw, of which a cell tells one step. A row whose kernels all answer
  // alike does not say so for each; `-` is a kernel without an answer.
  function answer_differently(entry, columns) {
    entry.answers ??= entry.row.dataset.answers?.split(" ") ?? [];
    return new Set(columns.map((index) => entry.answers[index]).filter((answer) => answer !== "-")).size > 1;
  }

  function apply(text) {
    const query = parse_query(text);
    const columns = shown_columns(query);
    hide_columns(columns);
    let shown = 0;
    let all = 0;
    for (const group of groups) {
      let here = 0;
      for (const entry of group.rows) {
        const hit = matches(entry, group, query, columns);
        if (entry.row.hidden === hit) entry.row.hidden = !hit;
        here += hit;
      }
      group.section.hidden = here === 0;
      group.section.style.setProperty("--rows", here);
      const size = group.rows.length;
      group.size.textContent = here === size ? group.all_of_it : `${here} of ${size}`;
      shown += here;
      all += group.rows.length;
    }
    by_id("count").textContent =
      `${shown} of ${all} scenarios, ${columns.length} of ${kernels.length} kernels`;
    by_id("empty").hidden = shown > 0;
    table_box.hidden = shown === 0;
    show_state(query);
  }

  function show_state(query) {
    by_id("family").value = query.family.length === 1 ? query.family[0] : "";
    by_id("kernel").value = query.kernel.length === 1 ? query.kernel[0] : "";
    by_id("since").value = query.since;
    by_id("changing").checked = query.is.includes("changing");
    for (const box of document.querySelectorAll("input[name=is]"))
      box.checked = query.is.some((is) => verdicts_of(is).includes(box.value));
  }

  function set_query(text) {
    input.value = text;
    const hash = text.trim() ? `#q=${encodeURIComponent(text.trim()).replaceAll("%20", "+").replaceAll("%3A", ":")}` : "#";
    history.replaceState(null, "", hash);
    apply(text);
  }

  function from_address() {
    const asked = /^#q=(.*)$/.exec(location.hash);
    if (!asked) return "";
    try {
      return decodeURIComponent(asked[1].replaceAll("+", " "));
    } catch {
      return asked[1];
    }
  }

  input.addEventListener("input", () => set_query(input.value));
  for (const key of ["family", "kernel", "since"])
    by_id(key).addEventListener("change", (event) => {
      const value = event.target.value;
      set_query(with_values(input.value, key, value ? [value] : []));
    });
  by_id("changing").addEventListener("change", (event) =>
    set_query(with_values(input.value, "is", event.target.checked ? ["changing"] : [], (v) => v === "changing")));
  for (const box of document.querySelectorAll("input[name=is]"))
    box.addEventListener("change", () => {
      const chosen = [...document.querySelectorAll("input[name=is]:checked")].map((b) => b.value);
      set_query(with_values(input.value, "is", chosen, (v) => v !== "changing"));
    });
  for (const id of ["clear", "clear-empty"])
    by_id(id).addEventListener("click", () => { set_query(""); input.focus(); });
  by_id("filters").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => {
    input.value = from_address();
    apply(input.value);
  });
  keyboard(table_box, input);
  if (from_address()) {
    input.value = from_address();
    apply(input.value);
  } else {
    by_id("count").textContent =
      `${groups.reduce((sum, group) => sum + group.rows.length, 0)} scenarios, ${kernels.length} kernels`;
  }
}

// The arrow keys walk from cell to cell, through all tables as if they were one.
function keyboard(box, input) {
  const visible = (cell) => cell.offsetParent !== null;
  const rows = () => [...box.querySelectorAll("tbody tr:not([hidden])")]
    .filter((row) => !row.closest(".group").hidden);
  const cells = (row) => [...row.cells].filter((cell) => getComputedStyle(cell).display !== "none");

  function go(cell) {
    if (!cell) return;
    const target = cell.querySelector("a") ?? cell;
    if (target === cell) cell.tabIndex = -1;
    target.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  box.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const cell = event.target.closest("td, tbody th");
    const all = rows();
    if (!cell) {
      if (event.target === box && event.key === "ArrowDown" && all.length) {
        event.preventDefault();
        go(cells(all[0])[0]);
      }
      return;
    }
    const row = cell.closest("tr");
    const column = cells(row).indexOf(cell);
    const step = (by) => {
      const next = all[all.indexOf(row) + by];
      if (next) go(cells(next)[column]);
    };
    const moves = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      ArrowRight: () => go(cells(row)[column + 1]),
      ArrowLeft: () => go(cells(row)[column - 1]),
      Home: () => go(cells(row)[0]),
      End: () => go(cells(row).at(-1)),
      Enter: () => location.assign(row.querySelector("th a").href),
    };
    if (!moves[event.key] || (event.key === "Enter" && event.target.matches("a"))) return;
    event.preventDefault();
    moves[event.key]();
  });
  box.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell && visible(cell)) go(cell);
  });
  box.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tbody tr");
    if (row) location.assign(row.querySelector("th a").href);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea")) {
      event.preventDefault();
      input.focus();
      input.select();
    }
    if (event.key === "Escape") document.querySelector(".help").open = false;
  });
}

// ---- Comparing two results: the rules of results/diff.cpp, over texts

const unanswered = ["broken", "timed_out"];

function find_step(trace, place) {
  return trace.steps.find(([id]) => id === place)?.[1];
}

function value_at(trace, place) {
  return place === "ending" ? trace.told : find_step(trace, place) ?? "not made";
}

const number_of = ([major, minor, patch]) => (major * 1000 + minor) * 1000 + patch;
const same_series = (one, other) => one[0] === other[0] && one[1] === other[1];

// Where on the way from one version to the other a change comes or goes: way_point() of
// results/changes.cpp.
function way_point(change, from, to, from_has_it) {
  const [having, lacking] = from_has_it ? [from, to] : [to, from];
  let turn = change.mainline;
  if (change.until && number_of(lacking) >= number_of(change.until)) turn = change.until;
  else if (number_of(having) < number_of(change.mainline))
    turn = change.stable.find((version) => same_series(version, having));
  const along = number_of(from) < number_of(to) ? number_of(turn) : -number_of(turn);
  if (same_series(from, to)) return [0, along];
  if (turn[2] > 0 && same_series(turn, from)) return [0, -number_of(turn)];
  if (turn[2] > 0 && same_series(turn, to)) return [2, number_of(turn)];
  return [1, along];
}

const before_on_the_way = (one, other) =>
  one.when[0] !== other.when[0] ? one.when[0] < other.when[0] : one.when[1] < other.when[1];

// The changes that lead from one value to the other in the order of their releases, the shortest
// way; none where nothing does. As results/explanations.cpp.
function explain(moves, active, place, from, to) {
  const here = moves
    .filter(([change, step]) => step === place && active.has(change))
    .map(([change, , before, after]) => {
      const { backwards, when } = active.get(change);
      return { change, when, from: backwards ? after : before, to: backwards ? before : after };
    });
  const begun = [[]];
  while (begun.length) {
    const way = begun.shift();
    const last = way.at(-1);
    for (const next of here) {
      if (next.from !== (last ? last.to : from) || (last && before_on_the_way(next, last))) continue;
      if (way.includes(next)) continue;
      const further = [...way, next];
      if (next.to === to) return further.map(({ change }) => change);
      begun.push(further);
    }
  }
  return [];
}

// The changes that one of two kernels has and the other has not.
function changes_between(changes, a, b) {
  const active = new Map();
  if (!a.number || !b.number) return active;
  const [before, after] = [new Set(a.changes), new Set(b.changes)];
  changes.forEach((change, index) => {
    if (before.has(index) === after.has(index)) return;
    const backwards = before.has(index);
    active.set(index, { backwards, when: way_point(change, a.number, b.number, backwards) });
  });
  return active;
}

// `one` and `other` are the results, `a` and `b` what they saw; `due`: the first should have seen it.
function judge(scenario, one, other, a, b, due, active) {
  if (!b)
    return { verdict: "inconclusive", reason: other.whole ? "the probe does not have this scenario" : "the guest did not get to it" };
  if (unanswered.includes(b.ending)) return { verdict: "inconclusive", reason: `${b.ending}: ${b.reason}` };
  if (!a && b.disagreeing) return { verdict: "flaky", reason: "" };
  if (!a) return due ? { verdict: "inconclusive", reason: "A did not get to it" } : { verdict: "unreferenced", reason: "" };
  if (unanswered.includes(a.ending)) return { verdict: "inconclusive", reason: `A: ${a.ending}: ${a.reason}` };
  const steady = !a.disagreeing && !b.disagreeing;
  if (steady && a.ending === "unsupported" && b.ending !== "unsupported") return { verdict: "new", reason: a.reason };
  if (steady && b.ending === "unsupported" && a.ending !== "unsupported") return { verdict: "gone", reason: b.reason };

  const places = ["ending", ...b.steps.map(([id]) => id)];
  for (const [id] of a.steps) if (!places.includes(id)) places.push(id);
  const flaky = (trace, place) =>
    (trace.disagreeing ?? []).some((other) => value_at(other, place) !== value_at(trace, place));
  // The same probe makes the same steps: one that is not there was not made.
  const whole = one.probe === other.probe;
  const judged = places.map((place) => {
    const from = whole || place === "ending" ? value_at(a, place) : find_step(a, place);
    const to = value_at(b, place);
    if (flaky(a, place) || flaky(b, place)) return { place, verdict: "flaky", from, to };
    if (from === undefined) return { place, verdict: "unreferenced", from: "", to };
    if (from === to) return { place, verdict: "same", from, to };
    const why = explain(scenario.moves, active, place, from, to);
    return { place, verdict: why.length ? "explained" : "unexplained", from, to, why };
  });
  const steps = judged.filter(({ place }) => place !== "ending");
  const any = (verdict) => judged.some((place) => place.verdict === verdict);
  let verdict = "same";
  if (any("flaky")) verdict = "flaky";
  else if (any("unexplained")) verdict = "unexplained";
  else if (any("explained")) verdict = "explained";
  else if (steps.some((s) => s.verdict === "unreferenced") && !steps.some((s) => s.verdict === "same"))
    verdict = "unreferenced";
  return { verdict, reason: "", places: judged };
}

// Every scenario of two results, with its verdict; those that were not asked for are left out.
function compare(data, a, b) {
  const active = changes_between(data.changes, a, b);
  const compared = [];
  data.scenarios.forEach((scenario, index) => {
    const [before, after] = [a.traces[index], b.traces[index]];
    if (after === -2 || (after < 0 && before < 0)) return;
    const due = !a.whole && before === -1;
    compared.push({
      scenario,
      ...judge(scenario, a, b, scenario.traces[before], scenario.traces[after], due, active),
    });
  });
  return compared;
}

function compare_page() {
  const data = window.brokenpipe_results;
  const [a, b] = [by_id("a"), by_id("b")];
  const name_of = (result) => `${result.kernel}@${result.run}`;
  // As `brokenpipe diff A B` has it.
  const labels = {
    unexplained: "changed, unexplained", explained: "changed, explained",
    new: "appeared", gone: "disappeared", unreferenced: "not in A",
  };
  const label_of = (verdict) => labels[verdict] ?? verdict;
  const order = ["unexplained", "explained", "new", "gone", "flaky", "inconclusive", "unreferenced", "same"];

  for (const select of [a, b]) {
    const groups = new Map();
    for (const result of data.results) {
      if (!groups.has(result.kernel)) groups.set(result.kernel, element("optgroup", { label: result.kernel }));
      // The newest night first.
      groups.get(result.kernel).prepend(
        element("option", { value: name_of(result) }, `${result.kernel} ${result.version}, ${result.started}`));
    }
    select.append(...groups.values());
  }

  function from_address() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const known = (name) => data.results.some((result) => name_of(result) === name);
    const newest = (kernel) => [...data.results].reverse().find((result) => result.kernel === kernel);
    const pick = (key, fallback) => {
      const name = asked.get(key);
      if (name && known(name)) return name;
      const found = name && newest(name);
      return name_of(found || fallback);
    };
    const ids = [...new Set(data.results.map((result) => result.kernel))];
    a.value = pick("a", newest(ids[0]));
    b.value = pick("b", newest(ids.at(-1)));
    by_id("all").checked = asked.has("all");
  }

  function why_of(place) {
    return (place.why ?? []).map((change) => {
      const { id, commit, subject } = data.changes[change];
      return element("a", { href: `changes.html#${encodeURIComponent(id)}` },
        element("code", {}, commit), ` ${subject} `);
    });
  }

  function rows_of(entry, all) {
    const places = (entry.places ?? []).filter((place) => all || place.verdict !== "same");
    const told = places.length ? places : [{ place: "", verdict: entry.verdict, from: "", to: entry.reason }];
    return told.map((place, index) => {
      const row = element("tr");
      if (index === 0)
        row.append(element("th", { scope: "rowgroup", rowSpan: told.length },
          element("a", { href: entry.scenario.page }, entry.scenario.id)));
      row.append(
        element("td", {}, place.place),
        element("td", {}, element("code", {}, place.from ?? "")),
        element("td", {}, element("span", { className: `cell ${place.verdict}`, title: label_of(place.verdict) }, place.to)),
        element("td", {}, ...why_of(place)));
      return row;
    });
  }

  function show() {
    const [before, after] = [a, b].map((select) =>
      data.results.find((result) => name_of(result) === select.value));
    const all = by_id("all").checked;
    const compared = compare(data, before, after);
    const count = (verdict) => compared.filter((entry) => entry.verdict === verdict).length;
    by_id("summary").textContent = order.filter((verdict) => count(verdict))
      .map((verdict) => `${count(verdict)} ${label_of(verdict)}`).join(", ") || "nothing to compare";
    const sections = order.filter((verdict) => (all || verdict !== "same") && count(verdict)).map((verdict) => {
      const heading = element("h2", { id: `verdict-${verdict}`, className: "label" }, `${label_of(verdict)} `, element("small", {}, `${count(verdict)}`));
      const table = element("table", { className: "list" },
        element("thead", {}, element("tr", {},
          ...["Scenario", "Step", before.kernel, after.kernel, "Why"].map((text) => element("th", { scope: "col" }, text)))),
        ...compared.filter((entry) => entry.verdict === verdict)
          .map((entry) => element("tbody", {}, ...rows_of(entry, all))));
      const box = element("div", { className: "scroll", tabIndex: 0 }, table);
      box.setAttribute("role", "region");
      box.setAttribute("aria-labelledby", heading.id);
      return element("section", {}, heading, box);
    });
    if (!sections.length) sections.push(element("p", {}, "They answer alike."));
    by_id("result").replaceChildren(...sections);
  }

  function changed() {
    const address = new URLSearchParams({ a: a.value, b: b.value });
    if (by_id("all").checked) address.set("all", "");
    history.replaceState(null, "", `#${address}`);
    show();
  }
  for (const id of ["a", "b", "all"]) by_id(id).addEventListener("change", changed);
  by_id("swap").addEventListener("click", () => {
    [a.value, b.value] = [b.value, a.value];
    changed();
  });
  by_id("compare").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => { from_address(); show(); });
  from_address();
  show();
}

document.addEventListener("DOMContentLoaded", () => {
  for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
  theme_button();
  if (by_id("matrix")) matrix();
  if (by_id("compare")) compare_page();
});
