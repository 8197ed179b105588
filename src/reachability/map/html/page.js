// The page: headline, filters, views, keys, colours.
function pick(chosen) {
  state.pick = chosen;
  showPanel();
  if (currentView() === "map") drawLines();
  else if (currentView() === "matrix") paint();
  if (chosen && window.innerWidth < 1000) panel.scrollIntoView({ block: "start" });
  keepPlace();
}
const currentView = () => state.view || (workloads.length > 150 && livedIn.length > 40 ? "matrix" : "map");

function render() {
  filter();
  const view = $("view");
  const kind = currentView();
  if (kind === "map") drawMap(view);
  else if (kind === "matrix") drawMatrix(view);
  else drawList(view);
  const count = countPairs();
  const chosen = hasFilter() ? `${wanted.filter(Boolean).length.toLocaleString("en")} of ${plural(workloads.length, "workload")} match.` : `${plural(count, "pair")} of ${(workloads.length * (workloads.length - 1)).toLocaleString("en")} may connect.`;
  const hint = kind === "map" && edges.length > linesMax ? ` ${edges.length.toLocaleString("en")} lines: they are drawn for what you point at or select.` : kind === "map" && !isSmall ? " Double-click on a namespace to open it." : "";
  $("count").textContent = chosen + hint;
  syncChips();
  showPanel();
  keepPlace();
}

function headline() {
  const count = (key) => workloads.filter(sorts[key].holds).length;
  const closed = livedIn.filter((space) => space.members.every((index) => sorts.both.holds(workloads[index]))).length;
  const open = count("world");
  const parts = [closed === livedIn.length ? "Every namespace is isolated both ways" : closed === 0 ? "No namespace is isolated both ways" : `${closed} of ${livedIn.length} namespaces are isolated both ways`,
    open === 0 ? "nothing is open to the world" : open === workloads.length ? "every workload is open to the world" : `${plural(open, "workload")} ${open === 1 ? "is" : "are"} open to the world`];
  $("headline").textContent = parts.join("; ");
  if (data.meshed) {
    let all = 0;
    let secured = 0;
    for (const row of rows) {
      if (isNothing(row)) continue;
      each(row.runs, (n) => {
        const count = classes[row.source].members.length * (classes[n].members.length - (n === row.source ? 1 : 0));
        all += count;
        if (isEncrypted(row)) secured += count;
      });
    }
    $("headline").append(element("span", "sub-line", `The mesh encrypts ${secured.toLocaleString("en")} of ${plural(all, "permitted pair")}.`));
  }
  for (const [key, sort] of Object.entries(sorts)) {
    if (key === "entry" && !entries.length) continue;
    const item = element("li", sort.tone);
    const tile = button("tile", "", () => { state.tile = state.tile === key ? "" : key; render(); });
    tile.dataset.key = key;
    const number = count(key);
    tile.append(element("span", number ? "number" : "number zero", number.toLocaleString("en")), " ", element("span", "word", sort.title));
    item.append(tile);
    $("tiles").append(item);
  }
  for (const note of data.notes.slice(0, 50)) {
    const made = element("div", "alarm");
    made.append(element("p", "", visible(note)));
    $("notes").append(made);
  }
}

const verdictNames = [["allowed", "low"], ["perhaps", "medium"], ["denied", "high"]];
const viewNames = [["map", "Map"], ["matrix", "Matrix"], ["list", "List"]];
function buildFilters() {
  const select = $("namespace");
  const option = (value, words) => { const made = element("option", "", words); made.value = value; select.append(made); };
  option("*", `all (${livedIn.length})`);
  for (const space of livedIn) option(String(space.index), `${space.name} (${space.members.length})`);
  select.addEventListener("change", () => { state.namespace = select.value; state.pick = select.value === "*" ? null : { space: Number(select.value) }; render(); });
  for (const [name, tone] of verdictNames) {
    const made = button(`chip ${tone}`, name, () => {
      if (state.verdicts.has(name)) state.verdicts.delete(name); else state.verdicts.add(name);
      // What is denied is no line: it is listed.
      if (name === "denied" && state.verdicts.has(name) && currentView() === "map") state.view = "list";
      render();
    });
    made.dataset.verdict = name;
    $("verdicts").append(made);
  }
  const outside = button("chip high", "outside only", () => { state.outsideOnly = !state.outsideOnly; render(); });
  outside.dataset.outside = "1";
  $("verdicts").append(outside);
  for (const [name, title] of viewNames) {
    const made = button("chip low view", title, () => { state.view = name; render(); });
    made.dataset.view = name;
    $("views").append(made);
  }
  const names = $("names");
  for (const one of workloads.slice(0, 3000)) {
    const made = element("option");
    made.value = `${one.spaceName}/${one.name}`;
    names.append(made);
  }
}
function syncChips() {
  for (const made of document.querySelectorAll("[data-verdict]")) made.setAttribute("aria-pressed", String(state.verdicts.has(made.dataset.verdict)));
  for (const made of document.querySelectorAll("[data-outside]")) made.setAttribute("aria-pressed", String(state.outsideOnly));
  for (const made of document.querySelectorAll("[data-view]")) made.setAttribute("aria-pressed", String(currentView() === made.dataset.view));
  for (const made of document.querySelectorAll("[data-key]")) made.setAttribute("aria-pressed", String(state.tile === made.dataset.key));
  for (const id of ["text", "port", "namespace"]) if ($(id).value !== state[id]) $(id).value = state[id];
}

// "shop/web", "web", "outside": the one workload, or a sentence that says why not.
function find(words) {
  const wish = words.trim().toLowerCase();
  if (!wish) return "expected a workload, or outside";
  if (wish === "outside" || wish === "world") return "outside-the-cluster";
  const exact = workloads.filter((one) => [one.label, `${one.spaceName}/${one.name}`, one.name].some((name) => name.toLowerCase() === wish));
  const found = exact.length ? exact : workloads.filter((one) => one.label.toLowerCase().includes(wish));
  if (found.length === 1) return found[0];
  return found.length ? `"${words}" may be ${found.slice(0, 4).map((one) => `${one.spaceName}/${one.name}`).join(", ")}${found.length > 4 ? " ..." : ""}` : `no workload is named "${words}"`;
}
function ask() {
  const ends = [find($("from").value), find($("to").value)];
  const index = (end) => (end === "outside-the-cluster" ? "outside" : end.index);
  const wrong = ends.find((end) => typeof end === "string" && end !== "outside-the-cluster");
  const isOutside = ends.every((end) => end === "outside-the-cluster");
  $("unanswered").textContent = wrong || (isOutside ? "both ends are outside: no policy is asked" : "");
  if (!wrong && !isOutside) pick({ from: index(ends[0]), to: index(ends[1]) });
}

// The address keeps what is looked at, so that it can be sent to somebody who has the same page.
function keepPlace() {
  const place = new URLSearchParams();
  for (const key of ["view", "text", "port", "tile"]) if (state[key]) place.set(key, state[key]);
  if (state.namespace !== "*") place.set("namespace", data.namespaces[Number(state.namespace)][0]);
  if (state.pick) place.set("pick", JSON.stringify(state.pick));
  try { history.replaceState(null, "", `#${place}`); } catch { /* Barred for some local files. */ }
}
function readPlace() {
  const place = new URLSearchParams(location.hash.slice(1));
  if (viewNames.some(([name]) => name === place.get("view"))) state.view = place.get("view");
  for (const key of ["text", "port"]) state[key] = place.get(key) || "";
  if (Object.hasOwn(sorts, place.get("tile"))) state.tile = place.get("tile");
  const space = livedIn.find((one) => data.namespaces[one.index][0] === place.get("namespace"));
  if (space) state.namespace = String(space.index);
  try {
    const chosen = JSON.parse(place.get("pick") || "null");
    const isEnd = (end) => end === "outside" || (Number.isInteger(end) && end >= 0 && end < workloads.length);
    const isSpace = (n) => Number.isInteger(n) && n >= 0 && n < spaces.length;
    if (!chosen) state.pick = null;
    else if (isEnd(chosen.workload) && chosen.workload !== "outside") state.pick = { workload: chosen.workload };
    else if (isSpace(chosen.space)) state.pick = { space: chosen.space };
    else if (Array.isArray(chosen.bundle) && chosen.bundle.length === 2 && chosen.bundle.every(isSpace)) state.pick = { bundle: chosen.bundle };
    else if (chosen.world === "in" || chosen.world === "out") state.pick = { world: chosen.world };
    else if (isEnd(chosen.from) && isEnd(chosen.to) && !(chosen.from === "outside" && chosen.to === "outside")) state.pick = { from: chosen.from, to: chosen.to };
  } catch { /* An address that somebody cut. */ }
}

function reset() {
  Object.assign(state, defaults, { verdicts: new Set(["allowed", "perhaps"]), outsideOnly: false, pick: null, opened: new Map() });
  $("unanswered").textContent = "";
  render();
}
function setUp() {
  let timer = 0;
  for (const id of ["text", "port"]) {
    $(id).addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { state[id] = $(id).value.trim(); render(); }, 120);
    });
  }
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("ask").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  $("reset").addEventListener("click", reset);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement ? document.activeElement.tagName : "");
    if (event.key === "Escape") { document.activeElement.blur(); pick(null); }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); $("text").focus(); }
    const view = { m: "map", x: "matrix", l: "list" }[event.key];
    if (view) { state.view = view; render(); }
  });
}
function setUpTheme() {
  const made = $("theme");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { made.textContent = isDark() ? "Light" : "Dark"; made.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`); if (currentView() === "matrix") paint(); };
  try {
    const kept = localStorage.getItem("tallystick-theme");
    if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  } catch { /* Storage may be barred for local files; the choice then lasts as long as the page. */ }
  made.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("tallystick-theme", root.dataset.theme); } catch { /* As above. */ }
    label();
  });
  label();
  made.hidden = false;
}

headline();
buildFilters();
readPlace();
$("static").hidden = true;
$("summary").hidden = false;
$("explore").hidden = false;
setUp();
render();
setUpTheme();
