// The walk-through that verifies a decision in the browser. It fetches the file once (or takes one that
// the reader chooses) and then needs nobody.
import { alter, parse, verify } from "./verify.js";

for (const box of document.querySelectorAll("[data-verify]")) start(box);

function start(box) {
  const words = JSON.parse(box.dataset.words);
  const part = (name) => box.querySelector(`[data-verify-${name}]`);
  const [steps, result, shown, key, change, undo, choice] = ["steps", "result", "shown", "key", "change", "undo", "file"].map(part);
  let file = null; // the downloaded text
  let text = ""; // of the document in it that is shown: the part where there is one, else the record
  let altered = null;

  async function load() {
    if (file !== null) return;
    let got;
    if (choice?.files?.[0]) {
      got = await choice.files[0].text();
    } else {
      const answer = await fetch(box.dataset.verify);
      if (!answer.ok) throw new Error(`${box.dataset.verify}: ${answer.status}`);
      got = await answer.text();
    }
    const whole = parse(got);
    text = JSON.stringify(whole.part ?? whole.record, null, 2);
    file = got;
  }

  // bundle puts the shown text back into the file, as it is: changed or not.
  function bundle() {
    if (!altered) return file;
    const { format, key: own, part: p, proof, record } = JSON.parse(file);
    const s = JSON.stringify;
    return p === undefined
      ? `{"format":${s(format)},"key":${s(own)},"proof":${s(proof)},"record":${altered.text}}`
      : `{"format":${s(format)},"key":${s(own)},"part":${altered.text},"proof":${s(proof)},"record":${s(record)}}`;
  }

  function draw() {
    shown.hidden = false;
    if (!altered) {
      shown.textContent = text;
      return;
    }
    const mark = document.createElement("mark");
    mark.textContent = altered.text[altered.at];
    shown.replaceChildren(altered.text.slice(0, altered.at), mark, altered.text.slice(altered.at + 1));
    shown.scrollTop = Math.max(0, mark.offsetTop - shown.offsetTop - shown.clientHeight / 2);
  }

  function step(good, sentence) {
    const li = document.createElement("li");
    const sign = Object.assign(document.createElement("span"), { textContent: good ? "✓" : "✗", className: good ? "verify__yes" : "verify__no" });
    sign.setAttribute("aria-hidden", "true");
    li.append(sign, Object.assign(document.createElement("span"), { textContent: sentence }));
    steps.append(li);
  }

  const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  function say(good, sentence) {
    result.textContent = sentence;
    result.className = `verify__result verify__result--${good ? "yes" : "no"}`;
  }

  async function run() {
    steps.replaceChildren();
    say(true, words.busy);
    try {
      await load();
      draw();
      const done = await verify(bundle(), { key: key.value }, (name, r) => step(true, fill(words[name], { ...r, sha256: r.sha256?.slice(0, 16) })));
      say(true, fill(words.yes, done));
    } catch (err) {
      const wrong = { part: "changed", record: "changed", json: "changed", canonical: "changed", log: "changed", signature: "foreign", key: "foreign" }[err.code];
      step(false, err.code ? words[wrong ?? "broken"] : words.unread);
      say(false, err.code ? words.no : words.unread);
    }
    change.hidden = file === null || altered !== null;
    undo.hidden = altered === null;
  }

  part("check").addEventListener("click", run);
  part("check").disabled = false; // until here a click would have been lost
  choice?.addEventListener("change", () => {
    file = null;
    altered = null;
  });
  change.addEventListener("click", async () => {
    altered = alter(text);
    await run();
    undo.focus();
  });
  undo.addEventListener("click", async () => {
    altered = null;
    await run();
    change.focus();
  });
}
