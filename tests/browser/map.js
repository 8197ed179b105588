// Appended to a copy of a network map: chooses and asks as a person would, and notes what the page then shows. The test
// reads the notes from the serialised page.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const cases = JSON.parse($("cases").textContent);
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  async function type(id, text) {
    $(id).value = text;
    $(id).dispatchEvent(new Event("input", { bubbles: true }));
    await wait(250);  // typing settles for 120 ms
  }
  const press = (attribute, value) => document.querySelector(`[data-${attribute}="${value}"]`).click();

  (async () => {
    const notes = [];
    for (const one of cases) {
      $("reset").click();
      const note = { name: one.name };
      if (one.view) press("view", one.view);
      if (one.namespace) {
        const option = [...$("namespace").options].find((made) => made.textContent.startsWith(`${one.namespace} (`));
        $("namespace").value = option.value;
        $("namespace").dispatchEvent(new Event("change", { bubbles: true }));
      }
      if (one.text) await type("text", one.text);
      if (one.port) await type("port", one.port);
      if (one.outside) press("outside", "1");
      for (const verdict of one.verdicts || []) press("verdict", verdict);
      if (one.view === "list") {
        let more = document.querySelector("#view .more-line");
        while (!more.hidden) more.querySelector("button").click();
        note.rows = [...document.querySelectorAll("#view tbody tr")].map((row) => [...row.cells].slice(0, 3).map((cell) => cell.textContent));
      }
      if (one.view === "map") {
        note.workloads = document.querySelectorAll("#view .workload").length;
        note.spaces = document.querySelectorAll("#view .space").length;
        note.lines = document.querySelectorAll("#view g.line").length;
      }
      if (one.from) {
        $("from").value = one.from;
        $("to").value = one.to;
        $("ask").requestSubmit();
        note.panel = $("panel").textContent;
        note.unanswered = $("unanswered").textContent;
      }
      note.count = $("count").textContent;
      notes.push(note);
    }
    const out = document.createElement("pre");
    out.id = "notes";
    out.textContent = JSON.stringify(notes);
    document.body.append(out);
  })();
})();
