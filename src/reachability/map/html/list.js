// The list: one line for each pair that the filters let through, in pages.
const linesPerPage = 100;
function drawList(view) {
  const table = element("table", "list");
  const headings = element("tr");
  for (const title of ["From", "To", "Connections", ...(data.meshed ? ["Mesh"] : []), ""]) {
    const cell = element("th", "", title);
    cell.scope = "col";
    headings.append(cell);
  }
  const headRow = element("thead");
  headRow.append(headings);
  const body = element("tbody");
  table.append(headRow, body);
  const line = element("p", "more-line");
  const more = button("plain", "Show more", () => page());
  line.append(more);
  view.replaceChildren(table, line);
  const all = pairs();
  let next = all.next();
  function page() {
    for (let count = 0; count < linesPerPage && !next.done; ++count, next = all.next()) {
      const [from, to, row] = next.value;
      const made = element("tr", row === null ? "denied" : isPerhapsOnly(row) ? "perhaps" : "");
      const cells = [from === "outside" ? `outside: ${row.words}` : `${from.spaceName}/${from.name}`, to === "outside" ? `outside: ${row.words}` : `${to.spaceName}/${to.name}`, row === null ? "denied" : wordsOf(row)];
      if (data.meshed) cells.push(row && row.mesh ? [row.mesh.encryption, row.mesh.requests].filter(Boolean).join("; ") : "");
      cells.forEach((words, index) => {
        const cell = element("td");
        cell.dataset.label = ["From", "To", "Connections", "Mesh"][index];
        cell.append(element("bdi", "", words));
        made.append(cell);
      });
      const last = element("td");
      last.append(button("plain small", "Why?", () => pick({ from: from === "outside" ? from : from.index, to: to === "outside" ? to : to.index })));
      made.append(last);
      body.append(made);
    }
    line.hidden = next.done;
  }
  page();
  if (!body.childElementCount) view.prepend(element("p", "note", "Nothing matches."));
}
