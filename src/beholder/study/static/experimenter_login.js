// The experimenter logs in.

import { post } from "./server.js";

const [form, told] = ["login", "told"].map((id) => document.getElementById(id));

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  told.textContent = "";
  try {
    await post("api/experimenter/login", { password: form.elements.password.value });
    location.reload();
  } catch (error) {
    told.textContent = error.status === 0 ? "The server cannot be reached." : `Not logged in: ${error.message}`;
    form.elements.password.select();
  }
});
