// What is chosen, and what of the answers it lets through.
const defaults = { text: "", namespace: "*", port: "", view: "", tile: "" };
const state = { ...defaults, verdicts: new Set(["allowed", "perhaps"]), outsideOnly: false, pick: null, opened: new Map() };
const smallMax = 60;  // workloads that are shown each for itself
const isSmall = workloads.length <= smallMax;

const levels = { open: "open", world: "world", any: "any pod", listed: "listed", nobody: "nobody" };
const tones = { in: { open: "high", world: "high", any: "medium", listed: "good", nobody: "good" },
  out: { open: "medium", world: "low", any: "low", listed: "good", nobody: "good" } };
const isOpenToWorld = (one) => one.cls.in.level === "open" || one.cls.in.level === "world";
const reachesWorld = (one) => one.cls.out.level === "open" || one.cls.out.level === "world";
const sorts = {
  both: { title: "isolated both ways", tone: "good", holds: (one) => one.cls.in.isolated && one.cls.out.isolated },
  one: { title: "isolated one way", tone: "medium", holds: (one) => one.cls.in.isolated !== one.cls.out.isolated },
  none: { title: "not isolated", tone: "high", holds: (one) => !one.cls.in.isolated && !one.cls.out.isolated },
  entry: { title: "published to the world", tone: "high", holds: isPublished },
  world: { title: "open to the world", tone: "high", holds: isOpenToWorld },
  away: { title: "may reach the world", tone: "low", holds: reachesWorld },
};

function isWanted(one) {
  if (state.namespace !== "*" && String(one.space) !== state.namespace) return false;
  if (state.tile && !sorts[state.tile].holds(one)) return false;
  return state.words.every((word) => one.haystack.includes(word));
}
let wanted = [];
function filter() {
  state.words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  wanted = workloads.map(isWanted);
}
const hasFilter = () => state.namespace !== "*" || state.tile !== "" || state.words.length > 0;

// A row of answers, or a block of addresses, as far as verdicts and port are chosen.
function passes(row) {
  return (state.verdicts.has("allowed") && row.allowed !== "none" && meansPort(row.allowed, state.port)) ||
    (state.verdicts.has("perhaps") && row.unknown !== "none" && meansPort(row.unknown, state.port));
}
const isPerhapsOnly = (row) => row.allowed === "none";

// Pairs of namespaces: how many pairs of workloads have a connection, and how many perhaps.
function spacePairs() {
  const count = spaces.length;
  const sure = new Map();
  const add = (map, key, value) => map.set(key, (map.get(key) || 0) + value);
  const spread = classes.map((one) => {
    const counts = new Map();
    for (const member of one.members) if (wanted[member] || !hasFilter()) add(counts, workloads[member].space, 1);
    return [...counts];
  });
  const all = classes.map((one) => {
    const counts = new Map();
    for (const member of one.members) add(counts, workloads[member].space, 1);
    return [...counts];
  });
  rowsOf.forEach((list, source) => {
    const sums = [new Map(), new Map()];  // by wanted, all: [space, perhaps] to destinations
    for (const row of list) {
      if (!passes(row)) continue;
      const sign = isPerhapsOnly(row) ? 1 : 0;
      each(row.runs, (n) => {
        for (const [space, value] of spread[n]) add(sums[0], 2 * space + sign, value);
        for (const [space, value] of all[n]) add(sums[1], 2 * space + sign, value);
      });
    }
    // Either end is wanted: wanted sources to all, the other sources to wanted destinations.
    const mine = new Map(spread[source]);
    for (const [space, value] of all[source]) {
      const chosen = mine.get(space) || 0;
      for (const [key, destinations] of sums[1]) if (chosen) add(sure, (space * count + (key >> 1)) * 2 + (key & 1), chosen * destinations);
      for (const [key, destinations] of sums[0]) if (value > chosen) add(sure, (space * count + (key >> 1)) * 2 + (key & 1), (value - chosen) * destinations);
    }
  });
  return sure;
}

// Pairs of workloads, lazily: [source, destination, row or null]. "outside" is no workload.
function* pairs() {
  const free = !hasFilter();
  if (!state.outsideOnly) {
    const withDenied = state.verdicts.has("denied");
    for (const source of workloads) {
      const near = free || wanted[source.index];
      if (withDenied) {
        for (const destination of workloads) {
          if (source === destination || !(near || wanted[destination.index])) continue;
          const row = between(source, destination);
          if (!row || isNothing(row) || passes(row)) yield [source, destination, row && !isNothing(row) ? row : null];
        }
        continue;
      }
      for (const row of rowsOf[source.cls.index]) {
        if (!passes(row)) continue;
        for (let i = 0; i < row.runs.length; i += 2) {
          for (let n = row.runs[i]; n <= row.runs[i + 1]; ++n) {
            for (const member of classes[n].members) {
              if (member !== source.index && (near || wanted[member])) yield [source, workloads[member], row];
            }
          }
        }
      }
    }
  }
  for (const direction of ["in", "out"]) {
    for (const one of workloads) {
      if (!free && !wanted[one.index]) continue;
      for (const block of one.cls[direction].world) {
        if (!passes(block)) continue;
        yield direction === "in" ? ["outside", one, block] : [one, "outside", block];
      }
    }
  }
}

// How many pairs of workloads there are, without naming them.
function countPairs() {
  if (hasFilter()) return null;
  let count = 0;
  rowsOf.forEach((list, source) => {
    const own = classes[source].members.length;
    for (const row of list) {
      if (passes(row)) each(row.runs, (n) => { count += own * (classes[n].members.length - (n === source ? 1 : 0)); });
    }
  });
  return count;
}
