// What the crew did and the city does not know yet: kept in IndexedDB, in order, each with its own key.
const NAME = "polder-driver";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("queue", { keyPath: "n", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// run does one thing with the store, and waits until it is on the disk.
async function run(mode, work) {
  const db = await open();
  try {
    return await new Promise((resolve, reject) => {
      const tx = db.transaction("queue", mode, { durability: "strict" });
      const request = work(tx.objectStore("queue"));
      tx.oncomplete = () => resolve(request.result);
      tx.onerror = tx.onabort = () => reject(tx.error);
    });
  } finally {
    db.close();
  }
}

// entries returns what is kept, the oldest first: what waits, and what was sent but stands in no list yet.
export const entries = () => run("readonly", (store) => store.getAll());

// add keeps an action; it returns when it is safe.
export const add = (action) => run("readwrite", (store) => store.add({ action, sent: false }));

// remove forgets an entry.
export const remove = (n) => run("readwrite", (store) => store.delete(n));

// send hands what waits to the city, in order, and returns how that ended: "done", "offline" or
// "signin". refused is called with each answer that the city will never take, and its action.
export async function send(address, refused) {
  for (;;) {
    const waiting = (await entries()).filter((e) => !e.sent).slice(0, 100);
    if (waiting.length === 0) return "done";
    let answer;
    try {
      answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(waiting.map((e) => e.action)) });
    } catch {
      return "offline";
    }
    if (answer.status === 403) return "signin";
    if (!answer.ok) return "offline"; // the city cannot take it now: it is sent again
    for (const [i, result] of (await answer.json()).entries()) {
      if (result.status === "retry") return "offline";
      if (result.status === "refused") {
        refused(result, waiting[i].action);
        await remove(waiting[i].n);
      } else {
        await run("readwrite", (store) => store.put({ ...waiting[i], sent: true }));
      }
    }
  }
}
