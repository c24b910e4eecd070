// ---- Comparing two results: the rules of results/side_by_side.cpp, over texts

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
  const ended = change.until_stable.find(
    (version) => same_series(version, lacking) && number_of(lacking) >= number_of(version));
  if (change.until && number_of(lacking) >= number_of(change.until)) turn = change.until;
  else if (ended) turn = ended;
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
  if (!b && other.whole) return { verdict: "not-asked", reason: "its probe does not know this scenario" };
  if (!b) return { verdict: "inconclusive", reason: "the guest did not get to it" };
  if (unanswered.includes(b.ending)) return { verdict: "inconclusive", reason: `${b.ending}: ${b.reason}` };
  if (!a && b.disagreeing) return { verdict: "flaky", reason: "" };
  if (!a) return due ? { verdict: "inconclusive", reason: "A did not get to it" } : { verdict: "unreferenced", reason: "" };
  if (unanswered.includes(a.ending)) return { verdict: "inconclusive", reason: `A: ${a.ending}: ${a.reason}` };
  const steady = !a.disagreeing && !b.disagreeing;
  const [a_lacks, b_lacks] = [a, b].map((trace) => trace.ending === "unsupported");
  if (steady && (a_lacks || b_lacks)) {
    // Unsupported is an answer where something shows that the kernel lacks it.
    if (b_lacks && !b.lacks) return { verdict: "not-asked", reason: b.reason };
    if (a_lacks && !a.lacks) return { verdict: "not-asked", reason: `A could not be asked: ${a.reason}` };
    if (a_lacks && b_lacks) return { verdict: "absent", reason: b.reason };
    return a_lacks ? { verdict: "new", reason: a.reason } : { verdict: "gone", reason: b.reason };
  }

  const places = ["ending", ...b.steps.map(([id]) => id)];
  for (const [id] of a.steps) if (!places.includes(id)) places.push(id);
  const flaky = (trace, place) =>
    (trace.disagreeing ?? []).some((other) => value_at(other, place) !== value_at(trace, place));
  // What the kernel said, nobody knows whose probe did not read its log.
  const unheard = (result, trace, place) =>
    !result.kernel_log && place.startsWith("kernel#") && find_step(trace, place) === undefined;
  // The same probe makes the same steps: one that is not there was not made.
  const whole = one.probe === other.probe;
  const judged = places.map((place) => {
    // What the kernel itself says, it says, or is silent.
    const known = whole || place === "ending" || place.startsWith("kernel#");
    const from = known ? value_at(a, place) : find_step(a, place);
    const to = value_at(b, place);
    if (flaky(a, place) || flaky(b, place)) return { place, verdict: "flaky", from, to };
    if (unheard(one, a, place) || unheard(other, b, place)) return { place, verdict: "not-asked", from, to };
    if (from === undefined) return { place, verdict: "unreferenced", from: "", to };
    if (from === to) return { place, verdict: "same", from, to };
    const why = explain(scenario.moves, active, place, from, to);
    return { place, verdict: why.length ? "explained" : "unexplained", from, to, why };
  });
  const any = (verdict) => judged.some((place) => place.verdict === verdict);
  const verdict = ["unexplained", "flaky", "explained", "unreferenced"].find(any) ?? "same";
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
    new: "appeared", gone: "disappeared", unreferenced: "not in A", "not-asked": "not asked",
  };
  const label_of = (verdict) => labels[verdict] ?? verdict;
  const order = ["unexplained", "explained", "new", "gone", "flaky", "not-asked", "inconclusive", "unreferenced", "absent", "same"];

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
