// The map: namespaces as boxes, workloads inside of those that are open, lines between them. The browser lays out the boxes;
// lines are drawn behind them by where they came to stand.
const svgSpace = "http://www.w3.org/2000/svg";
const linesMax = 500;  // beyond, lines are drawn for what is selected only
let nodes = new Map();  // by id: "w12" a workload, "n3" a namespace, "in" and "out" the outside
let edges = [];
let hovered = null;

const isOpen = (space) => state.opened.get(space.index) ?? (isSmall || (state.namespace === String(space.index) && space.members.length <= smallMax));
const nodeOf = (one) => (isOpen(spaces[one.space]) ? `w${one.index}` : `n${one.space}`);

function svg(tag, attributes) {
  const made = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Lines by their ends: how many pairs of workloads, and how many of them perhaps.
function collectEdges() {
  const found = new Map();
  const add = (from, to, count, kind, quiet) => {
    if (from === to || count === 0) return;
    const key = `${from}>${to}`;
    let edge = found.get(key);
    if (!edge) found.set(key, edge = { from, to, count: 0, perhaps: 0, secured: 0, world: kind === "world", quiet: Boolean(quiet) });
    edge.count += count;
    if (kind === "secured") edge.secured += count;
    if (kind === "perhaps") edge.perhaps += count;
  };
  const free = !hasFilter();
  if (!state.outsideOnly) {
    const ends = classes.map((one) => {
      const counts = new Map();
      for (const member of one.members) {
        const id = nodeOf(workloads[member]);
        const entry = counts.get(id) || counts.set(id, [id, 0, 0]).get(id);
        ++entry[1];
        if (free || wanted[member]) ++entry[2];
      }
      return [...counts.values()];
    });
    for (const row of rows) {
      if (!passes(row)) continue;
      each(row.runs, (n) => {
        if (!isSingled(row.source, n)) return;
        for (const [from, all, chosen] of ends[row.source]) {
          for (const [to, others, chosenOthers] of ends[n]) add(from, to, chosen * others + (all - chosen) * chosenOthers, isPerhapsOnly(row) ? "perhaps" : isEncrypted(row) ? "secured" : "allowed");
        }
      });
    }
  }
  for (const space of livedIn) {
    const members = space.members.map((index) => workloads[index]).filter((one) => free || wanted[one.index]);
    const open = members.filter((one) => one.cls.in.level === "open");
    const isAllOpen = open.length === space.members.length;
    if (isAllOpen && state.verdicts.has("allowed")) add("in", `n${space.index}`, open.length, "world");
    for (const one of members) {
      const letsIn = one.cls.in.world.some((block) => passes(block) && block.allowed !== "none");
      const letsOut = one.cls.out.level !== "open" && one.cls.out.world.some((block) => passes(block) && block.allowed !== "none");
      if ((letsIn && !isAllOpen) || isPublished(one)) add("in", nodeOf(one), 1, "world");
      // To every address is what most may do: a line only where it is less, or for what is looked at.
      if (letsOut) add(nodeOf(one), "out", 1, "world", one.cls.out.world.some((block) => block.words.startsWith("every address") || block.words === "every IPv4 address"));
    }
  }
  const list = [...found.values()];
  const away = list.filter((edge) => edge.to === "out" && !edge.quiet);
  if (away.length > 12) for (const edge of away) edge.quiet = true;
  return list;
}

// Columns of an open namespace: who is asked stands to the right of who asks. Lines that close a circle do not count.
function columnsOf(space, countMax) {
  const members = new Set(space.members.map((index) => `w${index}`));
  const next = new Map([...members].map((id) => [id, []]));
  let linked = 0;
  for (const edge of edges) {
    if (members.has(edge.from) && members.has(edge.to)) { next.get(edge.from).push(edge.to); ++linked; }
  }
  if (!linked) return null;
  const incoming = new Map([...members].map((id) => [id, 0]));
  for (const list of next.values()) for (const to of list) incoming.set(to, incoming.get(to) + 1);
  const order = [...members].sort((a, b) => incoming.get(a) - incoming.get(b) || Number(a.slice(1)) - Number(b.slice(1)));
  const mark = new Map();
  const finished = [];
  const visit = (start) => {
    const stack = [[start, 0]];
    mark.set(start, 1);
    while (stack.length) {
      const top = stack[stack.length - 1];
      const list = next.get(top[0]);
      if (top[1] === list.length) { mark.set(top[0], 2); finished.push(top[0]); stack.pop(); continue; }
      const to = list[top[1]++];
      if (mark.get(to) === 1) list[top[1] - 1] = null;
      else if (!mark.has(to)) { mark.set(to, 1); stack.push([to, 0]); }
    }
  };
  for (const id of order) if (!mark.has(id)) visit(id);
  const rank = new Map([...members].map((id) => [id, 0]));
  let deepest = 0;
  for (const id of finished.reverse()) {
    for (const to of next.get(id)) {
      if (to !== null && rank.get(to) < rank.get(id) + 1) rank.set(to, rank.get(id) + 1);
    }
    deepest = Math.max(deepest, rank.get(id));
  }
  const count = Math.min(deepest + 1, countMax);
  const columns = Array.from({ length: count }, () => []);
  for (const id of members) columns[deepest ? Math.round(rank.get(id) * (count - 1) / deepest) : 0].push(id);
  // In a column: at the height of those before it.
  const height = new Map();
  columns.forEach((column, index) => {
    const wish = (id) => {
      const before = edges.filter((edge) => edge.to === id && height.has(edge.from)).map((edge) => height.get(edge.from));
      return before.length ? before.reduce((a, b) => a + b, 0) / before.length : 0.5;
    };
    const wishes = new Map(column.map((id) => [id, index ? wish(id) : 0]));
    column.sort((a, b) => wishes.get(a) - wishes.get(b));
    column.forEach((id, at) => height.set(id, (at + 0.5) / column.length));
  });
  return columns.filter((column) => column.length);
}

function workloadBox(one) {
  const tone = tones.in[one.cls.in.level];
  const box = button(`workload ${tone}`, "", () => pick({ workload: one.index }));
  const chips = levelChips(one);
  if (isPublished(one)) chips.append(chip("high", "published"));
  box.append(element("bdi", "box-name", one.name), chips);
  box.title = one.label;
  if (hasFilter() && !wanted[one.index]) box.classList.add("dim");
  nodes.set(`w${one.index}`, box);
  return box;
}

// How a namespace is isolated, as a bar with words.
function stateBar(space) {
  const bar = element("span", "state-bar");
  const words = [];
  const members = space.members.map((index) => workloads[index]);
  for (const key of ["none", "one", "both"]) {
    const count = members.filter(sorts[key].holds).length;
    if (!count) continue;
    const part = element("span", sorts[key].tone);
    part.style.flexGrow = String(count);
    bar.append(part);
    words.push(`${count === members.length ? "all" : count} ${sorts[key].title}`);
  }
  return [bar, element("span", "soft", words.join(", "))];
}
function spaceBox(space, columnMax) {
  const isOpened = isOpen(space);
  const members = space.members.map((index) => workloads[index]);
  const world = members.filter(isOpenToWorld).length;
  const tone = members.some((one) => !one.cls.in.isolated) ? "high" : world ? "high" : members.some((one) => !one.cls.out.isolated) ? "medium" : "good";
  const box = element("section", `space ${tone} ${isOpened ? "opened" : "closed"}`);
  const title = button("space-head", "", () => pick({ space: space.index }));
  title.append(element("bdi", "box-name", space.name), element("span", "soft", plural(members.length, "workload")), ...stateBar(space));
  if (world) title.append(chip("high", `${world} open to the world`));
  title.addEventListener("dblclick", () => { state.opened.set(space.index, !isOpened); render(); });
  box.append(title);
  nodes.set(`n${space.index}`, box);
  if (!isOpened) return box;
  const columns = columnsOf(space, columnMax);
  const inside = element("div", columns ? "columns" : "grid");
  if (columns) {
    for (const column of columns) {
      const made = element("div", "column");
      for (const id of column) made.append(workloadBox(workloads[Number(id.slice(1))]));
      inside.append(made);
    }
  } else {
    inside.append(...members.map(workloadBox));
  }
  box.append(inside);
  return box;
}
function worldBox(side) {
  const box = button(`outside ${side}`, "", () => pick({ world: side }));
  const count = workloads.filter(side === "in" ? isOpenToWorld : reachesWorld).length;
  box.append(element("b", "", "Outside"), element("span", "soft", side === "in" ? `may reach ${count} of ${workloads.length}` : `reached by ${count} of ${workloads.length}`));
  nodes.set(side, box);
  return box;
}

// Namespaces that are shown: those with something that is wanted, and those they are connected with.
function shownSpaces() {
  if (!hasFilter()) return livedIn;
  const shown = new Set(workloads.filter((one) => wanted[one.index]).map((one) => one.space));
  for (const edge of edges) {
    for (const id of [edge.from, edge.to]) {
      if (id[0] === "n") shown.add(Number(id.slice(1)));
      if (id[0] === "w") shown.add(workloads[Number(id.slice(1))].space);
    }
  }
  const chosen = (space) => (space.members.some((index) => wanted[index]) ? 0 : 1);
  return livedIn.filter((space) => shown.has(space.index)).sort((a, b) => chosen(a) - chosen(b));
}

function drawMap(view) {
  nodes = new Map();
  edges = collectEdges();
  const map = element("div", "map");
  const lines = svg("svg", { class: "lines", "aria-hidden": "true" });
  const defs = svg("defs", {});
  for (const kind of ["allowed", "secured", "perhaps", "world"]) {
    const marker = svg("marker", { id: `tip-${kind}`, viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" });
    marker.append(svg("path", { d: "M0 0 8 4 0 8z", class: `tip ${kind}` }));
    defs.append(marker);
  }
  lines.append(defs);
  const columnMax = Math.max(1, Math.min(6, Math.floor((view.clientWidth - (view.clientWidth > 700 ? 250 : 30)) / 195)));
  const middle = element("div", "spaces");
  const shown = shownSpaces();
  middle.append(...shown.map((space) => spaceBox(space, columnMax)));
  if (!shown.length) middle.append(element("p", "note", "Nothing matches."));
  map.append(lines, worldBox("in"), middle, worldBox("out"));
  view.replaceChildren(map);
  map.addEventListener("pointerover", (event) => {
    const box = event.target.closest(".workload, .space, .outside");
    const id = box ? [...nodes].find(([, node]) => node === box)?.[0] || null : null;
    if (id !== hovered) { hovered = id; markLines(); }
  });
  map.addEventListener("pointerleave", () => { hovered = null; markLines(); });
  new ResizeObserver(drawLines).observe(map);
  drawLines();
}

// The ends of a line: from right to left where there is room, else around.
function curve(a, b) {
  const ya = a.top + a.height / 2;
  const yb = b.top + b.height / 2;
  if (b.left >= a.right + 8) {
    const bend = Math.max(24, (b.left - a.right) / 2);
    return `M${a.right} ${ya}C${a.right + bend} ${ya} ${b.left - bend} ${yb} ${b.left} ${yb}`;
  }
  if (b.right <= a.left - 8) {
    const bend = Math.max(24, (a.left - b.right) / 2);
    return `M${a.left} ${ya + 7}C${a.left - bend} ${ya + 7} ${b.right + bend} ${yb + 7} ${b.right} ${yb + 7}`;
  }
  if (a.right - a.left > 400 || b.right - b.left > 400) {  // boxes above each other
    const down = b.top >= a.bottom;
    const y1 = down ? a.bottom : a.top;
    const y2 = down ? b.top : b.bottom;
    const x1 = a.left + a.width / 2;
    const x2 = b.left + b.width / 2;
    return `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
  }
  return `M${a.right} ${ya}C${a.right + 42} ${ya} ${b.right + 42} ${yb} ${b.right} ${yb}`;
}
const pickedNodes = () => {
  const chosen = state.pick;
  if (!chosen) return null;
  const at = (index) => nodeOf(workloads[index]);
  if (chosen.workload !== undefined) return { any: at(chosen.workload) };
  if (chosen.space !== undefined) {
    return { any: `n${chosen.space}`, inside: isOpen(spaces[chosen.space]) ? new Set(spaces[chosen.space].members.map((index) => `w${index}`)) : null };
  }
  if (chosen.bundle) return { from: `n${chosen.bundle[0]}`, to: `n${chosen.bundle[1]}` };
  if (chosen.world) return { any: chosen.world };
  return { from: chosen.from === "outside" ? "in" : at(chosen.from), to: chosen.to === "outside" ? "out" : at(chosen.to) };
};
function touches(edge, chosen) {
  if (chosen.any !== undefined) {
    return edge.from === chosen.any || edge.to === chosen.any || Boolean(chosen.inside && (chosen.inside.has(edge.from) || chosen.inside.has(edge.to)));
  }
  return edge.from === chosen.from && edge.to === chosen.to;
}
function drawLines() {
  const map = $("view").querySelector(".map");
  if (!map) return;
  const lines = map.querySelector(".lines");
  const origin = map.getBoundingClientRect();
  lines.setAttribute("width", map.clientWidth);
  lines.setAttribute("height", map.clientHeight);
  lines.querySelectorAll("g").forEach((group) => group.remove());
  const chosen = pickedNodes();
  const isFew = edges.length <= linesMax;
  let drawn = 0;
  const rect = (id) => {
    const box = nodes.get(id);
    if (!box) return null;
    const head = id[0] === "n" && box.classList.contains("opened") ? box.firstChild : box;
    const r = head.getBoundingClientRect();
    return { left: r.left - origin.left, right: r.right - origin.left, top: r.top - origin.top, bottom: r.bottom - origin.top, width: r.width, height: r.height };
  };
  for (const edge of edges) {
    if (!isFew && !(chosen && touches(edge, chosen)) && hovered !== edge.from && hovered !== edge.to) continue;
    const a = rect(edge.from);
    const b = rect(edge.to);
    if (!a || !b || ++drawn > 2 * linesMax) continue;
    const kind = edge.world ? "world" : edge.perhaps === edge.count ? "perhaps" : edge.secured === edge.count ? "secured" : "allowed";
    const path = curve(a, b);
    const group = svg("g", { class: `line ${kind}${edge.quiet ? " quiet" : ""}` });
    group.append(svg("path", { d: path, class: "stroke", "stroke-width": (1.2 + Math.log2(edge.count) * 0.6).toFixed(1), "marker-end": `url(#tip-${kind})` }),
      svg("path", { d: path, class: "hit" }));
    group.addEventListener("click", () => pickEdge(edge));
    edge.group = group;
    lines.append(group);
  }
  markLines();
}
function markLines() {
  const chosen = pickedNodes();
  const near = new Set();
  for (const edge of edges) {
    if (!edge.group) continue;
    const isOn = hovered ? edge.from === hovered || edge.to === hovered : chosen ? touches(edge, chosen) : false;
    edge.group.classList.toggle("on", isOn);
    edge.group.classList.toggle("off", !isOn && Boolean(hovered || chosen));
    if (isOn) { near.add(edge.from); near.add(edge.to); }
  }
  for (const [id, box] of nodes) {
    const isPicked = Boolean(chosen && (chosen.any === id || chosen.from === id || chosen.to === id));
    box.classList.toggle("picked", isPicked);
    box.classList.toggle("near", near.has(id) && !isPicked);
  }
}
function pickEdge(edge) {
  const index = (id) => Number(id.slice(1));
  if (edge.from === "in" && edge.to[0] === "w") pick({ from: "outside", to: index(edge.to) });
  else if (edge.to === "out" && edge.from[0] === "w") pick({ from: index(edge.from), to: "outside" });
  else if (edge.from === "in" || edge.to === "out") pick({ world: edge.from === "in" ? "in" : "out" });
  else if (edge.from[0] === "w" && edge.to[0] === "w") pick({ from: index(edge.from), to: index(edge.to) });
  else pick({ bundle: [edge.from, edge.to].map((id) => (id[0] === "w" ? workloads[index(id)].space : index(id))) });
}
