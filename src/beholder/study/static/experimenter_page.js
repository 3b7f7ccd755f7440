// Parts of the experimenter's page. What people wrote becomes text, never markup.

/** An element with attributes and children; texts stay texts. */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Replace what is in an element. */
export const fill = (element, ...children) => element.replaceChildren(...children);

/** A moment in the browser's own time zone, such as 2030-01-31 09:05. */
export const moment = (milliseconds, length = 16) => new Date(milliseconds).toLocaleString("sv").slice(0, length);

export const number = (value) => value.toLocaleString("en");

/** "1 observer", "2 observers". */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export const seconds = (milliseconds) => (milliseconds / 1000).toFixed(milliseconds < 9950 ? 1 : 0);

/** Buttons for the pages of a list, where it has more than one. */
export function drawPager(name, first, size, total, go) {
  const place = document.querySelector(`.pager[data-list="${name}"]`);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.to : null;
  if (total <= size && first === 0) {
    fill(place);
    return;
  }
  const button = (to, text, next) => {
    const made = make("button", { type: "button", "data-to": to, class: "plain" }, text);
    made.disabled = next < 0 || next >= total;
    made.addEventListener("click", () => go(next));
    return made;
  };
  const last = Math.min(first + size, total);
  fill(place, button("before", "‹ before", first - size),
    make("span", {}, `${number(Math.min(first + 1, last))}–${number(last)} of ${number(total)}`),
    button("after", "after ›", first + size));
  place.querySelector(`[data-to="${focused}"]`)?.focus();
}

const dialog = document.getElementById("dialog");
const [title, text, reason, told, act] = ["title", "text", "reason", "told", "do"].map((part) =>
  document.getElementById(`dialog-${part}`));
const [form, field] = [dialog.querySelector("form"), dialog.querySelector("textarea")];

/**
 * Ask whether to do something, and why; it stays open until that is done, or is left.
 *
 * @param asked  {title, text, label, why}: `why` asks for a reason.
 * @param run  Does it, with the reason; what it throws is told.
 */
export function ask(asked, run) {
  title.textContent = asked.title;
  text.textContent = asked.text;
  act.textContent = asked.label;
  reason.hidden = !asked.why;
  field.required = Boolean(asked.why);
  field.value = told.textContent = "";
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (asked.why && !field.value.trim()) {
      told.textContent = "Please give a reason.";
      return;
    }
    act.disabled = true;
    try {
      await run(field.value.trim());
      dialog.close();
    } catch (error) {
      told.textContent = error.status === 0 ? "The server cannot be reached." : error.message;
    }
    act.disabled = false;
  };
  dialog.showModal();
  (asked.why ? field : act).focus();
}

document.getElementById("dialog-cancel").addEventListener("click", () => dialog.close());
