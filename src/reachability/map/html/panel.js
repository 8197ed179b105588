// What is selected, in words: a workload, a namespace, a connection with its reason.
const panel = $("panel");
const listedMax = 24;

function chip(tone, text, title) {
  const made = element("span", `pill ${tone}`, text);
  if (title) made.title = title;
  return made;
}
function levelChips(one) {
  const made = element("span", "levels");
  for (const [side, word] of [["in", "in"], ["out", "out"]]) made.append(chip(tones[side][one.cls[side].level], `${word} ${levels[one.cls[side].level]}`));
  return made;
}
function section(title) {
  const made = element("div", "part");
  made.append(element("h3", "", title));
  return made;
}
function policyLines(numbers, isolating) {
  const list = element("ul", "plain-list");
  for (const number of numbers) {
    const policy = policies[number];
    const line = element("li");
    line.append(element("bdi", "rule", policy.title), element("br"), element("code", "", policy.place));
    if (isolating && !(policy.isolates & isolating)) line.append(element("span", "soft", " (does not isolate)"));
    list.append(line);
  }
  return list;
}
const wordsOf = (row) => (row === null || isNothing(row) ? "nothing" : [row.allowed !== "none" ? row.allowed : "", row.unknown !== "none" ? `perhaps ${row.unknown}` : ""].filter(Boolean).join(", "));

// Those who are reached, or who reach: one line each, by namespace where they are many.
function peerList(items, onPick) {
  const made = element("div", "peers");
  const line = ({ one, row }) => {
    const shown = button("peer", "", () => onPick(one));
    shown.append(element("bdi", "", `${one.spaceName}/${one.name}`), element("span", "soft", wordsOf(row)));
    if (isPerhapsOnly(row)) shown.classList.add("perhaps");
    return shown;
  };
  if (items.length <= listedMax) {
    made.append(...items.map(line));
    return made;
  }
  const groups = new Map();
  for (const item of items) {
    if (!groups.has(item.one.space)) groups.set(item.one.space, []);
    groups.get(item.one.space).push(item);
  }
  for (const [space, members] of groups) {
    const group = element("details", "group");
    group.append(element("summary", "", `${spaces[space].name}: ${members.length} of ${spaces[space].members.length}`));
    group.addEventListener("toggle", () => { if (group.childElementCount === 1) group.append(...members.slice(0, 500).map(line)); });
    made.append(group);
  }
  return made;
}
function worldLines(blocks, from) {
  const list = element("ul", "plain-list");
  for (const block of blocks) {
    const line = element("li");
    line.append(`${from} `, element("b", "", block.words), `: ${wordsOf(block)}`);
    list.append(line);
  }
  return list;
}
const sentences = {
  in: { open: "Open: no policy isolates it. Every pod and every address may connect.", world: "Isolated, but outside addresses are allowed.",
    any: "Isolated, but any pod of the cluster may connect.", listed: "Isolated: only what rules list may connect.", nobody: "Isolated: nobody may connect." },
  out: { open: "Open: no policy isolates it. It may connect to everything.", world: "Isolated, but outside addresses are allowed.",
    any: "Isolated, but it may connect to any pod of the cluster.", listed: "Isolated: it may connect only to what rules list.", nobody: "Isolated: it may connect to nothing." },
};
function head(title, soft, tools) {
  const made = element("div", "panel-head");
  made.append(element("h2", "", title));
  if (soft) made.append(element("p", "soft", soft));
  if (tools) made.append(tools);
  return made;
}

const exposures = ["not open to the world", "perhaps open to the world", "open to the world"];
function entryLines(backends) {
  const list = element("ul", "plain-list");
  for (const backend of backends) {
    const line = element("li");
    const { entry } = backend;
    line.append(element("bdi", "rule", entry.words), " ", element("code", "", entry.place), element("br"),
      `${backend.ports}; ${exposures[backend.exposed]}${entry.via ? "; by " + entry.via : ""}${entry.tls !== "none" ? "; TLS " + entry.tls : ""}`);
    for (const note of [entry.internal, entry.missing, backend.missing]) if (note) line.append(element("br"), element("span", "soft", note));
    list.append(line);
  }
  return list;
}

function meshPart({ mesh, rest }) {
  const made = section("Mesh");
  if (mesh.encryption) made.append(element("p", "", `Encryption: ${mesh.encryption}`));
  if (mesh.identity) made.append(element("p", "", `Identity: ${mesh.identity}`));
  if (mesh.requests) made.append(element("p", "", `Requests: ${mesh.requests}`));
  if (mesh.denied) {
    made.append(element("p", "pill-line high", `${mesh.denied.port}: ${mesh.denied.reason || "not let through"}`));
    if (mesh.denied.title) {
      const line = element("p");
      line.append(element("bdi", "rule", mesh.denied.title), " ", element("code", "", mesh.denied.place), ` ${mesh.denied.rule}`);
      made.append(line);
    }
    if (rest) made.append(element("p", "soft", `No proxy looks at: ${rest}`));
    if (mesh.denied.remedy) made.append(element("p", "soft", `To allow it: ${mesh.denied.remedy}`));
  }
  return made;
}

function workloadPanel(one) {
  const parts = [head(`${one.spaceName}/${one.name}`, `${one.kind}, ${plural(one.pods, "pod")} in the input${one.ports ? ", " + one.ports : ""}`, levelChips(one)), element("code", "place", one.place)];
  if (one.mesh) parts.push(element("p", "soft", `Mesh: ${one.mesh}`));
  if (one.entries.length) {
    const made = section("Entries from outside");
    made.append(entryLines(one.entries));
    parts.push(made);
  }
  if (one.host) parts.push(element("p", "warning", "On its node's network: most implementations do not govern it."));
  for (const [side, title, from] of [["in", "Ingress", "from"], ["out", "Egress", "to"]]) {
    const direction = one.cls[side];
    const made = section(title);
    made.append(element("p", `pill-line ${tones[side][direction.level]}`, direction.byMesh && !direction.isolated
      ? direction.level === "any" ? "No network policy isolates it; the mesh lets in no outside address." : "No network policy isolates it; the mesh lets in what its rules list." : sentences[side][direction.level]));
    if (direction.policies.length) made.append(policyLines(direction.policies, side === "in" ? 1 : 2));
    if (direction.level !== "open" && direction.world.length) {
      made.append(worldLines(direction.world, from));
      made.append(button("plain small", "Why?", () => pick(side === "in" ? { from: "outside", to: one.index } : { from: one.index, to: "outside" })));
    }
    parts.push(made);
  }
  const sources = [];
  for (const row of rowsTo(one.cls.index)) {
    if (passes(row)) for (const member of classes[row.source].members) if (member !== one.index) sources.push({ one: workloads[member], row });
  }
  sources.sort((a, b) => a.one.index - b.one.index);
  const reachedBy = section(`Reached by ${sources.length.toLocaleString("en")} of ${workloads.length - 1}`);
  reachedBy.append(peerList(sources, (other) => pick({ from: other.index, to: one.index })));
  const destinations = [];
  for (const row of rowsOf[one.cls.index]) {
    if (passes(row)) each(row.runs, (n) => { for (const member of classes[n].members) if (member !== one.index) destinations.push({ one: workloads[member], row }); });
  }
  destinations.sort((a, b) => a.one.index - b.one.index);
  const reaches = section(`Reaches ${destinations.length.toLocaleString("en")} of ${workloads.length - 1}`);
  reaches.append(peerList(destinations, (other) => pick({ from: one.index, to: other.index })));
  parts.push(reachedBy, reaches);
  return parts;
}

function spacePanel(space) {
  const members = space.members.map((index) => workloads[index]);
  const isOpened = isOpen(space);
  const tools = element("div", "row");
  if (currentView() === "map") tools.append(button("plain small", isOpened ? "Close on the map" : "Open on the map", () => { state.opened.set(space.index, !isOpened); render(); }));
  const parts = [head(space.name, `${plural(members.length, "workload")}${space.known ? "" : "; the namespace itself is not in the input, so that its labels are not known"}`, tools)];
  const counts = section("Isolation");
  for (const key of ["both", "one", "none", "world"]) {
    const count = members.filter(sorts[key].holds).length;
    if (count) counts.append(element("p", `pill-line ${sorts[key].tone}`, `${count} ${sorts[key].title}`));
  }
  const inside = section("Workloads");
  const list = element("div", "peers");
  for (const one of members.slice(0, 500)) {
    const line = button("peer", "", () => pick({ workload: one.index }));
    line.append(element("bdi", "", one.name), levelChips(one));
    list.append(line);
  }
  inside.append(list);
  parts.push(counts, inside);
  return parts;
}

function bundlePanel(a, b) {
  const parts = [head(`${spaces[a].name} → ${spaces[b].name}`, "Connections from one namespace to the other")];
  const list = element("div", "peers");
  let count = 0;
  for (const member of spaces[a].members) {
    for (const other of spaces[b].members) {
      if (member === other) continue;
      const row = between(workloads[member], workloads[other]);
      if (!row || !passes(row)) continue;
      if (++count > 300) continue;
      const line = button("peer", "", () => pick({ from: member, to: other }));
      line.append(element("bdi", "", `${workloads[member].name} → ${workloads[other].name}`), element("span", "soft", wordsOf(row)));
      if (isPerhapsOnly(row)) line.classList.add("perhaps");
      list.append(line);
    }
  }
  const made = section(plural(count, "connection"));
  made.append(list);
  if (count > 300) made.append(element("p", "soft", `The first 300 are shown.`));
  parts.push(made);
  return parts;
}

// "A", or 'it''s' for a shell.
const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
function command(from, to) {
  const inputs = data.inputs.length ? data.inputs.map((input) => `-f ${quoted(visible(input))}`).join(" ") : "-f MANIFESTS";
  const made = element("div", "part");
  made.append(element("h3", "", "In full, for one port"));
  const line = element("code", "command", `tally network explain ${quoted(visible(from))} ${quoted(visible(to))} ${inputs}`);
  made.append(line);
  if (navigator.clipboard) {
    const copy = button("plain small", "Copy", () => navigator.clipboard.writeText(line.textContent)
      .then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Not allowed"; }));
    made.append(copy);
  }
  return made;
}

function reasonSteps(number, made) {
  const [governed, allowed, ...steps] = data.reasons[number];
  if (!governed) {
    made.append(element("p", "soft", "Outside the cluster: no policy is asked."));
    return;
  }
  made.append(element("p", "soft", `This side allows: ${texts[allowed]}`));
  const list = element("ol", "steps");
  for (const [title, place, rule, what, connections] of steps) {
    const line = element("li");
    if (texts[title]) line.append(element("bdi", "rule", texts[title]), " ", element("code", "", texts[place]), element("br"));
    line.append(`${texts[rule]} ${texts[what]}`.trim(), ": ", element("b", "", texts[connections]));
    list.append(line);
  }
  if (!steps.length) list.append(element("li", "", "Always allowed: a pod and itself."));
  made.append(list);
}

// The rule that would allow it, in the words of NetworkPolicy.
function remedy(side, own, other) {
  const near = own.spaceName === other.spaceName;
  const peer = `{${near ? "" : `namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${other.spaceName}}}, `}podSelector: {matchLabels: {${other.labels}}}}`;
  return side === "in" ? `ingress:\n- from: [${peer}]` : `egress:\n- to: [${peer}]`;
}
function deniedSide(side, own, other, made) {
  const direction = own.cls[side];
  const lets = holds(direction.runs, other.cls.index);
  const otherLets = holds(other.cls[side === "in" ? "out" : "in"].runs, own.cls.index);
  if (!direction.isolated && lets) {
    made.append(element("p", "soft", "No policy isolates it here: everything is allowed on this side."));
    return;
  }
  if (lets) {
    made.append(element("p", "soft", otherLets ? "This side lets something through, but nothing that the other side allows, too. Policies that select it:" : "Not denied here, or not on every port."));
    if (otherLets) made.append(policyLines(direction.policies));
    return;
  }
  made.append(element("p", "pill-line high", direction.isolated ? "Denied here: isolated by these policies, and no rule of theirs allows it." : "Denied here by a rule of these policies."), policyLines(direction.policies));
  made.append(element("p", "soft", `To allow it, a policy of ${own.label} would say:`), element("code", "command", remedy(side, own, other)));
}

function pairPanel(from, to) {
  const title = `${from.spaceName}/${from.name} → ${to.spaceName}/${to.name}`;
  const row = from === to ? null : between(from, to);
  const verdict = row === null || isNothing(row) ? chip("high", "denied") : isPerhapsOnly(row) ? chip("medium", "perhaps") : chip("good", row.mesh && row.mesh.requests ? "allowed, some requests" : row.unknown === "none" ? "allowed" : "allowed, and perhaps more");
  const parts = [head(title, "", verdict)];
  if (from === to) return [head(title, "A pod always reaches itself.")];
  if (row !== null && !isNothing(row)) parts.push(element("p", "answer", wordsOf(row)));
  if (row !== null && row.mesh) parts.push(meshPart(row));
  const ends = element("div", "row");
  ends.append(button("plain small", from.name, () => pick({ workload: from.index })), button("plain small", to.name, () => pick({ workload: to.index })),
    button("plain small", "The other way", () => pick({ from: to.index, to: from.index })));
  parts.push(ends);
  for (const [side, own, other, words] of [["out", from, to, "Egress of"], ["in", to, from, "Ingress at"]]) {
    const made = section(`${words} ${own.spaceName}/${own.name}`);
    if (row !== null && isNothing(row)) made.append(element("p", "soft", "Not denied here: the mesh does."));
    else if (row === null) deniedSide(side, own, other, made);
    else if (data.reasoned) reasonSteps(side === "out" ? row.egress : row.ingress, made);
    else if (!own.cls[side].isolated) made.append(element("p", "soft", "No policy isolates it here: everything is allowed on this side."));
    else made.append(element("p", "soft", "Allowed by rules of these policies (the command below names the rule):"), policyLines(own.cls[side].policies));
    parts.push(made);
  }
  parts.push(command(from.operand, to.operand));
  return parts;
}

function outsidePanel(side, one) {
  const direction = one.cls[side];
  const title = side === "in" ? `outside → ${one.spaceName}/${one.name}` : `${one.spaceName}/${one.name} → outside`;
  const parts = [head(title, sentences[side][direction.level], button("plain small", one.name, () => pick({ workload: one.index })))];
  if (side === "in" && one.entries.length) {
    const made = section("Entries");
    made.append(entryLines(one.entries));
    parts.push(made);
  }
  for (const block of direction.world) {
    const made = section(block.words);
    made.append(element("p", "answer", wordsOf(block)));
    if (block.reason) reasonSteps(block.reason, made);
    parts.push(made);
    if (block.mesh) parts.push(meshPart(block));
  }
  if (!direction.world.length) {
    const made = section("Denied");
    made.append(element("p", "", "No outside address is allowed. It is isolated by:"), policyLines(direction.policies, side === "in" ? 1 : 2));
    parts.push(made);
  }
  return parts;
}

function worldPanel(side) {
  const members = workloads.filter(side === "in" ? isOpenToWorld : reachesWorld);
  const parts = [head(side === "in" ? "Open to the world" : "May reach the world",
    `${plural(members.length, "workload")} of ${workloads.length}: policies let outside addresses ${side === "in" ? "in" : "be reached"}.`)];
  if (side === "in" && entries.length) {
    const made = section(`Entries: ${entries.length.toLocaleString("en")}`);
    for (const entry of entries.slice(0, 200)) {
      if (entry.backends.length) made.append(entryLines(entry.backends.slice(0, 1)));
      else made.append(element("p", "soft", `${entry.words}: leads nowhere in the input`));
    }
    parts.push(made);
  }
  const items = members.map((one) => ({ one, row: one.cls[side].world[0] || { allowed: "none", unknown: "none" } }));
  parts.push(peerList(items, (one) => pick(side === "in" ? { from: "outside", to: one.index } : { from: one.index, to: "outside" })));
  return parts;
}

function welcome() {
  const parts = [head("What to look at", "Click on a workload, a namespace or a line. Lines are connections that a rule singles out; what everybody may do is said by the colour of a box.")];
  const key = element("dl", "key");
  for (const [tone, word, meaning] of [["high", "open, world", "no policy isolates it, or a rule lets outside addresses in"], ["medium", "any pod", "every pod of the cluster may connect"],
    ["good", "listed, nobody", "isolated: only what rules name"]]) {
    const term = element("dt");
    term.append(chip(tone, word));
    key.append(term, element("dd", "", meaning));
  }
  for (const [kind, meaning] of [...(data.meshed ? [["secured", "allowed, encrypted by the mesh"], ["allowed", "allowed, not encrypted"]] : [["allowed", "allowed"]]), ["perhaps", "perhaps: depends on what the input does not say"], ["world", "from or to outside addresses"]]) {
    const term = element("dt");
    term.append(element("span", `sample ${kind}`));
    key.append(term, element("dd", "", meaning));
  }
  parts.push(key);
  const open = workloads.filter(isOpenToWorld);
  if (open.length) {
    const made = section(`Open to the world: ${open.length.toLocaleString("en")}`);
    made.append(peerList(open.map((one) => ({ one, row: one.cls.in.world[0] })), (one) => pick({ workload: one.index })));
    parts.push(made);
  }
  parts.push(element("p", "soft keys", "Keys: / search, m map, x matrix, l list, Escape clears."));
  return parts;
}

function showPanel() {
  const chosen = state.pick;
  let parts;
  if (!chosen) parts = welcome();
  else if (chosen.workload !== undefined) parts = workloadPanel(workloads[chosen.workload]);
  else if (chosen.space !== undefined) parts = spacePanel(spaces[chosen.space]);
  else if (chosen.bundle) parts = bundlePanel(...chosen.bundle);
  else if (chosen.world) parts = worldPanel(chosen.world);
  else if (chosen.from === "outside") parts = outsidePanel("in", workloads[chosen.to]);
  else if (chosen.to === "outside") parts = outsidePanel("out", workloads[chosen.from]);
  else parts = pairPanel(workloads[chosen.from], workloads[chosen.to]);
  panel.replaceChildren(...parts);
  panel.scrollTop = 0;
}
