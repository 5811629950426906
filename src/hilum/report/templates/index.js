"use strict";
/* The table of files: rows are drawn as they come into view, sorted and filtered as numbers. */
(() => {
  const byId = (id) => document.getElementById(id);
  if (!byId("files")) return;
  const { texts, rows } = JSON.parse(byId("content").textContent);
  const NAME = 0, PAGE = 1, JSON_FILE = 2, PICTURE = 3, RESULT = 4, TONE = 5, BITS = 6, PROBABILITY = 7, WORDS = 8, SMALL = 9, PERCENT = 10;
  const CHUNK = 60;
  const body = document.querySelector("#files tbody");
  const region = document.querySelector(".scroll");
  const searched = rows.map((row) => `${row[NAME]} ${texts[row[RESULT]]} ${texts[row[WORDS]]} ${texts[row[SMALL]]}`.toLowerCase());
  const urgent = rows.map((_, index) => index);
  let order = urgent;
  let shown = [];
  let drawn = 0;

  const make = (tag, { text, name, href } = {}, ...children) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    if (href) element.href = href;
    element.append(...children);
    return element;
  };

  const end = make("div", { name: "end" });
  region.append(end);
  const watch = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) drawMore(); }, { rootMargin: "1500px" });

  const rowOf = (row) => {
    const line = make("tr");
    const picture = make("td");
    if (row[PICTURE]) {
      const image = make("img");
      image.src = row[PICTURE];
      image.alt = "";
      picture.append(image);
    }
    const head = make("th", {}, row[PAGE] ? make("a", { text: row[NAME], href: row[PAGE] }) : row[NAME]);
    head.scope = "row";
    if (row[JSON_FILE]) head.append(make("br"), make("a", { text: "JSON", name: "small", href: row[JSON_FILE] }, make("span", { text: ` of ${row[NAME]}`, name: "hidden-words" })));
    const words = make("td", { text: texts[row[WORDS]] });
    if (texts[row[SMALL]]) words.append(make("br"), make("span", { text: texts[row[SMALL]], name: "quiet small" }));
    line.append(
      picture, head,
      make("td", {}, make("span", { text: texts[row[RESULT]], name: `chip ${texts[row[TONE]]}` })),
      make("td", { text: texts[row[PERCENT]], name: "number" }),
      words,
    );
    return line;
  };

  const drawMore = () => {
    const next = shown.slice(drawn, drawn + CHUNK);
    body.append(...next.map((index) => rowOf(rows[index])));
    drawn += next.length;
    watch.unobserve(end);
    if (drawn < shown.length) watch.observe(end); /* which tells of the end anew, also where it is near already */
  };

  const refresh = () => {
    const wanted = byId("search").value.trim().toLowerCase();
    const bits = Number(document.querySelector("input[name=show]:checked").value);
    shown = order.filter((index) => (!bits || rows[index][BITS] & bits) && searched[index].includes(wanted));
    body.replaceChildren();
    drawn = 0;
    drawMore();
    byId("shown").textContent = `${shown.length} of ${rows.length}`;
  };

  const collator = new Intl.Collator("en", { numeric: true });
  const ORDERS = {
    name: (one, two) => collator.compare(rows[one][NAME], rows[two][NAME]),
    rank: (one, two) => one - two,
    probability: (one, two) => rows[two][PROBABILITY] - rows[one][PROBABILITY],
  };
  const sortBy = (head) => {
    const key = head.dataset.sort;
    const first = key === "probability" ? "descending" : "ascending";
    const turned = head.getAttribute("aria-sort") === first;
    order = [...urgent].sort(turned ? (one, two) => ORDERS[key](two, one) : ORDERS[key]);
    for (const other of document.querySelectorAll("th[data-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", turned === (first === "ascending") ? "descending" : "ascending");
    byId("order").hidden = key !== "rank" || turned;
    refresh();
  };

  for (const head of document.querySelectorAll("th[data-sort]")) {
    const button = make("button", { text: head.textContent });
    button.type = "button";
    button.addEventListener("click", () => sortBy(head));
    head.replaceChildren(button);
  }
  document.querySelector("th[data-sort=rank]").setAttribute("aria-sort", "ascending");
  byId("search").addEventListener("input", refresh);
  for (const radio of document.querySelectorAll("input[name=show]")) radio.addEventListener("change", refresh);
  window.addEventListener("beforeprint", () => { while (drawn < shown.length) drawMore(); });
  for (const id of ["filters", "files"]) byId(id).hidden = false;
  refresh();
})();
