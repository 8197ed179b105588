// The matrix: who (rows) may reach whom (columns), by workload or, where they are many, by namespace. Drawn for the part that
// is looked at only, so that its size costs nothing.
const matrix = { axis: [], cell: 22, head: 150, cursor: null, byspace: false, counts: null, box: null, canvas: null };
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function axisOf() {
  const chosen = hasFilter() ? workloads.filter((one) => wanted[one.index]) : workloads;
  if (chosen.length <= 150) {
    if (!hasFilter() || chosen.length === 0) return { byspace: false, axis: chosen };
    // With those that they are connected with.
    const near = new Set(chosen.map((one) => one.index));
    for (const [source, destination] of pairs()) {
      if (near.size > 150) break;
      if (source !== "outside" && destination !== "outside") { near.add(source.index); near.add(destination.index); }
    }
    return { byspace: false, axis: workloads.filter((one) => near.has(one.index)) };
  }
  const shown = new Set(chosen.map((one) => one.space));
  return { byspace: true, axis: livedIn.filter((space) => shown.has(space.index)) };
}
const matrixName = (one) => (matrix.byspace ? one.name : `${livedIn.length > 1 ? one.spaceName + "/" : ""}${one.name}`);

function drawMatrix(view) {
  Object.assign(matrix, axisOf());
  matrix.counts = matrix.byspace ? spacePairs() : null;
  const longest = Math.max(4, ...matrix.axis.map((one) => matrixName(one).length));
  matrix.head = Math.min(Math.max(110, Math.floor(view.clientWidth * 0.3)), longest * 8 + 22);
  matrix.cell = Math.max(13, Math.min(28, Math.floor((view.clientWidth - matrix.head - 12) / Math.max(1, matrix.axis.length))));
  matrix.cursor = null;
  const box = element("div", "matrix");
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  box.setAttribute("aria-label", "Matrix of sources (rows) and destinations (columns). Arrow keys move, Enter selects.");
  const size = matrix.head + matrix.axis.length * matrix.cell + 8;
  const room = element("div", "matrix-room");
  room.style.width = `${size}px`;
  room.style.height = `${size}px`;
  const canvas = element("canvas");
  room.append(canvas);
  box.append(room);
  const status = element("p", "matrix-status note");
  status.setAttribute("role", "status");
  status.textContent = matrix.axis.length ? "Rows are sources, columns are destinations." : "Nothing matches.";
  view.replaceChildren(status, box);
  Object.assign(matrix, { box, canvas, status });
  box.addEventListener("scroll", paint);
  box.addEventListener("pointermove", (event) => { const at = cellAt(event); if (at) moveTo(at); });
  box.addEventListener("click", (event) => { const at = cellAt(event); if (at) choose(at); });
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const last = matrix.axis.length - 1;
    if (step && last >= 0) {
      event.preventDefault();
      const [row, column] = matrix.cursor || [0, -1];
      moveTo([Math.max(0, Math.min(last, row + step[0])), Math.max(0, Math.min(last, column + step[1]))]);
    }
    if (event.key === "Enter" && matrix.cursor) choose(matrix.cursor);
  });
  new ResizeObserver(paint).observe(box);
  paint();
}
function cellAt(event) {
  const place = matrix.box.getBoundingClientRect();
  const column = Math.floor((event.clientX - place.left + matrix.box.scrollLeft - matrix.head) / matrix.cell);
  const row = Math.floor((event.clientY - place.top + matrix.box.scrollTop - matrix.head) / matrix.cell);
  const isHead = event.clientX - place.left < matrix.head || event.clientY - place.top < matrix.head;
  return isHead || row < 0 || column < 0 || row >= matrix.axis.length || column >= matrix.axis.length ? null : [row, column];
}
// What a cell says: the share of pairs that may connect, and whether they do but perhaps.
function cellOf(row, column) {
  const a = matrix.axis[row];
  const b = matrix.axis[column];
  if (!matrix.byspace) {
    if (a === b) return { share: 0, self: true, words: "itself" };
    const found = between(a, b);
    const isShown = found && !isNothing(found) && passes(found);
    return { share: isShown ? 1 : 0, perhaps: Boolean(isShown && isPerhapsOnly(found)), part: Boolean(isShown && found.allowed !== "all"), words: isShown ? wordsOf(found) : found && !isNothing(found) ? "not shown" : "denied" };
  }
  const key = (a.index * spaces.length + b.index) * 2;
  const sure = matrix.counts.get(key) || 0;
  const perhaps = matrix.counts.get(key + 1) || 0;
  const all = a.members.length * b.members.length - (a === b ? a.members.length : 0);
  return { share: all ? Math.min(1, (sure + perhaps) / all) : 0, perhaps: sure === 0 && perhaps > 0,
    words: sure + perhaps === 0 ? "denied" : `${(sure + perhaps).toLocaleString("en")} of ${all.toLocaleString("en")} pairs${perhaps ? `, ${perhaps.toLocaleString("en")} of them perhaps` : ""}` };
}
function moveTo(at) {
  matrix.cursor = at;
  const [row, column] = at;
  matrix.status.textContent = `${matrixName(matrix.axis[row])} → ${matrixName(matrix.axis[column])}: ${cellOf(row, column).words}`;
  paint();
}
function choose([row, column]) {
  const a = matrix.axis[row];
  const b = matrix.axis[column];
  matrix.cursor = [row, column];
  pick(matrix.byspace ? { bundle: [a.index, b.index] } : { from: a.index, to: b.index });
}
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let cut = text.length;
  while (cut > 1 && context.measureText(`${text.slice(0, cut)}…`).width > width) --cut;
  return `${text.slice(0, cut)}…`;
}
function paint() {
  const { box, canvas, cell, head, axis } = matrix;
  if (!box || !box.isConnected) return;
  const scale = window.devicePixelRatio || 1;
  const width = Math.min(box.clientWidth, head + axis.length * cell + 8);
  const height = Math.min(box.clientHeight, head + axis.length * cell + 8);
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const draw = canvas.getContext("2d");
  draw.scale(scale, scale);
  const tint = { ground: colour("ground"), card: colour("card"), line: colour("line"), ink: colour("ink"), soft: colour("soft"), allowed: colour("low"), perhaps: colour("medium"), mark: colour("accent") };
  draw.fillStyle = tint.card;
  draw.fillRect(0, 0, width, height);
  const first = { row: Math.floor(box.scrollTop / cell), column: Math.floor(box.scrollLeft / cell) };
  const last = { row: Math.min(axis.length, Math.ceil((box.scrollTop + height - head) / cell)), column: Math.min(axis.length, Math.ceil((box.scrollLeft + width - head) / cell)) };
  draw.save();
  draw.beginPath();
  draw.rect(head, head, width - head, height - head);
  draw.clip();
  for (let row = first.row; row < last.row; ++row) {
    for (let column = first.column; column < last.column; ++column) {
      const x = head + column * cell - box.scrollLeft;
      const y = head + row * cell - box.scrollTop;
      const one = cellOf(row, column);
      draw.strokeStyle = tint.line;
      draw.lineWidth = 0.5;
      draw.strokeRect(x + 0.5, y + 0.5, cell, cell);
      if (one.self) { draw.fillStyle = tint.line; draw.fillRect(x + 1, y + 1, cell - 1, cell - 1); }
      if (!one.share) continue;
      // Less than everything is a smaller square, perhaps is striped: never colour alone.
      const inset = one.part ? cell * 0.24 : 1 + (1 - Math.sqrt(one.share)) * cell * 0.4;
      const side = cell - 2 * inset + 1;
      if (one.perhaps) {
        draw.strokeStyle = tint.perhaps;
        draw.lineWidth = 1.5;
        draw.beginPath();
        for (let d = 2; d < 2 * side; d += 4) { draw.moveTo(x + inset + Math.min(d, side), y + inset + Math.max(0, d - side)); draw.lineTo(x + inset + Math.max(0, d - side), y + inset + Math.min(d, side)); }
        draw.stroke();
      } else {
        draw.fillStyle = tint.allowed;
        draw.fillRect(x + inset, y + inset, side, side);
      }
    }
  }
  if (matrix.cursor) {
    draw.strokeStyle = tint.mark;
    draw.lineWidth = 2;
    draw.strokeRect(head + matrix.cursor[1] * cell - box.scrollLeft, head + matrix.cursor[0] * cell - box.scrollTop, cell + 1, cell + 1);
  }
  draw.restore();
  draw.font = `${Math.min(13, cell - 1)}px system-ui, "Noto Sans", "Liberation Sans", sans-serif`;
  draw.textBaseline = "middle";
  const write = (index, isRow) => {
    const isMarked = matrix.cursor && matrix.cursor[isRow ? 0 : 1] === index;
    draw.fillStyle = isMarked ? tint.mark : tint.ink;
    draw.textAlign = isRow ? "right" : "left";
    draw.fillText(fitted(draw, matrixName(axis[index]), head - 14), isRow ? head - 7 : 7, 0);
  };
  draw.save();
  draw.beginPath();
  draw.rect(0, head, head, height - head);
  draw.clip();
  for (let row = first.row; row < last.row; ++row) {
    draw.save();
    draw.translate(0, head + row * cell - box.scrollTop + cell / 2);
    write(row, true);
    draw.restore();
  }
  draw.restore();
  draw.save();
  draw.beginPath();
  draw.rect(head, 0, width - head, head);
  draw.clip();
  for (let column = first.column; column < last.column; ++column) {
    draw.save();
    draw.translate(head + column * cell - box.scrollLeft + cell / 2, head);
    draw.rotate(-Math.PI / 2);
    write(column, false);
    draw.restore();
  }
  draw.restore();
}
