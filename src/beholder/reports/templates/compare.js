"use strict";

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const data = JSON.parse(byId("data").textContent);
const LARGEST = 32; // screen pixels of a picture pixel
const STEP = 0.1; // of a tile, by which an arrow key moves
const A_MOVE = 4; // pixels by which a pointer that points has moved

/* ---- Sorting ---- */

/* What rows are sorted by, of one metric: words, a number from the candidates' scores, and whether the highest come first. */
function orders(sign) {
  const names = data.candidates;
  const found = [["largest difference", (scores) => Math.max(...scores) - Math.min(...scores), true]];
  names.forEach((name, place) => found.push([`${name}, worst first`, (scores) => scores[place], sign < 0]));
  names.forEach((one, i) => names.forEach((other, j) => {
    if (i !== j) found.push([`how much ${one} beats ${other}`, (scores) => sign * (scores[i] - scores[j]), true]);
  }));
  return found;
}

const sorting = { turned: false };

function sortRows() {
  const metric = data.metrics[byId("metric").selectedIndex];
  const [, number, falling] = orders(metric.sign)[byId("what").selectedIndex];
  const direction = falling !== sorting.turned ? -1 : 1;
  const scores = data.scores[metric.name];
  const value = (row) => scores[Number(row.dataset.row)];
  const rows = [...byId("rows").children].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (!x || !y) return !x - !y; // those without a score come last, either way
    return direction * (number(x) - number(y)) || a.dataset.row - b.dataset.row;
  });
  byId("rows").append(...rows);
  byId("turn").setAttribute("aria-pressed", sorting.turned);
}

function listenToSorting() {
  if (!byId("rows") || !data.metrics.length) return;
  byId("what").replaceChildren(...orders(1).map(([words]) => new Option(words)));
  for (const id of ["metric", "what"]) byId(id).addEventListener("change", () => { sorting.turned = false; sortRows(); });
  byId("turn").addEventListener("click", () => { sorting.turned = !sorting.turned; sortRows(); });
  sortRows();
}

/* ---- The versions of a picture, all at one place ---- */

/* Whether the pointer points at a tile, or only lies there because the page was scrolled: then the wheel is the page's. */
const pointing = { at: null, points: false };
window.addEventListener("scroll", () => { pointing.points = false; pointing.at = null; }, { passive: true });
window.addEventListener("pointermove", ({ clientX, clientY }) => {
  pointing.at ??= [clientX, clientY];
  if (Math.hypot(clientX - pointing.at[0], clientY - pointing.at[1]) > A_MOVE) pointing.points = true;
}, { passive: true });
pointing.points = true;

function watch(row) {
  const find = (selector) => row.querySelector(selector);
  const stages = [...row.querySelectorAll(".stage")];
  const images = stages.map((stage) => stage.querySelector("img"));
  const size = { width: Number(row.dataset.width), height: Number(row.dataset.height) };
  // How many times larger than the tile the pictures are, and which place, in shares of the picture, lies in its middle.
  const view = { times: 1, x: 0.5, y: 0.5 };
  const pointers = new Map();

  const density = () => stages[0].clientWidth * window.devicePixelRatio / size.width; // screen pixels of a picture pixel, whole
  const most = () => Math.max(1, LARGEST / density());

  function paint() {
    const slack = 0.5 / view.times;
    view.x = clamp(view.x, slack, 1 - slack);
    view.y = clamp(view.y, slack, 1 - slack);
    const zoom = density() * view.times;
    for (const image of images) {
      Object.assign(image.style, {
        width: `${100 * view.times}%`, height: `${100 * view.times}%`,
        left: `${50 - 100 * view.times * view.x}%`, top: `${50 - 100 * view.times * view.y}%`,
        imageRendering: image.naturalWidth < size.width || zoom > 1 ? "pixelated" : "auto",
      });
    }
    for (const stage of stages) stage.classList.toggle("roomy", view.times > 1);
    find(".zoom").textContent = `${Math.round(100 * zoom)} %`;
    find(".out").disabled = find(".fit").disabled = view.times <= 1;
    find(".in").disabled = view.times >= most();
  }

  /* What lies at a point of a tile, in shares of it from its middle, stays there. Returns whether anything changed. */
  function zoomTo(wanted, [x, y] = [0, 0]) {
    const times = clamp(wanted, 1, most());
    if (times === view.times) return false;
    view.x += x / view.times - x / times;
    view.y += y / view.times - y / times;
    view.times = times;
    paint();
    return true;
  }

  function move(x, y) {
    view.x -= x / view.times;
    view.y -= y / view.times;
    paint();
  }

  function reset() {
    Object.assign(view, { times: 1, x: 0.5, y: 0.5 });
    paint();
  }

  function place(stage, x, y) {
    const box = stage.getBoundingClientRect();
    return [(x - box.left) / box.width - 0.5, (y - box.top) / box.height - 0.5];
  }

  for (const stage of stages) {
    stage.addEventListener("wheel", (event) => {
      if (!pointing.points && !event.ctrlKey) return;
      const lines = event.deltaMode === 1 ? 33 : 1;
      const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)); // a pinch on a touchpad comes with ctrlKey
      // At the smallest zoom the wheel is the page's again.
      if (zoomTo(view.times * factor, place(stage, event.clientX, event.clientY)) || event.ctrlKey) event.preventDefault();
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      stage.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    stage.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      pointers.set(event.pointerId, now);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (!other) {
        move((now.x - before.x) / stage.clientWidth, (now.y - before.y) / stage.clientHeight);
        return;
      }
      const reach = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
      zoomTo(view.times * reach(now) / reach(before), place(stage, (now.x + other.x) / 2, (now.y + other.y) / 2));
      move((now.x - before.x) / 2 / stage.clientWidth, (now.y - before.y) / 2 / stage.clientHeight);
    });
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => pointers.delete(event.pointerId));
    stage.addEventListener("dblclick", reset);
  }

  const closer = () => zoomTo(view.times * 1.5);
  const farther = () => zoomTo(view.times / 1.5);
  const whole = () => zoomTo(1 / density());
  find(".in").addEventListener("click", closer);
  find(".out").addEventListener("click", farther);
  find(".fit").addEventListener("click", reset);
  find(".whole").addEventListener("click", whole);
  const keys = {
    "+": closer, "=": closer, "-": farther, 0: reset, 1: whole, Home: reset,
    ArrowLeft: () => move(STEP, 0), ArrowRight: () => move(-STEP, 0), ArrowUp: () => move(0, STEP), ArrowDown: () => move(0, -STEP),
  };
  find(".tiles").addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    if (view.times <= 1 && event.key.startsWith("Arrow")) return; // they scroll the page
    event.preventDefault();
    act();
  });
  for (const image of images) image.addEventListener("load", paint);
  new ResizeObserver(paint).observe(stages[0]);
  paint();
}

/* ---- The plane ---- */

byId("plane")?.addEventListener("change", () => {
  document.querySelectorAll(".plane").forEach((each, place) => { each.hidden = place !== byId("plane").selectedIndex; });
});

document.querySelectorAll(".row").forEach(watch);
listenToSorting();
