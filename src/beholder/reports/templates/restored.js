"use strict";

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const TALLEST = 0.75; // of the window
const A_CLICK = 4; // pixels that the pointer may move in one

function compare(section) {
  const find = (selector) => section.querySelector(selector);
  const [stage, frame, divider, range] = [".stage", ".frame", ".divider", "input[type=range]"].map(find);
  const images = [...frame.querySelectorAll("img")];
  const width = Number(section.dataset.width);
  const height = Number(section.dataset.height);
  const view = { whole: false, grip: null, x: 0, y: 0, moved: false };

  const places = () => ["left", "right"].map((side, place) =>
    find(`.${side}-choice`)?.selectedIndex ?? place * (images.length - 1));

  /* The part of the stage that the divider crosses, in CSS pixels from the stage's left. */
  function span() {
    const left = frame.offsetLeft - stage.scrollLeft;
    return [Math.max(0, left), Math.min(stage.clientWidth, left + frame.offsetWidth), left];
  }

  function paint() {
    const density = window.devicePixelRatio;
    const fill = density * Math.min(stage.clientWidth / width, TALLEST * window.innerHeight / height);
    const fit = fill > 1 ? Math.floor(fill) : fill;
    const zoom = view.whole ? 1 : fit;
    frame.style.width = `${width * zoom / density}px`;
    frame.style.height = `${height * zoom / density}px`;
    stage.style.height = `${height * fit / density}px`; // the page does not jump as a picture grows
    stage.classList.toggle("roomy", view.whole && Math.max(width - stage.clientWidth * density, zoom - fit) > 0.5);
    if (stage.classList.contains("roomy")) stage.tabIndex = 0;
    else stage.removeAttribute("tabindex");
    const [left, right] = places();
    images.forEach((image, place) => {
      image.hidden = place !== left && place !== right;
      image.style.zIndex = place === left ? 0 : 1;
      image.style.imageRendering = image.naturalWidth < width * zoom ? "pixelated" : "auto";
    });
    find(".label.left").textContent = images[left].alt;
    find(".label.right").textContent = images[right].alt;
    find(".fit").setAttribute("aria-pressed", !view.whole);
    find(".whole").setAttribute("aria-pressed", view.whole);
    split();
  }

  function split() {
    const [from, to, start] = span();
    const at = from + (to - from) * range.value / 100;
    const [left, right] = places();
    for (const image of images) image.style.clipPath = "";
    if (left !== right) images[right].style.clipPath = `inset(0 0 0 ${at - start}px)`;
    divider.style.left = `${at}px`;
    range.setAttribute("aria-valuetext", `${range.value} % ${images[left].alt}`);
  }

  function splitAt(clientX) {
    const [from, to] = span();
    range.value = Math.round(100 * clamp((clientX - stage.getBoundingClientRect().left - from) / (to - from), 0, 1));
    split();
  }

  /* What lies under the point comes to lie there again. */
  function show(whole, point = null) {
    if (whole === view.whole) return;
    const box = frame.getBoundingClientRect();
    const outer = stage.getBoundingClientRect();
    const at = point ?? { x: outer.left + outer.width / 2, y: outer.top + outer.height / 2 };
    const [x, y] = [(at.x - box.left) / box.width, (at.y - box.top) / box.height];
    view.whole = whole;
    paint();
    stage.scrollLeft = x * frame.offsetWidth - (at.x - outer.left);
    stage.scrollTop = y * frame.offsetHeight - (at.y - outer.top);
    split();
  }

  const board = find(".view");
  board.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const onDivider = divider.contains(event.target);
    const roomy = stage.classList.contains("roomy");
    view.grip = onDivider || !roomy ? "split" : event.pointerType === "mouse" ? "pan" : "browser";
    Object.assign(view, { x: event.clientX, y: event.clientY, moved: false, onDivider });
    if (view.grip !== "browser") board.setPointerCapture(event.pointerId);
    event.preventDefault(); // nothing of the page is to be marked
  });
  board.addEventListener("pointermove", (event) => {
    if (view.grip === null) return;
    const [x, y] = [event.clientX - view.x, event.clientY - view.y];
    if (!view.moved && Math.hypot(x, y) <= A_CLICK) return;
    view.moved = true;
    if (view.grip === "split") return splitAt(event.clientX);
    if (view.grip !== "pan") return;
    stage.scrollLeft -= x;
    stage.scrollTop -= y;
    Object.assign(view, { x: event.clientX, y: event.clientY });
  });
  board.addEventListener("pointerup", (event) => {
    if (view.grip !== null && !view.moved && !view.onDivider) show(!view.whole, { x: event.clientX, y: event.clientY });
    view.grip = null;
  });
  board.addEventListener("pointercancel", () => { view.grip = null; });
  range.addEventListener("input", split);
  stage.addEventListener("scroll", split);
  find(".fit").addEventListener("click", () => show(false));
  find(".whole").addEventListener("click", () => show(true));
  for (const choice of section.querySelectorAll("select")) choice.addEventListener("change", paint);
  for (const image of images) image.addEventListener("load", paint);
  new ResizeObserver(paint).observe(board);
  window.addEventListener("resize", paint);
  paint();
}

document.querySelectorAll(".comparison").forEach(compare);
