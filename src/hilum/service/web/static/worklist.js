// @ts-check
// Sends files one after the other, and shows the worklist.
import { API, ask, csrf, element } from "/static/shared.js";

const LOOK_AGAIN_MS = 1500;
const AGAIN_AT_MOST = 60;
/** @template {HTMLElement} T @param {string} id @returns {T} */
const at = (id) => /** @type {T} */ (document.getElementById(id));
const rows = at("rows");
const more = at("more");
/** @typedef {{age: string, sex: string, view: string}} Stated what is said of a patient */
/** @type {{file: File, stated: Stated, bar: HTMLProgressElement, said: HTMLElement}[]} */
const queue = [];
let sending = false;
/** @type {number | null} */
let after = null;

// Sending

/**
 * What the fields say now is said of these files alone: the fields are emptied, so that the next patient's files do not get it.
 * @param {Iterable<File>} files
 */
function add(files) {
  const added = [...files];
  if (added.length === 0) return;
  const stated = takeStated();
  const words = inWords(stated);
  for (const file of added) {
    const bar = /** @type {HTMLProgressElement} */ (
      element("progress", { max: "1", value: "0", "aria-label": `Sending ${file.name}` })
    );
    const said = element("span", {}, " waiting");
    at("sending").prepend(element("li", {}, words ? `${file.name} (${words})` : file.name, " ", bar, said));
    queue.push({ file, stated, bar, said });
  }
  const whom = added.length === 1 ? "the file" : `the ${added.length} files`;
  at("taken").textContent = words ? `Said of ${whom} just added: ${words}. The fields are empty again for the next.` : "";
  if (!sending) void sendAll();
}

/** What the fields say, which are empty then. @returns {Stated} */
function takeStated() {
  const take = (/** @type {string} */ name) => {
    const field = /** @type {HTMLInputElement} */ (at(name));
    const value = field.value.trim();
    field.value = "";
    return value;
  };
  return { age: take("age"), sex: take("sex"), view: take("view") };
}

/** @param {Stated} stated */
function inWords({ age, sex, view }) {
  return [age && `age ${age}`, sex && `sex ${sex}`, view && `view ${view}`].filter(Boolean).join(", ");
}

async function sendAll() {
  sending = true;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { file, stated, bar, said } = next;
    said.replaceChildren(" sending");
    try {
      const reading = await send(file, stated, bar);
      said.replaceChildren(" ", element("a", { href: `/readings/${reading.id}` }, "accepted"));
      await show();
    } catch (error) {
      said.replaceChildren(` not accepted: ${/** @type {Error} */ (error).message}`);
      said.className = "wrong";
    }
    bar.remove();
  }
  sending = false;
}

/**
 * One file; where the service has too much to do, again after as long as it asks.
 * @param {File} file @param {Stated} stated @param {HTMLProgressElement} bar
 */
async function send(file, stated, bar) {
  for (let again = 0; ; again += 1) {
    const { status, wait, body } = await post(file, stated, bar);
    if (status === 200 || status === 202) return body;
    if (status === 401) location.assign("/login");
    if (status !== 503 || again >= AGAIN_AT_MOST) throw new Error(body.detail);
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

/**
 * @param {File} file @param {Stated} stated @param {HTMLProgressElement} bar
 * @returns {Promise<{status: number, wait: number, body: any}>}
 */
function post(file, stated, bar) {
  const form = new FormData();
  form.append("file", file);
  for (const [name, value] of Object.entries(stated)) form.append(name, value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of how much is sent
    request.open("POST", `${API}/readings`);
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.addEventListener("load", () => {
      const wait = Number(request.getResponseHeader("Retry-After") ?? "5");
      resolve({ status: request.status, wait, body: request.response ?? { detail: `status ${request.status}` } });
    });
    request.addEventListener("error", () => reject(new Error("the service does not answer")));
    request.send(form);
  });
}

at("files").addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  add(input.files ?? []);
  input.value = "";
});
at("files").removeAttribute("disabled"); // files that are chosen before this script listens would not be sent
at("send").addEventListener("submit", (event) => event.preventDefault());
const drop = at("drop");
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") add(/** @type {DragEvent} */ (event).dataTransfer?.files ?? []);
  });
}

// The list

/** @param {boolean} [further] the next page too, behind those that are shown */
async function show(further = false) {
  const asked = new URLSearchParams();
  for (const name of ["rank", "finding", "order"]) {
    const value = /** @type {HTMLInputElement} */ (at(name)).value.trim();
    if (value) asked.set(name, value);
  }
  if (further && after !== null) asked.set("after", String(after));
  const page = await ask(`${API}/readings?${asked}`);
  const made = page.readings.map(row);
  if (further) rows.append(...made);
  else rows.replaceChildren(...made);
  after = page.after;
  more.hidden = after === null;
  const waiting = page.readings.filter((/** @type {any} */ each) => ["queued", "leased"].includes(each.state)).length;
  at("count").textContent = `${page.total} ${page.total === 1 ? "reading" : "readings"}`;
  return waiting;
}

/** @param {any} reading */
function row(reading) {
  const name = element("td", {}, element("a", { href: `/readings/${reading.id}` }, reading.name));
  if (reading.links.thumbnail) name.prepend(element("img", { src: reading.links.thumbnail, alt: "", loading: "lazy" }));
  const remove = element("button", { type: "button", "aria-label": `Delete ${reading.name}` }, "Delete");
  remove.addEventListener("click", async () => {
    if (!confirm(`Delete the reading of ${reading.name}, its image and every opinion on it?`)) return;
    await ask(reading.links.self, { method: "DELETE" });
    await show();
  });
  return element(
    "tr",
    { "data-id": reading.id, "data-state": reading.state },
    name,
    element("td", {}, element("strong", {}, reading.rank), `: ${reading.why}`),
    element("td", {}, new Date(reading.created).toLocaleString()),
    element("td", {}, remove),
  );
}

for (const name of ["rank", "finding", "order"]) at(name).addEventListener("change", () => void show());
at("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  void show();
});
more.addEventListener("click", () => void show(true));

async function keepLooking() {
  try {
    const focused = rows.contains(document.activeElement); // a list that changes under one's finger helps nobody
    if (!focused && rows.children.length <= 50) await show();
  } catch {
    at("count").textContent = "The service does not answer.";
  }
  setTimeout(keepLooking, LOOK_AGAIN_MS);
}
void keepLooking();
