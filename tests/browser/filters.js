// Appended to a copy of a report: sets the filters as a person would, and notes what the page then shows. The test reads
// the notes from the serialised page.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const cases = JSON.parse($("cases").textContent);
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  function choose(id, value) {
    $(id).value = value;
    $(id).dispatchEvent(new Event("change", { bubbles: true }));
  }
  async function search(text) {
    $("text").value = text;
    $("text").dispatchEvent(new Event("input", { bubbles: true }));
    await wait(250);  // typing settles for 120 ms
  }
  function press(severities) {
    for (const chip of $("severities").children) {
      const wanted = severities.some((severity) => chip.classList.contains(severity));
      if ((chip.getAttribute("aria-pressed") === "true") !== wanted) chip.click();
    }
  }
  function ruleValue(id) {
    const data = JSON.parse($("data").textContent);
    return String(data.checks.findIndex((check) => check.rule === id));
  }

  (async () => {
    const notes = [];
    for (const one of cases) {
      $("reset").click();
      if (one.namespace !== undefined) choose("namespace", one.namespace);
      if (one.tier !== undefined) choose("tier", one.tier);
      if (one.rule !== undefined) choose("rule", ruleValue(one.rule));
      if (one.verdict !== undefined) choose("verdict", one.verdict);
      if (one.severities !== undefined) press(one.severities);
      await search(one.text || "");
      while (!$("more").hidden) $("more").click();
      if ($("expand").textContent === "Expand all") $("expand").click();
      await wait(20);
      notes.push({
        name: one.name,
        count: $("count").textContent,
        objects: document.querySelectorAll("#list > details.object").length,
        rows: document.querySelectorAll("#list details.finding").length,
      });
      $("expand").click();
    }
    const out = document.createElement("pre");
    out.id = "notes";
    out.textContent = JSON.stringify(notes);
    document.body.append(out);
  })();
})();
