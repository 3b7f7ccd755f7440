// Trials, one after the other. The server says what comes; here it is shown, timed and answered.

import { explain, get, post } from "./server.js";
import { keep, send } from "./outbox.js";
import { align, fit, forget, load, paint } from "./pictures.js";
import { measureRefresh, nextFrame, play } from "./timing.js";

const player = document.getElementById("player");
const words = JSON.parse(player.dataset.words);
const [stage, cover, ask, resting, told] = ["stage", "cover", "ask", "rest", "told"].map((id) =>
  document.getElementById(id));
const isJnd = player.dataset.kind === "jnd";
const keys = isJnd
  ? { s: "same", d: "different", S: "same", D: "different", ArrowLeft: "same", ArrowRight: "different" }
  : { 1: "left", 2: "right", ArrowLeft: "left", ArrowRight: "right" };
if (player.dataset.ties) Object.assign(keys, { 0: "tie", ArrowDown: "tie" });
const MOST_REQUEUED = 3;
const PAUSE = 400; // milliseconds of grey between trials
const FEEDBACK = 900;

let refresh = 60;
let answered = null; // takes the answer of the trial that is asked

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const show = (part) => {
  for (const each of [stage, cover, resting]) each.hidden = each !== part;
};
const tell = (text) => { told.textContent = text; };

/** Do something that needs the server, again and again while the connection is lost, or the study paused. */
async function persist(act) {
  let trouble = "";
  for (let pause = 500; ; pause = Math.min(2 * pause, 8000)) {
    try {
      const found = await act();
      if (trouble && told.textContent === trouble) tell("");
      return found;
    } catch (error) {
      if (error.passing === false) throw error;
      trouble = words[error.word] ?? (error.status > 0 ? error.message : words.offline);
      tell(trouble);
      await Promise.race([wait(pause), new Promise((resolve) => addEventListener("online", resolve, { once: true }))]);
    }
  }
}

function press(button, key) {
  return new Promise((resolve) => {
    const finish = (event) => {
      if (event.type === "keydown" && event.key !== key) return;
      event.preventDefault();
      document.removeEventListener("keydown", finish);
      button.removeEventListener("click", finish);
      resolve();
    };
    document.addEventListener("keydown", finish);
    button.addEventListener("click", finish);
  });
}

/** The answer, and when it came; `player` tells in `data-asks` that one is taken. */
function question() {
  player.dataset.asks = "";
  return new Promise((resolve) => {
    answered = (answer, moment) => {
      answered = null;
      delete player.dataset.asks;
      resolve([answer, moment]);
    };
  });
}

document.addEventListener("keydown", (event) => {
  if (!event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key] && answered) {
    event.preventDefault();
    answered(keys[event.key], event.timeStamp);
  }
});
for (const button of ask.querySelectorAll("[data-answer]")) {
  button.addEventListener("click", (event) => answered?.(button.dataset.answer, event.timeStamp));
}
document.getElementById("full").addEventListener("click", () => document.documentElement.requestFullscreen?.());

/** The scale of a trial's pictures, once the window is large enough. */
async function scaleOf(trial, count) {
  for (;;) {
    ask.hidden = false; // its height is not the pictures'
    show(stage);
    const scale = fit(trial.width, trial.height, count, stage.getBoundingClientRect(), Number(player.dataset.scale));
    ask.hidden = true;
    if (scale > 0) {
      if (told.textContent === words.too_small) tell("");
      return scale;
    }
    tell(words.too_small);
    await new Promise((resolve) => addEventListener("resize", resolve, { once: true }));
  }
}

const labels = { reference: words.reference, 0: isJnd ? words.first : words.left, 1: isJnd ? words.second : words.right };

async function showTogether(canvases, roles) {
  const parts = { ...canvases };
  if (parts.reference) {
    parts.reference = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = words.reference;
    parts.reference.append(canvases.reference, caption);
  }
  const place = (order) => stage.replaceChildren(...order.filter((role) => roles.includes(role)).map((r) => parts[r]));
  stage.style.visibility = "hidden";
  ask.hidden = false;
  place(["0", "reference", "1"]);
  // Where three do not fit side by side, the reference stands above both.
  if (new Set([...stage.children].map((each) => each.getBoundingClientRect().top)).size > 1) {
    place(["reference", "0", "1"]);
    parts.reference?.style.setProperty("margin-inline", "25%");
  }
  Object.values(canvases).forEach(align);
  const moment = await nextFrame();
  stage.style.visibility = "";
  const [answer, at] = await question();
  return { answer, milliseconds: Math.max(0, at - moment), flips: [0], dropped: 0, late: false };
}

async function showInTurn(canvases, requeued) {
  const place = (canvas) => {
    stage.replaceChildren(...(canvas ? [canvas] : []));
    if (canvas) align(canvas);
  };
  ask.hidden = false;
  ask.style.visibility = "hidden";
  const [shown, gap] = [Number(player.dataset.shown), Number(player.dataset.gap)];
  const acts = [[shown, () => place(canvases[0])], [gap, () => place(null)], [shown, () => place(canvases[1])]];
  const seen = await play([...acts, [0, () => place(null)]], refresh);
  ask.style.visibility = "";
  if (seen.late && requeued < MOST_REQUEUED) return { answer: null, milliseconds: 0, ...seen };
  const moment = performance.now();
  const [answer, at] = await question();
  return { answer, milliseconds: Math.max(0, at - moment), ...seen };
}

async function runTrial(found) {
  const { trial } = found;
  document.getElementById("count").textContent = trial.training ? ""
    : words.progress.replace("{done}", found.done + 1).replace("{total}", found.total);
  document.getElementById("training").hidden = !trial.training;
  const roles = Object.keys(trial.pictures);
  const bitmaps = await persist(() => Promise.all(roles.map((role) => load(trial.pictures[role]))));
  const scale = await scaleOf(trial, isJnd ? 1 : roles.length);
  const canvases = Object.fromEntries(roles.map((role, index) => [role, paint(bitmaps[index], scale, labels[role])]));
  stage.replaceChildren();
  for (const url of Object.values(found.coming ?? {})) load(url).catch(() => undefined);
  forget(new Set([...Object.values(trial.pictures), ...Object.values(found.coming ?? {})]));
  await wait(PAUSE);
  const seen = isJnd ? await showInTurn(canvases, trial.requeued) : await showTogether(canvases, roles);
  stage.replaceChildren();
  ask.hidden = true;
  const timing = {
    refresh, flips: seen.flips, dropped: seen.dropped, scale, full_screen: Boolean(document.fullscreenElement),
  };
  await keep({ token: trial.token, answer: seen.answer, milliseconds: seen.milliseconds, timing });
  const said = await persist(send);
  if (seen.answer === null) tell(words.spoiled);
  if (trial.training && typeof said?.right === "boolean") tell(said.right ? words.feedback_right : words.feedback_wrong);
  if (told.textContent) {
    await wait(FEEDBACK);
    tell("");
  }
}

async function takeBreak(seconds) {
  show(resting);
  const button = document.getElementById("rest-over");
  button.disabled = true;
  for (let left = seconds; left > 0; left -= 1) {
    button.textContent = `${words.rest_over} (${left})`;
    await wait(1000);
  }
  button.textContent = words.rest_over;
  button.disabled = false;
  button.focus();
  await press(button, " ");
  resting.hidden = true;
  await persist(() => post("api/rest"));
}

async function run() {
  await persist(send);
  show(cover);
  const ready = document.getElementById("ready");
  ready.focus();
  await press(ready, " ");
  show(stage);
  refresh = await measureRefresh();
  for (;;) {
    const found = await persist(() => get("api/trial"));
    if (found.state === "step") break;
    if (found.state === "rest") await takeBreak(found.seconds);
    else await runTrial(found);
  }
  if (document.fullscreenElement) await document.exitFullscreen();
  location.reload();
}

run().catch((error) => {
  if (error.status === 401) location.reload();
  else tell(explain(error, words));
});
