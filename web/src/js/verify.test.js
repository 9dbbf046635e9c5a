// Run by `npm test`, on Node's own runner. The vector is made by Go (web/verify_test.go writes and checks it).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { alter, base64, canonical, openCheckpoint, parse, parseKey, rootOf, verify } from "./verify.js";

const vector = readFileSync(new URL("../../testdata/decision.json", import.meta.url), "utf8");
const { key } = JSON.parse(vector);
const refuses = (code) => (err) => err.code === code;

test("a decision from the log verifies, step by step", async () => {
  const steps = [];
  const done = await verify(vector, { key }, (name) => steps.push(name));
  assert.deepEqual(steps, ["file", "part", "record", "log", "signature"]);
  assert.equal(done.origin, "example.com/log");
});

test("an indented download verifies too", async () => {
  await verify(JSON.stringify(JSON.parse(vector), null, 2), { key });
});

test("one changed sign anywhere is refused", async () => {
  for (let at = 0; at < vector.length; at += 7) {
    const other = vector[at] === "a" ? "b" : "a";
    await assert.rejects(verify(vector.slice(0, at) + other + vector.slice(at + 1), { key }), `sign ${at}`);
  }
});

test("the sign that the button changes is in a word that a person reads, and is refused", async () => {
  const bundle = JSON.parse(vector);
  const text = JSON.stringify(bundle.part, null, 2);
  const changed = alter(text);
  assert.notEqual(changed.text, text);
  assert.match(text.slice(changed.at - 1, changed.at + 1), /^[a-z]+$/);
  await assert.rejects(verify(JSON.stringify({ ...bundle, part: JSON.parse(changed.text) }), { key }), refuses("part"));
});

test("another log's key is refused", async () => {
  const other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  await assert.rejects(verify(vector, { key: other }), refuses("signature"));
});

test("a key that stands twice, another order and a float are refused", () => {
  for (const text of ['{"a":1,"a":1}', '{"b":1,"a":2}', '{"a":1.5}', '{"a":1e2}', '{"a":-0}', '{"a":"\\u0061"}', '{"a":9007199254740993}']) {
    assert.throws(() => parse(text), undefined, text);
  }
});

test("canonical JSON sorts names by UTF-16 code units, as RFC 8785 shows", () => {
  assert.equal(canonical({ "\u20ac": 1, "\r": 2, "\ufb33": 3, 1: 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 }),
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
});

test("base64 has one spelling", () => {
  assert.throws(() => base64("AAB="), refuses("base64"));
  assert.equal(base64("AAA=").length, 2);
});

test("the worked example of the signed-note specification verifies", async () => {
  const vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  assert.equal(parseKey(vkey).name, "example.com/foo");
  const note = "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
  // The signature holds; the text is no checkpoint, and that is the complaint.
  await assert.rejects(openCheckpoint(note, vkey), refuses("checkpoint"));
  await assert.rejects(openCheckpoint(note.replace("This", "That"), vkey), refuses("signature"));
});

test("without the browser's Ed25519 the small one decides the same", async (t) => {
  t.mock.method(globalThis.crypto.subtle, "importKey", () => Promise.reject(new Error("not supported")));
  await verify(vector, { key });
  await assert.rejects(verify(vector.replace(/(\u2014 example\.com\/log .{20})./, (all, head) => head + (all.at(-1) === "A" ? "B" : "A")), { key }));
});

test("a proof that is too long or too short is refused", () => {
  const h = new Uint8Array(32);
  assert.throws(() => rootOf(h, 0, 1, [h]), refuses("proof"));
  assert.throws(() => rootOf(h, 0, 4, [h]), refuses("proof"));
  assert.throws(() => rootOf(h, 4, 4, []), refuses("proof"));
});
