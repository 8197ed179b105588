
// The interactive list of findings. All texts of the input are inserted by textContent only: nothing here parses markup.
// Findings are arrays (their columns are the constants below) and are filtered as such; elements are made for what is looked
// at: objects in pages, rows when their object is opened, details when their row is opened.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const [CHECK, SUBJECT, CONTAINER, POINTER, FILE, LINE, COLUMN, DOCUMENT, TEMPLATE, VERDICT, SEVERITY, MODE, FOUND, ALLOWED,
    MESSAGE, REMEDY, EXCEPTION, ID] = Array.from({ length: 18 }, (_, i) => i);
  const severities = ["critical", "high", "medium", "low", "info"];
  const glyphs = ["✖", "▲", "◆", "▪", "·"];
  const objectsPerPage = 40;
  const rowsPerObject = 200;
  const printedMax = 3000;
  const $ = (id) => document.getElementById(id);

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

  const subjectOf = (finding) => (finding[SUBJECT] < 0 ? null : data.subjects[finding[SUBJECT]]);
  const fileOf = (finding) => (finding[FILE] < 0 ? "" : data.files[finding[FILE]]);
  const verdictOf = (finding) => (finding[EXCEPTION] >= 0 ? "excepted" : finding[VERDICT]);
  function objectName(finding) {
    const subject = subjectOf(finding);
    if (!subject) return fileOf(finding) || "(the run)";
    const inside = subject.namespace && subject.kind !== "Namespace";
    return `${inside ? subject.namespace + "/" : ""}${subject.kind}/${subject.name || "(no name)"}`;
  }
  function placeOf(finding) {
    const file = fileOf(finding);
    return finding[LINE] ? `${file}:${finding[LINE]}:${finding[COLUMN]}` : file;
  }
  function sentenceOf(finding) {
    if (finding[FOUND] && finding[ALLOWED]) return `${finding[FOUND]} → ${finding[ALLOWED]}`;
    return finding[MESSAGE] || data.checks[finding[CHECK]].title;
  }

  // What a search looks at, made on first use.
  const haystacks = new Array(data.findings.length);
  function haystack(index) {
    if (haystacks[index] === undefined) {
      const finding = data.findings[index];
      const check = data.checks[finding[CHECK]];
      haystacks[index] = [objectName(finding), finding[CONTAINER], check.rule, check.title, check.policy, check.controls.join(" "),
        finding[FOUND], finding[ALLOWED], finding[MESSAGE], finding[POINTER], placeOf(finding), finding[ID]].join("\n").toLowerCase();
    }
    return haystacks[index];
  }

  const defaults = { text: "", namespace: "*", tier: "*", rule: "*", verdict: "open", order: "severity" };
  const state = { ...defaults, shown: new Set([0, 1, 2, 3, 4]) };
  const isOpenVerdict = (verdict) => verdict === "fail" || verdict === "error" || verdict === "unknown";

  function matches(index, words) {
    const finding = data.findings[index];
    if (!state.shown.has(finding[SEVERITY])) return false;
    const verdict = verdictOf(finding);
    if (state.verdict === "open" ? !isOpenVerdict(verdict) : state.verdict !== "*" && state.verdict !== verdict) return false;
    if (state.rule !== "*" && String(finding[CHECK]) !== state.rule) return false;
    const subject = subjectOf(finding);
    if (state.namespace !== "*" && (subject ? subject.namespace : "") !== state.namespace) return false;
    if (state.tier !== "*" && (subject ? subject.tier : "") !== state.tier) return false;
    return words.every((word) => haystack(index).includes(word));
  }

  // Groups of the findings that match: one per object, or per file where there is no object.
  function collect() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const groups = new Map();
    let count = 0;
    for (let index = 0; index < data.findings.length; ++index) {
      if (!matches(index, words)) continue;
      ++count;
      const finding = data.findings[index];
      const key = finding[SUBJECT] >= 0 ? finding[SUBJECT] : -2 - finding[FILE];
      let group = groups.get(key);
      if (!group) groups.set(key, group = { rows: [], tallies: [0, 0, 0, 0, 0], worst: 4, name: objectName(finding) });
      group.rows.push(finding);
      ++group.tallies[finding[SEVERITY]];
      group.worst = Math.min(group.worst, finding[SEVERITY]);
    }
    const list = [...groups.values()];
    for (const group of list) group.rows.sort((a, b) => a[SEVERITY] - b[SEVERITY]);
    const compareTallies = (a, b) => {
      for (let i = 0; i < 5; ++i) if (a.tallies[i] !== b.tallies[i]) return b.tallies[i] - a.tallies[i];
      return 0;
    };
    if (state.order === "severity") list.sort(compareTallies);
    if (state.order === "count") list.sort((a, b) => b.rows.length - a.rows.length);
    if (state.order === "name") list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return { list, count };
  }

  function pill(severity, text) {
    const made = element("span", `pill ${severities[severity]}`, `${glyphs[severity]} ${text}`);
    return made;
  }

  // Kinds: "code" is set in the fixed font, "aside" is left out on paper.
  function describe(list, label, value, kind) {
    if (!value) return;
    const className = kind === "aside" ? "aside" : "";
    list.append(element("dt", className, label));
    const cell = element("dd", className);
    cell.append(kind === "code" ? element("code", "", value) : value);
    list.append(cell);
  }
  function fillBody(body, finding) {
    const check = data.checks[finding[CHECK]];
    const list = element("dl");
    describe(list, "Rule", `${check.engine}/${check.rule}${check.policy ? " (" + check.policy + ")" : ""}: ${check.title}`);
    describe(list, "Message", finding[MESSAGE]);
    describe(list, "Found", finding[FOUND], "code");
    describe(list, "Allowed", finding[ALLOWED], "code");
    describe(list, "Remedy", finding[REMEDY] || check.remedy);
    describe(list, "Why", check.description, "aside");
    describe(list, "Container", finding[CONTAINER], "code");
    describe(list, "Field", finding[POINTER], "code");
    describe(list, "Place", placeOf(finding) + (finding[DOCUMENT] ? ` (document ${finding[DOCUMENT]})` : ""), "code");
    describe(list, "Template", finding[TEMPLATE], "code");
    describe(list, "Verdict", `${finding[VERDICT]}, mode ${finding[MODE]}`);
    describe(list, "Controls", check.controls.join("; "));
    describe(list, "References", check.references.join("\n"), "aside");
    if (finding[EXCEPTION] >= 0) {
      const waiver = data.exceptions[finding[EXCEPTION]];
      describe(list, "Exception", `${waiver.id}, ${waiver.owner}${waiver.ticket ? ", " + waiver.ticket : ""}${waiver.expires ? ", until " + waiver.expires : ""}: ${waiver.reason}`);
    }
    describe(list, "Fingerprint", finding[ID], "code");
    body.append(list);
  }

  function rowOf(finding) {
    const row = element("details", finding[EXCEPTION] >= 0 ? "finding excepted" : "finding");
    const summary = element("summary");
    summary.append(pill(finding[SEVERITY], severities[finding[SEVERITY]]));
    summary.append(element("span", "rule", data.checks[finding[CHECK]].rule));
    const what = element("span", "what");
    if (finding[CONTAINER]) what.append(element("code", "who", finding[CONTAINER]), " ");
    const verdict = verdictOf(finding);
    if (verdict !== "fail") what.append(`[${verdict}] `);
    what.append(element("bdi", "", sentenceOf(finding)));
    summary.append(what);
    summary.append(element("span", "at mono", finding[LINE] ? `${finding[LINE]}:${finding[COLUMN]}` : ""));
    row.append(summary);
    const fill = () => {
      if (row.childElementCount > 1) return;
      const body = element("div", "body");
      fillBody(body, finding);
      row.append(body);
    };
    row.addEventListener("toggle", () => { if (row.open) fill(); });
    row.fill = fill;
    return row;
  }

  function fillObject(object, group) {
    if (object.filled) return;
    object.filled = true;
    const subject = subjectOf(group.rows[0]);
    if (subject && subject.level) {
      const line = element("p", "verdict-line");
      line.append(`Pod Security ${subject.level}:${subject.version}: ${subject.allowed ? "allowed" : "denied"}, meets ${subject.meets}${subject.tier ? ", tier " + subject.tier : ""}${subject.owner ? ", owned by " + subject.owner : ""}`);
      object.append(line);
    }
    let next = 0;
    const append = (until) => {
      for (; next < Math.min(until, group.rows.length); ++next) object.append(rowOf(group.rows[next]));
    };
    append(rowsPerObject);
    if (next < group.rows.length) {
      const line = element("p", "more-line");
      const button = element("button", "plain", `Show ${plural(group.rows.length - next, "more finding")}`);
      button.type = "button";
      button.addEventListener("click", () => { line.remove(); append(group.rows.length); });
      line.append(button);
      object.append(line);
    }
  }

  function objectOf(group, open) {
    const object = element("details", "object");
    const summary = element("summary");
    summary.append(element("span", "title mono", group.name));
    const first = group.rows[0];
    if (fileOf(first) && subjectOf(first)) summary.append(element("span", "place mono", fileOf(first)));
    const tallies = element("span", "tallies");
    group.tallies.forEach((count, severity) => {
      if (count) tallies.append(pill(severity, `${count} ${severities[severity]}`));
    });
    summary.append(tallies);
    object.append(summary);
    object.group = group;
    object.addEventListener("toggle", () => { if (object.open) fillObject(object, group); });
    if (open) {
      fillObject(object, group);
      object.open = true;
    }
    return object;
  }

  const list = $("list");
  const more = $("more");
  let current = { list: [], count: 0 };
  let rendered = 0;
  let expanded = false;

  function renderPage() {
    const fragment = document.createDocumentFragment();
    const end = Math.min(rendered + objectsPerPage, current.list.length);
    const openFew = current.count <= 60;
    for (; rendered < end; ++rendered) fragment.append(objectOf(current.list[rendered], expanded || openFew || rendered < 3));
    list.append(fragment);
    more.hidden = rendered >= current.list.length;
    more.textContent = `Show more (${plural(current.list.length - rendered, "object")} left)`;
  }
  function render() {
    current = collect();
    rendered = 0;
    list.replaceChildren();
    renderPage();
    const all = data.findings.length;
    $("count").textContent = current.count === 0
      ? (all === 0 ? "Nothing was found." : `No finding matches; ${plural(all, "finding")} in all.`)
      : `${plural(current.count, "finding")} in ${plural(current.list.length, "object")}${current.count === all ? "" : ` of ${all.toLocaleString("en")} in all`}.`;
  }

  function fillSelect(id, options, onChange) {
    const select = $(id);
    for (const [value, text] of options) {
      const option = element("option", "", text);
      option.value = value;
      select.append(option);
    }
    select.value = state[id];
    select.addEventListener("change", () => { state[id] = select.value; onChange(); });
  }
  function countBy(key) {
    const counts = new Map();
    for (const finding of data.findings) {
      const value = key(finding);
      counts.set(value, (counts.get(value) || 0) + 1);
    }
    return [...counts.entries()];
  }
  const byText = (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

  function buildFilters() {
    const namespaces = countBy((finding) => { const subject = subjectOf(finding); return subject ? subject.namespace : ""; }).sort(byText);
    fillSelect("namespace", [["*", "all"], ...namespaces.map(([name, count]) => [name, `${name || "(none)"} (${count})`])], render);
    const tiers = countBy((finding) => { const subject = subjectOf(finding); return subject ? subject.tier : ""; }).sort(byText);
    fillSelect("tier", [["*", "all"], ...tiers.map(([name, count]) => [name, `${name || "(none)"} (${count})`])], render);
    const rules = countBy((finding) => finding[CHECK])
      .sort((a, b) => (data.checks[a[0]].rule < data.checks[b[0]].rule ? -1 : 1));
    fillSelect("rule", [["*", "all"], ...rules.map(([index, count]) => [String(index), `${data.checks[index].rule} (${count})`])], render);
    const verdicts = countBy(verdictOf).sort(byText);
    fillSelect("verdict", [["open", "needs attention"], ["*", "all"], ...verdicts.map(([name, count]) => [name, `${name} (${count})`])], render);
    fillSelect("order", [["severity", "worst object first"], ["count", "most findings first"], ["name", "by name"], ["input", "as in the input"]], render);
    severities.forEach((severity, index) => {
      const chip = element("button", `chip ${severity}`, `${glyphs[index]} ${severity}`);
      chip.type = "button";
      chip.setAttribute("aria-pressed", "true");
      chip.addEventListener("click", () => {
        if (state.shown.has(index)) state.shown.delete(index); else state.shown.add(index);
        syncChips();
        render();
      });
      $("severities").append(chip);
    });
  }
  function syncChips() {
    [...$("severities").children].forEach((chip, index) => chip.setAttribute("aria-pressed", String(state.shown.has(index))));
  }
  function reset() {
    Object.assign(state, defaults);
    state.shown = new Set([0, 1, 2, 3, 4]);
    for (const id of Object.keys(defaults)) $(id).value = state[id];
    syncChips();
    render();
  }

  function setUpSearch() {
    let timer = 0;
    $("text").addEventListener("input", (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => { state.text = event.target.value; render(); }, 120);
    });
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement ? document.activeElement.tagName : "");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        $("text").focus();
      }
    });
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    $("reset").addEventListener("click", reset);
    $("expand").addEventListener("click", () => {
      expanded = !expanded;
      $("expand").textContent = expanded ? "Collapse all" : "Expand all";
      for (const object of list.children) object.open = expanded;
    });
    more.addEventListener("click", renderPage);
    if ("IntersectionObserver" in window) {
      new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting) && !more.hidden) renderPage(); },
        { rootMargin: "600px" }).observe(more);
    }
  }
  function setUpTiles() {
    document.querySelectorAll(".tiles a").forEach((tile, index) => {
      tile.addEventListener("click", () => {
        state.shown = new Set([index]);
        syncChips();
        render();
      });
    });
  }

  // On paper everything that matches is there, opened, up to a limit that a browser can lay out.
  function setUpPrint() {
    let opened = [];
    window.addEventListener("beforeprint", () => {
      let left = printedMax;
      while (rendered < current.list.length && left > 0) {
        left -= current.list.slice(rendered, rendered + objectsPerPage).reduce((sum, group) => sum + group.rows.length, 0);
        renderPage();
      }
      left = printedMax;
      for (const object of list.children) {
        left -= object.group.rows.length;
        if (left < 0) break;
        if (!object.open) { fillObject(object, object.group); object.open = true; opened.push(object); }
        for (const row of object.querySelectorAll(".finding:not([open])")) { row.fill(); row.open = true; opened.push(row); }
      }
    });
    window.addEventListener("afterprint", () => {
      for (const details of opened) details.open = false;
      opened = [];
    });
  }

  function setUpTheme() {
    const button = $("theme");
    const root = document.documentElement;
    const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const label = () => { button.textContent = isDark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`); };
    try {
      const kept = localStorage.getItem("tallystick-theme");
      if (kept === "light" || kept === "dark") root.dataset.theme = kept;
    } catch { /* Storage may be barred for local files; the choice then lasts as long as the page. */ }
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("tallystick-theme", root.dataset.theme); } catch { /* As above. */ }
      label();
    });
    label();
    button.hidden = false;
  }
  function setUpCopy() {
    if (!navigator.clipboard) return;
    document.querySelectorAll(".command").forEach((command) => {
      const button = element("button", "plain copy", "Copy");
      button.type = "button";
      button.addEventListener("click", () => navigator.clipboard.writeText(command.textContent)
        .then(() => { button.textContent = "Copied"; }, () => { button.textContent = "Not allowed"; }));
      command.after(button);
    });
  }

  buildFilters();
  setUpSearch();
  setUpTiles();
  setUpPrint();
  setUpTheme();
  setUpCopy();
  $("static").hidden = true;
  $("filters").hidden = false;
  render();
})();
