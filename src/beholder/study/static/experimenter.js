// The experimenter's page: numbers that move, and what can be done.

import { get, post } from "./server.js";
import { ask, count, drawPager, fill, make, moment, number, seconds } from "./experimenter_page.js";
import { drawBars, drawRanges } from "./experimenter_plots.js";
import { show } from "./experimenter_preview.js";

const PAUSE = 5000; // milliseconds between two counts
const MOST_BARS = 40;
const at = (id) => document.getElementById(id);
const size = Number(at("desk").dataset.page);
const first = { observers: 0, stimuli: 0, events: 0 };
let which = "all";
let last = null; // the last count
let drawn = ""; // what of it was drawn

const told = (text) => { at("told").textContent = text; };

/** Do something that needs the server; what goes wrong is told. */
async function attempt(act) {
  try {
    await act();
    told("");
  } catch (error) {
    if (error.status === 401) location.reload();
    if (error.status === undefined) console.error(error); // ours, not the server's
    told(error.status === 0 ? "The server cannot be reached; trying again." : error.message);
  }
}

function drawProgress({ votes, observers, answers, state, moment: counted }) {
  const wanted = votes.each * votes.stimuli;
  at("progress").value = wanted ? 1 - votes.lacking / wanted : 0;
  at("progress-text").textContent = `${number(wanted - votes.lacking)} of ${number(wanted)} votes`;
  const steps = Object.entries(observers.steps).filter(([, here]) => here).map(([step, here]) => `${step} ${here}`);
  const time = answers.milliseconds;
  const facts = [
    ["Observers", number(observers.begun), steps.join(" · ")],
    ["At it", number(observers.at_it), `${count(votes.kept, "vote")} on the way`],
    ["Finished", number(observers.finished), ""],
    ["Left", number(observers.left), "not heard of for 20 minutes"],
    ["Do not count", number(observers.failed + observers.excluded), `${observers.failed} failed, ${observers.excluded} excluded`],
    ["Answers", number(answers.count), `${number(votes.got)} are votes; ${number(answers.quick)} too quick`],
    ["Time per trial", time ? `${seconds(time[1])} s` : "–", time ? `half of them ${seconds(time[0])} to ${seconds(time[2])} s` : ""],
    ["Spoiled trials", number(answers.spoiled), `late frames: ${number(answers.dropped)} in ${count(answers.uneven, "trial")}`],
  ];
  fill(at("facts"), ...facts.map(([term, value, more]) =>
    make("div", {}, make("dt", {}, term), make("dd", {}, value), make("dd", { class: "quiet" }, more))));
  at("moment").textContent = moment(counted, 19).slice(11);
  const here = { open: "open", paused: "paused", closed: "closed" }[state];
  if (at("state").textContent !== here) at("state").textContent = here;
  at("state").dataset.now = state;
  for (const button of document.querySelectorAll("button[data-state]")) button.hidden = button.dataset.state === state;
}

function drawVotes({ votes }) {
  const most = Math.max(votes.each, ...votes.histogram.map(([got]) => got));
  const width = Math.ceil((most + 1) / MOST_BARS);
  const stimuli = new Map();
  for (const [got, many] of votes.histogram) {
    stimuli.set(Math.floor(got / width), (stimuli.get(Math.floor(got / width)) ?? 0) + many);
  }
  const bars = Array.from({ length: Math.floor(most / width) + 1 }, (_, bin) => {
    const name = width === 1 ? `${bin}` : `${bin * width}–${bin * width + width - 1}`;
    const here = stimuli.get(bin) ?? 0;
    const kind = bin * width >= votes.each ? "done" : "lacking";
    return { name, parts: [[here, kind]], told: `${count(here, "stimulus", "stimuli")} with ${name} votes` };
  });
  const complete = votes.histogram.filter(([got]) => got >= votes.each).reduce((sum, [, many]) => sum + many, 0);
  drawBars(at("plot-votes"), `Votes per stimulus: ${complete} of ${votes.stimuli} stimuli have ${votes.each} or more`, bars);
}

function drawAnswers({ answers }) {
  const came = new Map(answers.over_time);
  const bars = [];
  const day = answers.bin >= 24 * 3600 * 1000;
  const [begin, end] = [answers.over_time[0]?.[0], answers.over_time.at(-1)?.[0]];
  for (let here = begin; here <= end; here += answers.bin) {
    const name = day ? moment(here, 10).slice(5) : moment(here).slice(11);
    bars.push({ name, parts: [[came.get(here) ?? 0, "plain"]], told: `${moment(here)}: ${count(came.get(here) ?? 0, "answer")}` });
  }
  drawBars(at("plot-answers"), `Answers over time: ${answers.count} in all`, bars);
}

function drawLeft({ observers }) {
  const early = observers.left_at.filter(([step]) => step !== "trials");
  const trials = observers.left_at.filter(([step]) => step === "trials");
  const width = Math.ceil((Math.max(0, ...trials.map(([, done]) => done)) + 1) / 12);
  const bins = new Map();
  for (const [step, , many] of early) bins.set(step, (bins.get(step) ?? 0) + many);
  for (const [, done, many] of trials) {
    const from = Math.floor(done / width) * width;
    const name = `after ${width === 1 ? from : `${from}–${from + width - 1}`}`;
    bins.set(name, (bins.get(name) ?? 0) + many);
  }
  const bars = [...bins].map(([name, many]) => ({ name, parts: [[many, "plain"]], told: `${name}: ${count(many, "observer")}` }));
  drawBars(at("plot-left"), `Where observers left: ${bars.map((bar) => bar.told).join(", ") || "none left"}`, bars);
}

function drawSittings(entries) {
  const order = [...entries].reverse(); // who came last stands on the right
  const named = order.map((entry) => [entry, entry.standing.name.slice(0, 4),
    entry.standing.failed || entry.standing.excluded ? "faint" : "plain"]);
  drawRanges(at("plot-times"), "Time per trial by observer; the table below tells the numbers", named.map(([entry, name, kind]) => {
    const range = entry.milliseconds?.map((each) => each / 1000) ?? null;
    return { name, range, kind, told: `${entry.standing.name}: ${range?.map((each) => each.toFixed(1)).join(" – ")} s` };
  }));
  drawBars(at("plot-catch"), "Catch trials by observer; the table below tells the numbers", named.map(([entry, name]) => {
    const { catches, right } = entry.attention;
    return { name, parts: [[right, "right"], [catches - right, "wrong"]], told: `${entry.standing.name}: ${right} of ${catches} right` };
  }));
}

function where({ way, step, session, done, total }) {
  if (way === "finished") return session > 1 ? `finished ${session} sessions` : "finished";
  const place = step === "trials" ? `after ${done} of ${total} trials${session > 1 ? `, session ${session}` : ""}` : step;
  return `${way === "left" ? "left: " : ""}${place}`;
}

function counting({ name, failed, excluded }) {
  const act = excluded ? "include" : "exclude";
  const button = make("button", { type: "button", class: "small", "data-act": act, "data-observer": name,
    "aria-label": `${act} observer ${name}` }, `${act}…`);
  const reasons = [failed && `failed: ${failed}`, excluded && `excluded: ${excluded}`].filter(Boolean);
  return make("td", { class: "counts" }, make("span", { class: reasons.length ? "no" : "" }, reasons.join("; ") || "yes"), button);
}

function drawObservers({ total, entries }) {
  const focused = document.activeElement?.dataset?.observer;
  const cell = (text) => make("td", {}, String(text));
  fill(at("observers").tBodies[0], ...entries.map(({ standing, attention, milliseconds, dropped }) =>
    make("tr", {}, make("th", { scope: "row" }, make("code", {}, standing.name)), counting(standing), cell(where(standing)),
      cell(`${attention.right} of ${attention.catches}`),
      cell(milliseconds ? `${seconds(milliseconds[1])} s (${seconds(milliseconds[0])}–${seconds(milliseconds[2])})` : "–"),
      cell(`${attention.implausible} of ${attention.answers}`), cell(standing.spoiled), cell(dropped),
      cell(moment(standing.begun)), cell(moment(standing.heard)))));
  if (!entries.length) fill(at("observers").tBodies[0], make("tr", {}, make("td", { colspan: 10 }, "Nobody yet.")));
  if (focused) document.querySelector(`button[data-observer="${CSS.escape(focused)}"]`)?.focus();
  drawPager("observers", first.observers, size, total, (next) => {
    first.observers = next;
    attempt(refresh);
  });
}

function drawAll(found, anew) {
  drawProgress(found.study);
  const now = JSON.stringify([found.study.votes, found.study.observers, found.study.answers, found.observers]);
  if (!anew && now === drawn) return;
  drawn = now;
  drawVotes(found.study);
  drawAnswers(found.study);
  drawLeft(found.study);
  drawSittings(found.observers.entries);
  drawObservers(found.observers);
}

async function refresh() {
  const query = new URLSearchParams({ which, first: first.observers });
  last = await get(`api/experimenter/overview?${query}`);
  drawAll(last, false);
  await refreshEvents();
}

async function refreshEvents() {
  const { total, entries } = await get(`api/experimenter/events?first=${first.events}`);
  const tell = (detail) => Object.entries(detail).map(([key, value]) => `${key}: ${value}`).join("; ");
  fill(at("events").tBodies[0], ...entries.map((event) => make("tr", {}, make("td", {}, moment(event.at, 19)),
    make("td", {}, event.who), make("td", {}, event.what), make("td", { class: "wide" }, tell(event.detail)))));
  drawPager("events", first.events, size, total, (next) => {
    first.events = next;
    attempt(refreshEvents);
  });
}

async function refreshStimuli() {
  const query = new URLSearchParams({ search: at("search").value.trim(), first: first.stimuli });
  const { total, entries } = await get(`api/experimenter/stimuli?${query}`);
  fill(at("stimuli"), ...entries.map((stimulus) => {
    const more = stimulus.purpose === "judged" ? count(stimulus.votes, "vote") : stimulus.purpose;
    const button = make("button", { type: "button" }, make("span", {}, stimulus.name), make("span", { class: "quiet" }, more));
    button.addEventListener("click", () => {
      at("stimuli").querySelector("[aria-current]")?.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
      attempt(() => show(stimulus));
    });
    return make("li", {}, button);
  }));
  if (!entries.length) fill(at("stimuli"), make("li", { class: "quiet" }, "None is called so."));
  drawPager("stimuli", first.stimuli, size, total, (next) => {
    first.stimuli = next;
    attempt(refreshStimuli);
  });
}

async function setState(state) {
  await post("api/experimenter/state", { state });
  await refresh();
}

for (const button of document.querySelectorAll("button[data-state]")) {
  const { state } = button.dataset;
  button.addEventListener("click", () => {
    if (state !== "closed") attempt(() => setState(state));
    else {
      ask({ title: "Close the study?", label: "Close",
        text: "Nobody can begin or go on; who is in the middle is thanked. What is answered is kept, and you can open it again." },
      () => setState(state));
    }
  });
}

at("observers").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const { act, observer } = button.dataset;
  const text = act === "exclude"
    ? "Their answers are kept, but do not count, and the stimuli get others. The reason goes to the log."
    : "Their answers count again, unless they failed by the study's rules. The reason goes to the log.";
  const title = `${act === "exclude" ? "Exclude" : "Include"} observer ${observer}?`;
  ask({ title, text, label: act === "exclude" ? "Exclude" : "Include", why: true }, async (reason) => {
    await post(`api/experimenter/${act}`, { observer, reason });
    await refresh();
    document.querySelector(`button[data-observer="${CSS.escape(observer)}"]`)?.focus();
  });
});

at("which").addEventListener("change", (event) => {
  which = event.target.value;
  first.observers = 0;
  attempt(refresh);
});

let typed = 0;
at("search").addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => {
    first.stimuli = 0;
    attempt(refreshStimuli);
  }, 200);
});

at("logout").addEventListener("click", () => attempt(async () => {
  await post("api/experimenter/logout");
  location.reload();
}));

let resized = 0;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => last && drawAll(last, true), 200);
});

async function run() {
  attempt(refreshStimuli);
  for (;;) {
    if (!document.hidden) await attempt(refresh);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

document.addEventListener("visibilitychange", () => document.hidden || attempt(refresh));
run();
