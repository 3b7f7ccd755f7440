// Any stimulus as observers see it: its pictures pixel by pixel, in JND one after the other.

import { align, fit, forget, load, paint } from "./pictures.js";
import { measureRefresh, play } from "./timing.js";
import { fill, make } from "./experimenter_page.js";

const preview = document.getElementById("preview");
const [shown, nothing, stage, name, facts, playButton, swapButton] =
  ["shown", "nothing", "stage", "shown-name", "shown-facts", "play", "swap"].map((id) => document.getElementById(id));
const isJnd = preview.dataset.kind === "jnd";
const labels = isJnd ? { p0: "First picture", p1: "Second picture" } : { p0: "Left", p1: "Right" };

let chosen = null;
let swapped = false;
let turn = 0; // what was asked for last; slower pictures of earlier ones are let go

const known = (stimulus) => {
  const side = { p0: swapped ? "right" : "left", p1: swapped ? "left" : "right" }[stimulus.expected];
  return side ? `${side} (${stimulus.expected})` : stimulus.expected;
};

function tell(stimulus) {
  const told = [
    ["Purpose", { judged: "judged", catch: "catch trial", training: "training" }[stimulus.purpose]],
    ["Right answer", stimulus.expected ? known(stimulus) : "not known; it is asked"],
    [swapped ? "p1, left" : "p0, left", stimulus[swapped ? "condition1" : "condition0"]],
    [swapped ? "p0, right" : "p1, right", stimulus[swapped ? "condition0" : "condition1"]],
    ["Strength of p1", stimulus.strength],
    ["Size", `${stimulus.width} × ${stimulus.height} pixels`],
    ["Votes", stimulus.purpose === "judged" ? `${stimulus.votes}, and ${stimulus.kept} on the way` : null],
  ];
  const rename = (term) => (isJnd ? term.replace("left", "first").replace("right", "second") : term);
  fill(facts, ...told.filter(([, value]) => value !== null && value !== undefined).map(([term, value]) =>
    make("div", {}, make("dt", {}, rename(term)), make("dd", {}, String(value)))));
}

const order = (stimulus) => {
  const sides = swapped ? ["p1", "p0"] : ["p0", "p1"];
  return stimulus.roles.includes("reference") ? [sides[0], "reference", sides[1]] : sides;
};

function figure(canvas, label) {
  return make("figure", {}, canvas, make("figcaption", {}, label));
}

async function paintAll(stimulus) {
  const mine = ++turn;
  const roles = order(stimulus);
  const urls = roles.map((role) => `api/experimenter/pictures/${stimulus.number}/${role}`);
  const bitmaps = await Promise.all(urls.map(load));
  forget(new Set(urls));
  if (mine !== turn) return null;
  const ground = stage.parentElement;
  const space = { width: ground.clientWidth - 24, height: Math.max(320, innerHeight * 0.6) };
  const wished = Number(preview.dataset.scale);
  // Where they do not fit, one below the other, or scrolled, but still pixel by pixel.
  const scale = fit(stimulus.width, stimulus.height, roles.length, space, wished) || wished
    || fit(stimulus.width, stimulus.height, 1, space, 0) || 1;
  const sides = swapped ? { p1: labels.p0, p0: labels.p1 } : labels;
  return roles.map((role, index) => {
    const label = role === "reference" ? "Reference" : sides[role];
    return [paint(bitmaps[index], scale, label), label];
  });
}

async function draw() {
  const canvases = await paintAll(chosen);
  if (!canvases) return;
  const figures = canvases.map(([canvas, label]) => figure(canvas, label));
  fill(stage, ...figures);
  // Where three do not fit side by side, the reference stands above both.
  if (figures.length === 3 && new Set(figures.map((each) => each.getBoundingClientRect().top)).size > 1) {
    figures[1].className = "above";
    fill(stage, figures[1], figures[0], figures[2]);
  }
  canvases.forEach(([canvas]) => align(canvas));
}

async function playInTurn() {
  const canvases = await paintAll(chosen);
  if (!canvases) return;
  const mine = turn;
  playButton.disabled = swapButton.disabled = true;
  stage.style.minHeight = `${stage.clientHeight}px`; // what is below stays where it is
  fill(stage);
  const place = (entry) => {
    fill(stage, ...(entry ? [entry[0]] : []));
    if (entry) align(entry[0]);
  };
  const [seconds, gap] = [Number(preview.dataset.shown), Number(preview.dataset.gap)];
  await play([
    [0.4, () => place(null)], [seconds, () => place(canvases[0])], [gap, () => place(null)],
    [seconds, () => place(canvases.at(-1))], [0.4, () => place(null)], [0, () => undefined],
  ], await measureRefresh());
  stage.style.minHeight = "";
  playButton.disabled = swapButton.disabled = false;
  if (mine === turn) await draw();
}

/** Show a stimulus. */
export async function show(stimulus) {
  chosen = stimulus;
  shown.hidden = false;
  nothing.hidden = true;
  name.textContent = stimulus.name;
  tell(stimulus);
  await draw();
}

const guard = (act) => async () => {
  try {
    await act();
  } catch (error) {
    fill(stage, make("p", {}, `The pictures cannot be shown: ${error.message}`));
  }
};

playButton.hidden = !isJnd;
playButton.addEventListener("click", guard(playInTurn));
swapButton.textContent = isJnd ? "Swap order" : "Swap sides";
swapButton.addEventListener("click", guard(async () => {
  swapped = !swapped;
  swapButton.setAttribute("aria-pressed", String(swapped));
  tell(chosen);
  await draw();
}));
let resized = 0;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(guard(async () => chosen && !playButton.disabled && draw()), 200);
});
