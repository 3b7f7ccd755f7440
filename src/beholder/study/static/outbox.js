// Answers that the server has not acknowledged, in the browser's own database: they survive a reload and a lost connection.

import { post } from "./server.js";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("beholder", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: "token" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function use(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("answers", mode);
      const request = act(transaction.objectStore("answers"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keep an answer until the server has it; of two for one trial, the first. */
export async function keep(answer) {
  try {
    await use("readwrite", (store) => store.add(answer));
  } catch (error) {
    if (error?.name !== "ConstraintError") throw error;
  }
}

/**
 * Send all that is kept.
 *
 * @returns What the server said of the last, or `undefined`. What it refuses for good is let go: it has an answer already,
 *   or asks for none.
 * @throws Refusal, if it may take them later.
 */
export async function send() {
  let said;
  for (const answer of await use("readonly", (store) => store.getAll())) {
    try {
      said = await post("api/answers", answer);
    } catch (error) {
      if (error.passing !== false) throw error;
      said = { refused: error.message };
    }
    await use("readwrite", (store) => store.delete(answer.token));
  }
  return said;
}
