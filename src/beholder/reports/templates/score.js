"use strict";

const byId = (id) => document.getElementById(id);
const on = (id, type, act) => byId(id).addEventListener(type, act);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const grouped = (count) => count.toLocaleString("en");

const data = JSON.parse(byId("data").textContent);
const parsed = new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve));
const metrics = data.metrics.map((metric) => ({
  ...metric,
  scores: metric.scores.map((score) => (score === null ? null : Number(score))), // "Infinity" is a string in JSON
}));
const { names, errors } = data;
const notes = new Map(data.notes);
const fullPath = (role, row) => data.folders[role] + names[role][row];

/* Every string of the data enters the page here, as text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/* The middle gives way first: a file's kind and number stand at its end. */
function pathLabel(role, row) {
  const signs = [...names[role][row]];
  const tail = signs.length > 14 ? [make("span", {}, signs.splice(-7).join(""))] : [];
  const head = make("span", { class: "head" }, signs.join(""));
  return make("span", { class: "path", title: fullPath(role, row) }, head, ...tail);
}

/* ---- Scores ---- */

const isScore = (score) => score !== null && !Number.isNaN(score);

function write(metric, score) {
  if (!isScore(score)) return score === null ? "–" : "NaN";
  const size = Math.abs(score) === Infinity ? "∞" : Math.abs(score).toFixed(metric.decimals);
  return score < 0 && Number(size) !== 0 ? `−${size}` : size;
}

/* From 0, the worst of its column, to 1, the best. */
function goodness(metric, score) {
  if (!isScore(score) || metric.low === metric.high) return 0;
  const share = clamp((score - metric.low) / (metric.high - metric.low), 0, 1);
  return metric.direction === "higher" ? share : 1 - share;
}

function binOf(metric, score) {
  return Number.isFinite(score) ? clamp(Math.floor((score - metric.start) / metric.step), 0, metric.bins - 1) : -1;
}

/* ---- Distribution ---- */

function listenToHistogram(figure) {
  const metric = metrics[figure.dataset.metric];
  const readout = figure.querySelector(".readout");
  const median = readout.textContent;
  const bars = [...figure.querySelectorAll(".bar")];
  const barOf = (event) => bars.indexOf(event.target.closest(".bar"));
  const tell = (event) => {
    readout.textContent = bars[barOf(event)]?.getAttribute("aria-label") ?? readout.textContent;
  };
  metric.showFilter = () => {
    const chosen = filters.bins.get(metric);
    figure.classList.toggle("filtered", chosen !== undefined);
    bars.forEach((bar, bin) => bar.setAttribute("aria-pressed", bin === chosen));
    readout.textContent = chosen === undefined ? median : `only ${bars[chosen].getAttribute("aria-label")}`;
  };
  for (const type of ["pointerover", "focusin"]) figure.addEventListener(type, tell);
  for (const type of ["pointerleave", "focusout"]) figure.addEventListener(type, metric.showFilter);
  figure.addEventListener("click", (event) => filterByBin(metric, barOf(event)));
  figure.addEventListener("keydown", (event) => {
    const bin = barOf(event);
    const next = bars[bin + { ArrowRight: 1, ArrowLeft: -1 }[event.key]];
    if (event.key === "Enter" || event.key === " ") filterByBin(metric, bin);
    else if (next) next.focus();
    else return;
    event.preventDefault();
  });
}

/* ---- Table ---- */

const ROW_HEIGHT = 36;
const ERROR_HEIGHT = 40;
const filters = { text: "", failedOnly: false, bins: new Map() };
const order = { column: 0, descending: false };
const columns = [names.distorted, names.reference, ...metrics.map((metric) => metric.scores)];
const table = { rows: [], tops: [0], first: -1, last: -1 };
const sheet = byId("sheet");
const heads = [...byId("columns").children];
const haystack = errors.map((_, row) => `${names.distorted[row]}\n${names.reference[row]}`.toLowerCase());
const collator = new Intl.Collator("en", { numeric: true });
let selected = null;

function sortBy(column, descending) {
  Object.assign(order, { column, descending });
  for (const head of heads) head.setAttribute("aria-sort", "none");
  heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  refresh();
}

function compareRows(a, b) {
  const values = columns[order.column];
  const sign = order.descending ? -1 : 1;
  if (order.column < 2) return sign * collator.compare(values[a], values[b]) || a - b;
  if (!isScore(values[a]) || !isScore(values[b])) return isScore(values[b]) - isScore(values[a]) || a - b;
  return sign * ((values[a] > values[b]) - (values[a] < values[b])) || a - b;
}

function passes(row) {
  if (filters.failedOnly && errors[row] === null) return false;
  if (!haystack[row].includes(filters.text)) return false;
  return [...filters.bins].every(([metric, bin]) => binOf(metric, metric.scores[row]) === bin);
}

function refresh() {
  filters.text = byId("search").value.toLowerCase();
  filters.failedOnly = byId("failed-only").checked;
  table.rows = errors.map((_, row) => row).filter(passes).sort(compareRows);
  table.tops = [0];
  for (const row of table.rows) {
    table.tops.push(table.tops.at(-1) + ROW_HEIGHT + (errors[row] === null ? 0 : ERROR_HEIGHT));
  }
  const active = filters.text || filters.failedOnly || filters.bins.size;
  byId("clear").hidden = !active;
  sheet.classList.toggle("nothing", !table.rows.length);
  byId("count").textContent = active ? `${grouped(table.rows.length)} of ${grouped(errors.length)}` : "";
  byId("table").setAttribute("aria-rowcount", table.rows.length + 1);
  for (const metric of metrics) metric.showFilter?.();
  sheet.scrollTop = 0;
  if (!table.rows.includes(selected)) return select(table.rows[0] ?? null);
  drawRows({ anew: true });
  showPlace();
}

function filterByBin(metric, bin) {
  if (bin < 0) return;
  if (filters.bins.get(metric) === bin) filters.bins.delete(metric);
  else filters.bins.set(metric, bin);
  refresh();
}

/* Only the rows near the visible part are in the document, so ten thousand pairs scroll like ten. */
function drawRows({ anew = false } = {}) {
  const { rows, tops } = table;
  const rowAt = (height) => tops.findLastIndex((top) => top <= height);
  const first = Math.max(0, rowAt(sheet.scrollTop) - 8);
  const last = Math.min(rows.length, rowAt(sheet.scrollTop + sheet.clientHeight) + 9);
  if (!anew && first === table.first && last === table.last) return;
  Object.assign(table, { first, last });
  const drawn = rows.slice(first, last).flatMap((row, place) => drawRow(row, first + place));
  byId("rows").replaceChildren(spacer(tops[first]), ...drawn, spacer(tops.at(-1) - tops[last]));
}

function spacer(height) {
  const cell = make("td", { colspan: columns.length });
  cell.style.height = `${height}px`;
  return make("tr", { class: "spacer", "aria-hidden": "true" }, cell);
}

function drawRow(row, place) {
  const error = errors[row];
  const marks = { "data-row": row, ...(row === selected && { "aria-current": "true" }) };
  const cells = metrics.map((metric) => {
    const cell = make("td", { class: "score" }, write(metric, metric.scores[row]));
    cell.style.setProperty("--good", `${100 * goodness(metric, metric.scores[row])}%`);
    return cell;
  });
  const kind = error === null ? "pair" : "pair failed";
  const line = make("tr", { ...marks, class: kind, "aria-rowindex": place + 2 },
    make("th", { scope: "row" }, pathLabel("distorted", row)), make("td", {}, pathLabel("reference", row)), ...cells);
  if (error === null) return [line];
  // What went wrong stands nearer the front without the folders that the page names once.
  const folders = Object.values(data.folders).filter((folder) => folder.length > 1);
  const brief = folders.reduce((text, folder) => text.replaceAll(folder, ""), error);
  const cell = make("td", { colspan: columns.length }, make("p", { title: error }, brief));
  return [line, make("tr", { ...marks, class: "error" }, cell)];
}

function select(row) {
  selected = row;
  const place = table.rows.indexOf(row);
  const room = sheet.clientHeight - byId("columns").offsetHeight;
  if (place >= 0) sheet.scrollTop = clamp(sheet.scrollTop, table.tops[place + 1] - room, table.tops[place]);
  drawRows({ anew: true });
  showPlace();
  showPair(row);
}

function selectNext(step) {
  const place = table.rows.indexOf(selected);
  const next = table.rows[clamp(place + step, 0, table.rows.length - 1)];
  if (next !== undefined && next !== selected) select(next);
}

function showPlace() {
  const place = table.rows.indexOf(selected);
  byId("previous").disabled = place <= 0;
  byId("next").disabled = place === table.rows.length - 1;
  const found = `Pair ${grouped(place + 1)} of ${grouped(table.rows.length)}`;
  byId("which").textContent = selected === null ? "No pair selected" : found;
}

/* ---- Viewer ---- */

const view = { zoom: null, x: 0, y: 0, split: 0.5, side: false, map: null, size: null, layers: [], grip: null };
const pointers = new Map();
const stage = byId("stage");
const panes = byId("panes");
const divider = byId("divider");

async function openPicture(place, role) {
  const image = make("img", { class: role, alt: role, draggable: "false" });
  image.style.backgroundColor = data.provenance.background ?? "";
  image.src = byId(`picture-${place}`).textContent;
  await image.decode();
  return image;
}

async function showPair(row) {
  if (row === null) return showNothing();
  const exhibit = data.exhibits[row];
  const bar = make("span", { class: "quiet" }, "|");
  byId("names").replaceChildren(pathLabel("reference", row), bar, pathLabel("distorted", row));
  metrics.forEach((metric, place) => {
    const unit = isScore(metric.scores[row]) && metric.unit !== "1" ? ` ${metric.unit}` : "";
    byId(`score-${place}`).textContent = write(metric, metric.scores[row]) + unit;
  });
  if (!exhibit) {
    return showMessage(errors[row] ?? data.leftOut[row] ?? data.notEmbedded);
  }
  await parsed;
  const map = exhibit.maps[view.map];
  const roles = [[exhibit.reference, "reference"], [exhibit.distorted, "distorted"]];
  if (map !== undefined) roles.push([map, "map"]);
  try {
    const layers = await Promise.all(roles.map(([place, role]) => openPicture(place, role)));
    if (row === selected && map === exhibit.maps[view.map]) showLayers(layers, exhibit);
  } catch (failure) {
    if (row === selected) showMessage(`This browser cannot show the pictures of this pair (${failure.name}).`);
  }
}

function showNothing() {
  byId("names").replaceChildren();
  metrics.forEach((_, place) => { byId(`score-${place}`).textContent = ""; });
  showMessage("");
}

function showMessage(text) {
  Object.assign(view, { layers: [], size: null });
  panes.replaceChildren();
  byId("message").textContent = text;
  byId("note").replaceChildren(...(selected === null ? [] : notesOf(selected)));
  byId("viewer").classList.add("empty");
  divider.hidden = true;
}

/* A file may have been cropped or resized for other pairs only: such a note counts where the size is shown. */
function notesOf(row, sizes = {}) {
  const counts = (note, role) => !/ to \d+x\d+$/.test(note) || note.endsWith(` to ${sizes[role]}`);
  const told = (role) => (notes.get(fullPath(role, row)) ?? []).filter((note) => counts(note, role));
  return ["reference", "distorted"].flatMap((role) => told(role).map((note) => make("p", {}, `${role}: ${note}`)));
}

function showLayers(layers, exhibit) {
  const [reference, distorted] = layers.map((image) => ({ width: image.naturalWidth, height: image.naturalHeight }));
  const sameAs = (size) => size?.width === reference.width && size?.height === reference.height;
  // Zoom and place stay from pair to pair of one size, so that distortions can be compared in one spot.
  if (!sameAs(view.size)) Object.assign(view, { zoom: null, x: 0, y: 0 });
  Object.assign(view, { layers, size: reference });
  const lines = errors[selected] === null ? [] : [make("p", { class: "bad" }, errors[selected])];
  const inWords = ({ width, height }) => `${width}x${height}`;
  lines.push(...notesOf(selected, { reference: inWords(reference), distorted: inWords(distorted) }));
  if (!sameAs(distorted)) {
    lines.push(make("p", {}, `The distorted picture is ${distorted.width} × ${distorted.height}; it is shown `
      + `scaled to the reference's ${reference.width} × ${reference.height}.`));
  }
  byId("note").replaceChildren(...lines);
  byId("viewer").classList.remove("empty");
  for (const button of byId("map-buttons").querySelectorAll("button")) {
    button.disabled = !(button.dataset.map in exhibit.maps);
    button.setAttribute("aria-pressed", layers.length > 2 && button.dataset.map === view.map);
  }
  byId("heat").classList.toggle("off", layers.length < 3);
  const [alike, different] = metrics.find((metric) => metric.name === view.map)?.map_range ?? ["", ""];
  byId("alike").textContent = `${alike} alike`;
  byId("different").textContent = `different ${different}`;
  arrange();
}

function arrange() {
  const titles = { reference: "Reference", distorted: "Distorted", map: `${view.map} map` };
  const pane = (layers, roles) => make("div", { class: "pane" }, ...layers,
    ...roles.map((role) => make("span", { class: `label ${role}` }, titles[role])));
  const apart = view.layers.map((layer) => pane([layer], [layer.className]));
  panes.replaceChildren(...(view.side ? apart : [pane(view.layers, ["reference", "distorted"])]));
  panes.classList.toggle("side", view.side);
  byId("opacity-label").hidden = view.side;
  byId("mode-slider").setAttribute("aria-pressed", !view.side);
  byId("mode-side").setAttribute("aria-pressed", view.side);
  paint();
}

/* Where the picture lies in a pane, in CSS pixels; zoom counts screen pixels for each picture pixel. */
function measure() {
  const { width, height } = panes.firstChild.getBoundingClientRect();
  const density = window.devicePixelRatio;
  const fill = density * Math.min(width / view.size.width, height / view.size.height);
  const fit = fill > 1 ? Math.floor(fill) : fill;
  const zoom = view.zoom ?? fit;
  const [w, h] = [view.size.width * zoom / density, view.size.height * zoom / density];
  const [slackX, slackY] = [Math.max(0, (w - width) / 2), Math.max(0, (h - height) / 2)];
  view.x = clamp(view.x, -slackX, slackX);
  view.y = clamp(view.y, -slackY, slackY);
  const left = Math.round(((width - w) / 2 + view.x) * density) / density;
  const top = Math.round(((height - h) / 2 + view.y) * density) / density;
  const [from, to] = [Math.max(0, left), Math.min(width, left + w)]; // the part that the divider crosses
  return { width, height, w, h, left, top, from, to, zoom, fit, roomy: slackX + slackY > 1 };
}

function paint() {
  if (!view.layers.length) return;
  const fit = (across, down) =>
    Math.min(panes.clientWidth / across / view.size.width, panes.clientHeight / down / view.size.height);
  panes.classList.toggle("stack", fit(1, panes.children.length) > fit(panes.children.length, 1));
  const { w, h, left, top, from, to, zoom, roomy } = measure();
  const at = from + (to - from) * view.split;
  for (const layer of view.layers) {
    Object.assign(layer.style, { left: `${left}px`, top: `${top}px`, width: `${w}px`, height: `${h}px` });
    layer.style.clipPath = view.side || layer.className !== "distorted" ? "" : `inset(0 0 0 ${at - left}px)`;
    layer.style.imageRendering = zoom > 1 ? "pixelated" : "auto";
    layer.style.opacity = layer.className === "map" && !view.side ? byId("opacity").value / 100 : 1;
  }
  const percent = Math.round(100 * view.split);
  divider.hidden = view.side;
  divider.style.left = `${at}px`;
  divider.setAttribute("aria-valuenow", percent);
  divider.setAttribute("aria-valuetext", `${percent} % reference`);
  byId("zoom").textContent = `${Math.round(100 * zoom)} %`;
  stage.classList.toggle("roomy", roomy);
}

function splitAt(clientX) {
  const { from, to } = measure();
  setSplit((clientX - panes.getBoundingClientRect().left - from) / (to - from));
}

function setSplit(share) {
  view.split = clamp(share, 0, 1);
  paint();
}

/* What lies under the point stays there. Returns whether anything changed. */
function zoomTo(wanted, point = null) {
  if (!view.layers.length) return false;
  const { zoom, fit, width, height } = measure();
  const next = clamp(wanted, Math.min(fit, 1), 32);
  const boxes = [...panes.children].map((pane) => pane.getBoundingClientRect());
  const box = point && boxes.find(({ right, bottom }) => point.x < right && point.y < bottom);
  const [x, y] = box ? [point.x - box.left - width / 2, point.y - box.top - height / 2] : [0, 0];
  Object.assign(view, { zoom: next, x: x - (x - view.x) * next / zoom, y: y - (y - view.y) * next / zoom });
  paint();
  return next !== zoom;
}

function zoomStep(direction) {
  if (!view.layers.length) return;
  const power = Math.log2(measure().zoom);
  zoomTo(2 ** (direction > 0 ? Math.floor(power) + 1 : Math.ceil(power) - 1));
}

function zoomFit() {
  Object.assign(view, { zoom: null, x: 0, y: 0 });
  paint();
}

function grab(event) {
  if (!view.layers.length || event.button) return;
  stage.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  const onDivider = divider.contains(event.target);
  view.grip = onDivider || !(view.side || measure().roomy) ? "split" : "pan";
  if (onDivider) divider.focus();
  else if (view.grip === "split" && pointers.size === 1) splitAt(event.clientX);
}

function drag(event) {
  const before = pointers.get(event.pointerId);
  if (!before || !view.layers.length) return;
  const now = { x: event.clientX, y: event.clientY };
  pointers.set(event.pointerId, now);
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const reach = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    zoomTo(measure().zoom * reach(now) / reach(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  } else if (view.grip === "split") {
    splitAt(now.x);
  } else {
    Object.assign(view, { x: view.x + now.x - before.x, y: view.y + now.y - before.y });
    paint();
  }
}

/* ---- The table as CSV ---- */

function csvCell(value) {
  const text = value === null ? "" : String(value).replace(/^(-?)Infinity$/, "$1inf");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function tableAsCsv() {
  const head = ["reference", "distorted", ...metrics.map((metric) => metric.name), "error"];
  const lines = errors.map((error, row) => [
    fullPath("reference", row), fullPath("distorted", row), ...metrics.map((metric) => metric.scores[row]), error]);
  return [head, ...lines].map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

/* ---- Listening ---- */

document.querySelectorAll(".histogram:has(svg)").forEach(listenToHistogram);

const style = byId("table").style;
style.setProperty("--metrics", metrics.length);
style.setProperty("--row", `${ROW_HEIGHT}px`);
style.setProperty("--error", `${ERROR_HEIGHT}px`);
heads.forEach((head, column) => head.firstChild.addEventListener("click", () =>
  sortBy(column, order.column === column && !order.descending)));
sheet.addEventListener("scroll", drawRows);
new ResizeObserver(() => drawRows()).observe(sheet);
on("rows", "click", (event) => {
  const row = event.target.closest("tr").dataset.row;
  if (row === undefined) return;
  select(Number(row));
  const { top } = stage.getBoundingClientRect();
  if (top > window.innerHeight * 0.8) byId("viewer").scrollIntoView({ behavior: "smooth" });
});
on("search", "input", refresh);
on("failed-only", "change", refresh);
on("clear", "click", () => {
  filters.bins.clear();
  byId("search").value = "";
  byId("failed-only").checked = false;
  refresh();
});

stage.addEventListener("pointerdown", grab);
stage.addEventListener("pointermove", drag);
stage.addEventListener("pointerup", (event) => pointers.delete(event.pointerId));
stage.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
stage.addEventListener("wheel", (event) => {
  if (!view.layers.length) return;
  const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)); // a pinch on a touchpad comes with ctrlKey
  // At the smallest zoom the wheel is the page's again.
  if (zoomTo(measure().zoom * factor, { x: event.clientX, y: event.clientY })) event.preventDefault();
}, { passive: false });
divider.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  setSplit(view.split + step);
});
for (const button of byId("map-buttons").querySelectorAll("button")) {
  button.addEventListener("click", () => {
    view.map = view.map === button.dataset.map ? null : button.dataset.map;
    showPair(selected);
  });
}
on("opacity", "input", paint);
on("mode-slider", "click", () => { view.side = false; arrange(); });
on("mode-side", "click", () => { view.side = true; arrange(); });
on("zoom-in", "click", () => zoomStep(1));
on("zoom-out", "click", () => zoomStep(-1));
on("zoom-fit", "click", zoomFit);
on("zoom-one", "click", () => zoomTo(1));
on("previous", "click", () => selectNext(-1));
on("next", "click", () => selectNext(1));
byId("whole-screen").hidden = !document.fullscreenEnabled;
on("whole-screen", "click", () => (
  document.fullscreenElement ? document.exitFullscreen() : byId("viewer").requestFullscreen()));
new ResizeObserver(paint).observe(stage);
byId("scale").style.background = `linear-gradient(to right, ${data.palette.join(", ")})`;

const KEYS = {
  j: () => selectNext(1), k: () => selectNext(-1), ArrowDown: () => selectNext(1), ArrowUp: () => selectNext(-1),
  "+": () => zoomStep(1), "=": () => zoomStep(1), "-": () => zoomStep(-1), 0: zoomFit, 1: () => zoomTo(1),
};
document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
  // Elsewhere the arrows scroll the page.
  if (event.key.startsWith("Arrow") && !event.target.closest(".bench")) return;
  event.preventDefault();
  act();
});

on("download", "click", () => {
  const address = URL.createObjectURL(new Blob([tableAsCsv()], { type: "text/csv" }));
  make("a", { href: address, download: "scores.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
});
on("copy", "click", async () => {
  // A browser lends the clipboard to local and encrypted pages only.
  const copied = navigator.clipboard?.writeText(JSON.stringify(data.provenance, null, 2)) ?? Promise.reject();
  byId("copy").textContent = await copied.then(() => "Copied", () => "The browser refused to copy");
  setTimeout(() => { byId("copy").textContent = "Copy JSON"; }, 2000);
});

sortBy(metrics.length ? 2 : 0, metrics[0]?.direction === "lower");
