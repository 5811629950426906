"use strict";
/* Sorting and filtering of the table of files. */
(() => {
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("#files tbody");
  const rows = [...body.querySelectorAll("tr[data-name]")];

  const filter = () => {
    const wanted = byId("search").value.trim().toLowerCase();
    const status = byId("status").value;
    let shown = 0;
    for (const row of rows) {
      const fits = (!status || row.dataset.status === status) && row.textContent.toLowerCase().includes(wanted);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    byId("shown").textContent = `${shown} of ${rows.length}`;
  };

  const sortBy = (head) => {
    const falling = head.getAttribute("aria-sort") === "ascending";
    const key = head.dataset.sort;
    const numeric = "numeric" in head.dataset;
    const order = (one, two) => (numeric
      ? Number(one.dataset[key]) - Number(two.dataset[key])
      : one.dataset[key].localeCompare(two.dataset[key], "en", { numeric: true }));
    rows.sort((one, two) => (falling ? order(two, one) : order(one, two)));
    body.append(...rows);
    for (const other of document.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  };

  for (const head of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sortBy(head));
    head.replaceChildren(button);
  }
  byId("search").addEventListener("input", filter);
  byId("status").addEventListener("change", filter);
  byId("filters").hidden = false;
  filter();
})();
