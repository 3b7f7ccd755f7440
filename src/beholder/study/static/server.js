// What pages say to the server.

export const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

/** An answer of the server that is no success; `status` 0 where there was none, `word` names a text for observers. */
export class Refusal extends Error {
  constructor(status, text, word) {
    super(text);
    this.status = status;
    this.word = word;
  }
  /** Whether the same may succeed later: no connection, or a server that is busy, paused or starting. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What a page tells of a refusal, in its own texts. */
export const explain = (error, texts) =>
  texts[error.word] ?? (error.status === 0 ? texts.offline : texts.problem + error.message);

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    throw new Refusal(0, "");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, told.error ?? answer.statusText, told.word);
  return told;
}

export const get = (path) => ask(path, {});

export const post = (path, body = {}) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
    body: JSON.stringify(body),
  });
