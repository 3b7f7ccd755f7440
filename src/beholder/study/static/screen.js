// What can be found out about a screen: its size by a bank card, its darkest greys, colours, zoom and refresh rate.

import { explain, post } from "./server.js";
import { measureRefresh } from "./timing.js";

const CARD = 85.6; // millimetres, ISO/IEC 7810 ID-1
const GREYS = 8;
const told = document.getElementById("told");
const [form, card, width, skip, darkest] = ["screen", "card", "card-width", "card-skip", "darkest"].map((id) =>
  document.getElementById(id));

let moved = false; // who did not move it has not measured
const resize = () => { card.style.width = `${width.value}px`; };
width.addEventListener("input", () => {
  moved = true;
  resize();
});
resize();

const zoom = Math.round((100 * outerWidth) / innerWidth) / 100;
const zoomed = visualViewport?.scale > 1.05 || (zoom > 1.15 && matchMedia("(pointer: fine)").matches);
document.getElementById("zoom").hidden = !zoomed;

function drawGreys() {
  const context = document.getElementById("greys").getContext("2d");
  context.fillStyle = "#000";
  context.fillRect(0, 0, 480, 80);
  for (let step = 1; step <= GREYS; step += 1) {
    context.fillStyle = `rgb(${[4 * step, 4 * step, 4 * step]})`;
    context.fillRect(60 * step - 50, 20, 40, 40);
  }
}

// Plates in the manner of Ishihara: dots of uneven lightness, a digit that differs in hue alone. Digits of seven strokes.
const STROKES = { 2: "acdeg", 3: "acdfg", 5: "abdfg", 6: "abdefg", 8: "abcdefg" };
const PLATES = [
  { digit: "6", ground: [[70, 30], [95, 25]], ink: [[15, 55], [30, 60]] }, // red-green, for deuteranopes and protanopes
  { digit: "5", ground: [[25, 45], [40, 40]], ink: [[95, 30], [120, 28]] },
  { digit: "3", ground: [[225, 30], [245, 28]], ink: [[300, 35], [320, 35]] },
  { digit: "8", ground: [[60, 0], [60, 0]], ink: [[15, 70], [20, 70]] }, // everybody sees this one
];

function within(digit, x, y) {
  const bar = (left, top, right, bottom) => x >= left && x <= right && y >= top && y <= bottom;
  const parts = {
    a: () => bar(0.32, 0.2, 0.68, 0.29), d: () => bar(0.32, 0.455, 0.68, 0.545), g: () => bar(0.32, 0.71, 0.68, 0.8),
    b: () => bar(0.32, 0.2, 0.42, 0.54), c: () => bar(0.58, 0.2, 0.68, 0.54),
    e: () => bar(0.32, 0.46, 0.42, 0.8), f: () => bar(0.58, 0.46, 0.68, 0.8),
  };
  return [...STROKES[digit]].some((stroke) => parts[stroke]());
}

function drawPlate(canvas, plate, seed) {
  const side = canvas.width;
  const context = canvas.getContext("2d");
  let state = seed;
  const draw = () => { // a fixed sequence: everybody sees the same dots
    state = (1103515245 * state + 12345) % 2147483648;
    return state / 2147483648;
  };
  const dots = [];
  for (let tries = 0; tries < 12000 && dots.length < 900; tries += 1) {
    const [x, y, r] = [draw() * side, draw() * side, side * (0.008 + 0.014 * draw())];
    if (Math.hypot(x - side / 2, y - side / 2) + r > side / 2) continue;
    if (dots.some((dot) => Math.hypot(x - dot.x, y - dot.y) < r + dot.r)) continue;
    dots.push({ x, y, r });
  }
  for (const dot of dots) {
    const [from, to] = within(plate.digit, dot.x / side, dot.y / side) ? plate.ink : plate.ground;
    const mix = draw();
    const lightness = 0.55 + 0.25 * draw(); // uneven, so that lightness does not give the digit away
    const hue = from[0] + mix * (to[0] - from[0]);
    const chroma = (from[1] + mix * (to[1] - from[1])) / 500;
    context.fillStyle = `oklch(${lightness} ${chroma} ${hue})`;
    context.beginPath();
    context.arc(dot.x, dot.y, dot.r, 0, 2 * Math.PI);
    context.fill();
  }
}

function addPlates() {
  const place = document.getElementById("plates");
  PLATES.forEach((plate, index) => {
    const label = document.createElement("label");
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 352;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${place.dataset.label} ${index + 1}`);
    const input = document.createElement("input");
    Object.assign(input, { inputMode: "numeric", maxLength: 4, autocomplete: "off" });
    label.append(canvas, `${place.dataset.label} ${index + 1} `, input);
    place.append(label);
    drawPlate(canvas, plate, 17 + index);
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const plates = [...document.querySelectorAll("#plates input")].map((input) => input.value.trim());
  const found = {
    pixels_per_millimetre: skip.checked || !moved ? 0 : (Number(width.value) * devicePixelRatio) / CARD,
    device_pixel_ratio: devicePixelRatio,
    zoom: visualViewport?.scale > 1.05 ? visualViewport.scale : Math.max(zoom, 0.1),
    width: Math.round(screen.width * devicePixelRatio),
    height: Math.round(screen.height * devicePixelRatio),
    refresh: await measureRefresh(),
    plates,
    plates_right: plates.filter((seen, index) => seen === PLATES[index].digit).length,
    darkest: darkest.value === "" ? null : Number(darkest.value),
    touch: matchMedia("(pointer: coarse)").matches,
  };
  try {
    await post("api/steps/screen", { screen: found });
    location.reload();
  } catch (error) {
    told.textContent = explain(error, told.dataset);
  }
});

drawGreys();
addPlates();
