"use strict";

/* A click on a column's head sorts the table by it, a second one the other way. */
for (const button of document.querySelectorAll(".sort")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const body = head.closest("table").tBodies[0];
    const column = [...head.parentElement.children].indexOf(head);
    const falling = head.getAttribute("aria-sort") === "ascending";
    const cell = (row) => row.children[column].textContent;
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [cell(a), cell(b)];
      const [m, n] = [x, y].map((text) => Number(text.replace(/ \(.*/, "").replaceAll(",", "")));
      return x !== "" && y !== "" && !Number.isNaN(m - n) ? m - n : x.localeCompare(y);
    });
    body.append(...(falling ? rows.reverse() : rows));
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  });
}
