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
  const verdicts_of = (is) => (is === "different" ? ["explained", "unexplained", "ahead", "behind"] : [is]);

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
