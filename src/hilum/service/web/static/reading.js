// @ts-check
// Shows the reading once it is there, and keeps what people think of each finding.
import { API, ask } from "/static/shared.js";

const LOOK_AGAIN_MS = 700;
const why = /** @type {HTMLElement} */ (document.getElementById("why"));
const path = `${API}/readings/${why.dataset.id}`;

async function wait() {
  const found = await ask(path).catch(() => null);
  if (found !== null && !["queued", "leased"].includes(found.state)) location.reload();
  else setTimeout(wait, LOOK_AGAIN_MS);
}
if (["queued", "leased"].includes(why.dataset.state ?? "")) void wait();

/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll("form.opinion");
for (const form of forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = /** @type {HTMLElement} */ (form.querySelector("[role=status]"));
    const { opinion, note } = Object.fromEntries(new FormData(form));
    const { model, finding } = form.dataset;
    try {
      await ask(`${path}/opinions`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ model, finding, opinion, note }),
      });
      said.textContent = "Saved";
    } catch (error) {
      said.textContent = `Not saved: ${/** @type {Error} */ (error).message}`;
    }
  });
}

/**
 * The opinions that were given before stand in their forms. Until then the forms are disabled: what is typed may not be
 * replaced, and a form that is sent before this script listens would put its note into the page's address.
 */
async function fill() {
  if (forms.length === 0) return;
  const { opinions } = await ask(`${path}/opinions`).catch((error) => {
    for (const said of document.querySelectorAll(".opinion [role=status]"))
      said.textContent = `Earlier opinions are not shown: ${error.message}`;
    return { opinions: [] };
  });
  for (const each of opinions) {
    for (const form of forms) {
      if (form.dataset.model !== each.model || form.dataset.finding !== each.finding) continue;
      const choice = form.querySelector(`input[value="${each.opinion}"]`);
      if (choice instanceof HTMLInputElement) choice.checked = true;
      const note = form.querySelector("input[name=note]");
      if (note instanceof HTMLInputElement) note.value = each.note;
    }
  }
  for (const form of forms) form.querySelector("fieldset")?.removeAttribute("disabled");
}
void fill();
