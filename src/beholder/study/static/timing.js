// Frames: how many there are a second, and pictures that appear and vanish on them.

export const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** The refresh rate in frames a second: the median of 40 intervals, so that a hitch does not count. */
export async function measureRefresh(frames = 40) {
  const gaps = [];
  let last = await nextFrame();
  for (let count = 0; count < frames; count += 1) {
    const moment = await nextFrame();
    gaps.push(moment - last);
    last = moment;
  }
  gaps.sort((a, b) => a - b);
  return 1000 / gaps[gaps.length >> 1];
}

/**
 * Do one thing after another, each at the frame where it is due.
 *
 * @param acts  [[seconds, act], …]: after the first act, `seconds` pass until the next; the last ends it.
 * @returns {flips, dropped, late}: when each act was done, in milliseconds from the first; frames that came late
 *   in between; and whether an act was done, or seen, late by a frame or more, or the page was hidden.
 */
export async function play(acts, refresh) {
  const period = 1000 / refresh;
  const flips = [];
  let dropped = 0;
  let late = false;
  let hidden = false;
  const hide = () => { hidden = true; };
  document.addEventListener("visibilitychange", hide);
  // The first frames after rest bear the time of a frame that is nearly over; those after them come when they say.
  await nextFrame();
  await nextFrame();
  let last = await nextFrame();
  let due = last;
  let gap = 0; // between the last two frames
  const step = async () => {
    const moment = await nextFrame();
    gap = moment - last;
    if (gap > 1.5 * period) dropped += Math.round(gap / period) - 1;
    last = moment;
  };
  for (const [seconds, act] of acts) {
    // Half a frame early is nearer to the moment than half a frame late.
    while (last < due - period / 2) await step();
    if (last - due > period) late = true;
    act();
    const flip = last;
    flips.push(flip);
    due = flip + Math.round(seconds * refresh) * period;
    // What is done in a frame is seen with the next one; where that does not come, it was seen later than is told.
    await step();
    if (gap > 1.5 * period || performance.now() - flip > 2.5 * period) late = true;
  }
  document.removeEventListener("visibilitychange", hide);
  return { flips: flips.map((moment) => moment - flips[0]), dropped, late: late || hidden };
}
