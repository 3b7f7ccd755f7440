// Plots in SVG, drawn as wide as the figure is.

const SPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 180;
const EDGE = { left: 40, right: 8, top: 10, bottom: 24 };
const SIGN = 6.5; // pixels of a label's character, about

function part(name, attributes, text) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A round number that is at least as large. */
function round(value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return unit * [1, 2, 4, 6, 8, 10].find((step) => step * unit >= value * 0.9999);
}

const plain = (value) => Number(value.toPrecision(3)).toLocaleString("en");

/** An empty plot in a figure, in place of the last: the drawing and what turns values into heights. */
function begin(figure, summary, most) {
  figure.querySelector("svg, .none")?.remove();
  if (!(most > 0)) {
    const none = document.createElement("p");
    none.className = "none";
    none.textContent = "Nothing yet.";
    figure.append(none);
    return null;
  }
  const width = Math.max(240, figure.clientWidth - parseFloat(getComputedStyle(figure).paddingLeft) * 2);
  const svg = part("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": summary });
  const top = round(most);
  const [low, high] = [HEIGHT - EDGE.bottom, EDGE.top];
  const place = (value) => low - (value / top) * (low - high);
  for (const share of [0, 0.5, 1]) {
    const y = place(share * top);
    svg.append(part("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y, y2: y, class: "grid" }));
    if (share !== 0.5 || top !== 1) { // there is no half observer
      svg.append(part("text", { x: EDGE.left - 6, y: y + 4, class: "tick end" }, plain(share * top)));
    }
  }
  figure.append(svg);
  return { svg, place, step: (count) => (width - EDGE.left - EDGE.right) / count };
}

/** Labels below, as many as there is room for. */
function label(svg, names, step) {
  const widest = Math.max(...names.map((name) => name.length)) * SIGN + 8;
  const every = Math.max(1, Math.ceil(widest / step));
  names.forEach((name, index) => {
    if (index % every === 0) {
      svg.append(part("text", { x: EDGE.left + (index + 0.5) * step, y: HEIGHT - 7, class: "tick middle" }, name));
    }
  });
}

/**
 * Bars, each of parts on top of each other.
 *
 * @param bars  [{name, parts: [[value, class], …], told}, …]; `told` appears where the pointer rests.
 */
export function drawBars(figure, summary, bars) {
  const plot = begin(figure, summary, Math.max(0, ...bars.map((bar) => bar.parts.reduce((sum, [value]) => sum + value, 0))));
  if (!plot) return;
  const step = plot.step(bars.length);
  const width = Math.min(48, Math.max(1, step * 0.8));
  bars.forEach((bar, index) => {
    const group = part("g", {});
    group.append(part("title", {}, bar.told));
    let below = 0;
    for (const [value, kind] of bar.parts) {
      const [y, under] = [plot.place(below + value), plot.place(below)];
      const x = EDGE.left + (index + 0.5) * step - width / 2;
      group.append(part("rect", { x, y, width, height: Math.max(0, under - y), class: kind }));
      below += value;
    }
    plot.svg.append(group);
  });
  label(plot.svg, bars.map((bar) => bar.name), step);
}

/**
 * Medians as dots, quartiles as lines.
 *
 * @param rows  [{name, range: [low, middle, high] or null, kind, told}, …]
 */
export function drawRanges(figure, summary, rows) {
  const plot = begin(figure, summary, Math.max(0, ...rows.map((row) => row.range?.[2] ?? 0)));
  if (!plot) return;
  const step = plot.step(rows.length);
  rows.forEach((row, index) => {
    if (!row.range) return;
    const x = EDGE.left + (index + 0.5) * step;
    const [low, middle, high] = row.range.map(plot.place);
    const group = part("g", { class: row.kind });
    group.append(
      part("title", {}, row.told),
      part("line", { x1: x, x2: x, y1: low, y2: high, class: "range" }),
      part("circle", { cx: x, cy: middle, r: Math.min(4.5, Math.max(2, step / 3)) }),
    );
    plot.svg.append(group);
  });
  label(plot.svg, rows.map((row) => row.name), step);
}
