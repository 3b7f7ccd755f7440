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
 *   in between; and whether an act was late by a frame or more, or the page was hidden.
 */
export async function play(acts, refresh) {
  const period = 1000 / refresh;
  const flips = [];
  let dropped = 0;
  let late = false;
  let hidden = false;
  const hide = () => { hidden = true; };
  document.addEventListener("visibilitychange", hide);
  let last = await nextFrame();
  let due = last;
  for (const [seconds, act] of acts) {
    // Half a frame early is nearer to the moment than half a frame late.
    while (last < due - period / 2) {
      const moment = await nextFrame();
      if (moment - last > 1.5 * period) dropped += Math.round((moment - last) / period) - 1;
      last = moment;
    }
    if (last - due > period) late = true;
    act();
    flips.push(last);
    due = last + Math.round(seconds * refresh) * period;
  }
  document.removeEventListener("visibilitychange", hide);
  return { flips: flips.map((moment) => moment - flips[0]), dropped, late: late || hidden };
}
