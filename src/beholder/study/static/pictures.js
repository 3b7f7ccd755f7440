// Pictures: fetched and decoded before anything is painted, then shown pixel by pixel.

const ready = new Map();

/** Fetch and decode a picture, once; it is kept until `forget`. */
export function load(url) {
  if (!ready.has(url)) {
    const decoded = fetch(url, { credentials: "same-origin" })
      .then((answer) => {
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        return answer.blob();
      })
      .then((blob) => createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "default" }));
    decoded.catch(() => ready.delete(url));
    ready.set(url, decoded);
  }
  return ready.get(url);
}

/** Let go of all pictures but some. */
export function forget(kept) {
  for (const [url, decoded] of ready) {
    if (kept.has(url)) continue;
    ready.delete(url);
    decoded.then((bitmap) => bitmap.close()).catch(() => undefined);
  }
}

/** A canvas with a picture, each of its pixels a square of `scale` true pixels of the screen. */
export function paint(bitmap, scale, label) {
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width * scale;
  canvas.height = bitmap.height * scale;
  canvas.style.width = `${canvas.width / devicePixelRatio}px`;
  canvas.style.height = `${canvas.height / devicePixelRatio}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Move a canvas by less than a pixel, so that its corner lies on one of the screen's. */
export function align(canvas) {
  canvas.style.transform = "";
  const box = canvas.getBoundingClientRect();
  const off = (place) => (Math.round(place * devicePixelRatio) - place * devicePixelRatio) / devicePixelRatio;
  canvas.style.transform = `translate(${off(box.left)}px, ${off(box.top)}px)`;
}

/**
 * The largest whole scale at which pictures fit, side by side or with the reference above; 0 if none does.
 *
 * @param count  Pictures that are seen together.
 */
export function fit(width, height, count, space, wished) {
  const gap = 16 * devicePixelRatio;
  const wide = space.width * devicePixelRatio - gap;
  const high = space.height * devicePixelRatio;
  const rows = [[count, 1], ...(count === 3 ? [[2, 2]] : [])];
  const scales = rows.map(([across, down]) =>
    Math.floor(Math.min((wide - (across - 1) * gap) / (across * width), (high - (down - 1) * gap) / (down * height))));
  const most = Math.max(...scales);
  return wished > 0 ? (wished <= most ? wished : 0) : Math.max(0, Math.min(most, 16));
}
