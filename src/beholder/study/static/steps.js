// The pages around the trials: each button or form posts, and the one address shows the next step.

import { explain, post } from "./server.js";

const told = document.getElementById("told");

async function go(act) {
  told.textContent = "";
  try {
    await act();
    location.reload();
  } catch (error) {
    told.textContent = explain(error, told.dataset);
  }
}

for (const button of document.querySelectorAll("[data-begin]")) {
  button.addEventListener("click", () => go(() => post("api/begin", { language: button.dataset.begin })));
}

for (const button of document.querySelectorAll("[data-post]")) {
  button.addEventListener("click", () => go(() => post(button.dataset.post)));
}

for (const form of document.querySelectorAll("form[data-step]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const step = form.dataset.step;
    const body = {};
    if (step === "consent") body.version = form.dataset.version;
    if (step === "about") body.about = Object.fromEntries(new FormData(form));
    go(() => post(`api/steps/${step}`, body));
  });
}

const removal = document.getElementById("delete");
removal?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await post("api/delete", { code: new FormData(removal).get("code") });
    told.textContent = removal.dataset.done;
    removal.hidden = true;
  } catch (error) {
    told.textContent = explain(error, told.dataset);
  }
});
