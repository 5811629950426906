// @ts-check
// What the pages share: asking the service, and making elements of text alone.

/** The address of the service's interface. */
export const API = "/api/v1";

/** The secret of this login, which goes along with every change. */
export function csrf() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/**
 * Ask the service; an answer that is no success becomes an Error with the service's own words.
 * @param {string} path @param {RequestInit} [options]
 */
export async function ask(path, options = {}) {
  const headers = { ...(options.headers ?? {}), "X-CSRF-Token": csrf() };
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) location.assign("/login");
  if (answer.status === 204) return null;
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

/**
 * An element with attributes and children; texts stay texts, whatever they hold.
 * @param {string} name @param {Record<string, string>} [attributes] @param {...(Node | string)} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

document.getElementById("logout")?.addEventListener("click", async () => {
  await fetch("/logout", { method: "POST", headers: { "X-CSRF-Token": csrf() } });
  location.assign("/login");
});
