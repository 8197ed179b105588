// The data of the page as things: workloads, namespaces, classes and the answers between classes. All texts of the input
// are inserted by textContent only: nothing here parses markup.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);

// Characters that change what a reader sees without being seen become visible.
const visible = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
  (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
const texts = data.texts.map(visible);

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
function button(className, text, onClick) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

// A set of numbers as runs: first, last, first, last ...
function holds(runs, number) {
  let low = 0;
  let high = runs.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[2 * middle + 1] < number) low = middle + 1; else high = middle;
  }
  return 2 * low < runs.length && runs[2 * low] <= number;
}
function each(runs, visit) {
  for (let i = 0; i < runs.length; i += 2) for (let n = runs[i]; n <= runs[i + 1]; ++n) visit(n);
}

const policies = data.policies.map(([title, place, tier, isolates]) => ({ title: visible(title), place: texts[place], tier: texts[tier], isolates }));

// What the mesh says of a pair: encryption, identity, requests, and why it lets nothing or less through.
const meshes = data.meshes.map((one) => (one.length === 0 ? null : { encrypted: one[0], served: one[1], encryption: texts[one[2]], identity: texts[one[3]], requests: texts[one[4]],
  denied: one.length > 5 ? { port: texts[one[5]], reason: texts[one[6]], title: texts[one[7]], place: texts[one[8]], rule: texts[one[9]], remedy: texts[one[10]] } : null }));
// Where the mesh closes every port that matters, what no proxy looks at (UDP, the proxy's own ports) is no connection to show.
function across(row) {
  if (row.mesh && row.mesh.denied && row.mesh.served === 0) {
    row.rest = [row.allowed, row.unknown].filter((words) => words !== "none").join("; ");
    row.allowed = "none";
    row.unknown = "none";
  }
  return row;
}
const isNothing = (row) => row.allowed === "none" && row.unknown === "none";
const isEncrypted = (row) => Boolean(row.mesh && row.mesh.encrypted === 2);

// One direction of a class. `level`, from the widest: open (no policy isolates), world (outside addresses may), any (any pod
// may), listed (only what rules name), nobody.
function directionOf([flags, selecting, set, outside]) {
  const isolated = (flags & 1) !== 0;
  const any = (flags & 2) !== 0;
  const runs = data.sets[set];
  const world = outside.map(([words, allowed, unknown, reason, mesh]) => across({ words: texts[words], allowed: texts[allowed], unknown: texts[unknown], reason, mesh: meshes[mesh] }));
  const toWorld = world.some((block) => block.allowed !== "none");
  const byMesh = !isolated && world.length > 0 && !toWorld;
  const level = !isolated && any && toWorld ? "open" : toWorld ? "world" : any ? "any" : runs.length || world.some((block) => !isNothing(block)) ? "listed" : "nobody";
  return { isolated, any, byMesh, policies: selecting, runs, world, toWorld, level };
}
const classes = data.classes.map((one, index) => ({ index, members: [], in: directionOf(one.slice(0, 4)), out: directionOf(one.slice(4, 8)) }));

const workloads = data.workloads.map(([space, kind, name, suffix, cls, pods, place, labels, ports, host, mesh], index) => {
  const spaceName = visible(data.namespaces[space][0]);
  const one = { index, space, spaceName, kind: texts[kind], name: visible(name) + visible(suffix), cls: classes[cls], pods, place: texts[place],
    labels: texts[labels], ports: texts[ports], host: host === 1, mesh: mesh === undefined ? "" : texts[mesh], entries: [], exposed: 0 };
  one.label = `${spaceName}/${one.name}[${one.kind}]`;
  one.operand = `${data.namespaces[space][0]}/${name}[${data.texts[kind]}]`;
  one.haystack = `${one.label} ${one.labels} ${one.ports}`.toLowerCase();
  classes[cls].members.push(index);
  return one;
});
const spaces = data.namespaces.map(([name, known], index) => ({ index, name: visible(name), known: known === 1, members: [] }));
for (const one of workloads) spaces[one.space].members.push(one.index);
const livedIn = spaces.filter((space) => space.members.length > 0);

// Answers between classes, by source; towards a destination the numbers of rows, made on first use.
const rows = data.rows.map(([source, allowed, unknown, set, egress, ingress, mesh]) => across({ source, allowed: texts[allowed], unknown: texts[unknown],
  runs: data.sets[set], egress, ingress, mesh: mesh ? meshes[mesh] : null }));
const rowsOf = classes.map(() => []);
for (const row of rows) rowsOf[row.source].push(row);
let rowsInto = null;
function rowsTo(cls) {
  if (!rowsInto) {
    rowsInto = classes.map(() => []);
    for (const row of rows) each(row.runs, (n) => rowsInto[n].push(row));
  }
  return rowsInto[cls];
}
const between = (source, destination) => rowsOf[source.cls.index].find((row) => holds(row.runs, destination.cls.index)) || null;

// How the world gets in, by workload.
const entries = data.entries.map(([words, place, internal, missing, via, tls, backends]) => {
  const entry = { words: visible(words), place: texts[place], internal: texts[internal], missing: texts[missing], via: texts[via], tls: texts[tls], backends: [] };
  for (const [workload, ports, allowed, unknown, exposed, lacking] of backends) {
    const backend = { entry, workload, ports: texts[ports], allowed: texts[allowed], unknown: texts[unknown], exposed, missing: texts[lacking] };
    entry.backends.push(backend);
    workloads[workload].entries.push(backend);
    workloads[workload].exposed = Math.max(workloads[workload].exposed, exposed);
  }
  return entry;
});
const isPublished = (one) => one.exposed > 0;

// Where a mesh lets in less than network policies do, not everybody may come.
if (data.meshed) {
  for (const one of classes) {
    if (!one.in.any) continue;
    let sources = 0;
    for (const row of rowsTo(one.index)) {
      if (!isNothing(row)) sources += classes[row.source].members.length - (row.source === one.index ? 1 : 0);
    }
    if (sources >= workloads.length - 1) continue;
    one.in.any = false;
    one.in.byMesh = true;
    one.in.level = one.in.toWorld ? "world" : sources ? "listed" : "nobody";
  }
}

// Whether a rule singles the pair out: what everybody may do is a property of both ends, not a line.
const isSingled = (source, destination) => !(classes[source].out.any && classes[destination].in.any);

// "all", or "TCP 80,443-445; UDP; ICMP 8/0", against "5432", "udp/53", "tcp".
const portMatches = new Map();
function meansPort(connections, query) {
  if (!query) return true;
  if (connections === "all") return true;
  if (connections === "none") return false;
  const key = `${query}\n${connections}`;
  if (!portMatches.has(key)) {
    const parts = query.toLowerCase().split(/[\s/:-]+/).filter(Boolean);
    const number = parts.find((part) => /^\d+$/.test(part));
    const protocol = parts.find((part) => !/^\d+$/.test(part));
    portMatches.set(key, connections.split("; ").some((part) => {
      const [name, ports] = part.split(" ");
      if (protocol && name.toLowerCase() !== protocol) return false;
      if (!number || !ports) return true;
      return ports.split(",").some((range) => {
        const [first, last] = range.split("-").map(Number);
        return Number(number) >= first && Number(number) <= (last || first);
      });
    }));
  }
  return portMatches.get(key);
}
