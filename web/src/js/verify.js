// Verifies that a decision stands in the city's log, from the downloaded file alone: nothing here asks a server.
//
//   part (canonical JSON, RFC 8785) -> SHA-256 -> record -> SHA-256 -> leaf -> inclusion proof (RFC 6962) -> root
//   root -> checkpoint (C2SP tlog-checkpoint, signed note, Ed25519) -> the log's public key
//
// It reads as strictly as `polder verify`. Every function throws a Refusal with a code when something does not hold.
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import * as ed25519 from "@noble/ed25519";

ed25519.hashes.sha512 = sha512;

const utf8 = new TextEncoder();

export class Refusal extends Error {
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
  }
}

const refuse = (code, detail) => { throw new Refusal(code, detail); };

export function hex(bytes) {
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

// base64 reads standard base64 in its one permitted spelling.
export function base64(text) {
  let raw;
  try {
    raw = atob(text);
  } catch {
    refuse("base64", text);
  }
  if (btoa(raw) !== text) refuse("base64", text);
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

const equal = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

function concat(...parts) {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

// canonical writes a value as RFC 8785 does. Numbers are whole and within 2^53-1, as Polder's records are.
export function canonical(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) refuse("number", String(value));
    return String(value === 0 ? 0 : value);
  }
  if (typeof value === "string") {
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)) refuse("surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const keys = Object.keys(value).sort(); // by UTF-16 code units, as the RFC says
  return `{${keys.map((k) => `${canonical(k)}:${canonical(value[k])}`).join(",")}}`;
}

// parse reads canonical JSON, indented or not. Another order, a key that stands twice, another spelling of a number
// or a letter are refused: then what one reads could differ from what was signed.
export function parse(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("json");
  }
  const plain = canonical(value);
  if (plain !== text.replace(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, "$1")) refuse("canonical");
  if (plain.normalize("NFC") !== plain || plain.includes("\\u0000")) refuse("canonical");
  return value;
}

const hashOf = (value) => hex(sha256(utf8.encode(canonical(value))));

// leafOf writes the line of the log that follows from a record: kind, mandate, day and hash.
export function leafOf(record) {
  const { kind, number, subject, decidedAt, by } = record;
  const word = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$/;
  if (record.format !== "polder.city/record@v1" || !(number >= 1) || !subject || !word.test(kind ?? "") || !word.test(by?.mandate ?? "") ||
    !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(decidedAt ?? "")) {
    refuse("record");
  }
  return `polder.city/leaf@v1 decision ${kind} ${by.mandate} ${decidedAt.slice(0, 10)} ${hashOf(record)}\n`;
}

// checkPart checks that a record commits to a part: one container's own reason within a plan.
export function checkPart(record, part) {
  if (typeof part.id !== "string" || typeof part.salt !== "string") refuse("part");
  const named = (record.parts ?? []).filter((p) => p.id === part.id);
  if (named.length !== 1 || named[0].sha256 !== hashOf(part)) refuse("part");
  return part.id;
}

const leafHash = (entry) => sha256(concat(Uint8Array.of(0), entry));
const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

// rootOf walks an inclusion proof from a leaf's hash to the root (RFC 9162, 2.1.3.2).
export function rootOf(hash, index, size, path) {
  if (index >= size) refuse("proof", "index");
  let fn = BigInt(index), sn = BigInt(size) - 1n, r = hash;
  for (const p of path) {
    if (sn === 0n) refuse("proof", "long");
    if (fn & 1n || fn === sn) {
      r = nodeHash(p, r);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      r = nodeHash(r, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) refuse("proof", "short");
  return r;
}

// parseProof reads a C2SP tlog-proof in its one permitted spelling.
export function parseProof(text) {
  const cut = text.indexOf("\n\n");
  if (cut < 0) refuse("proof", "format");
  const [head, number, ...hashes] = text.slice(0, cut).split("\n");
  const m = /^index (0|[1-9]\d{0,15})$/.exec(number ?? "");
  if (head !== "c2sp.org/tlog-proof@v1" || !m || hashes.length > 63) refuse("proof", "format");
  const path = hashes.map((h) => {
    const b = base64(h);
    if (b.length !== 32) refuse("proof", "hash");
    return b;
  });
  return { index: Number(m[1]), path, checkpoint: text.slice(cut + 2) };
}

// parseKey reads a verifier key of a signed note: <name>+<8 hex>+<base64 of type and key>.
export function parseKey(vkey) {
  const m = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey.trim());
  if (!m) refuse("key");
  const raw = base64(m[3]);
  if (raw.length !== 33 || raw[0] !== 1) refuse("key", "type");
  const id = sha256(concat(utf8.encode(m[1] + "\n"), raw)).slice(0, 4);
  if (hex(id) !== m[2]) refuse("key", "id");
  return { name: m[1], id, key: raw.slice(1) };
}

// ed25519Verify uses the browser's own Ed25519 where it has one, else the small one in this file.
async function ed25519Verify(key, message, signature) {
  try {
    const k = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", k, signature, message);
  } catch {
    try {
      return ed25519.verify(signature, message, key, { zip215: false });
    } catch {
      return false;
    }
  }
}

// openCheckpoint checks the log's signature under a checkpoint and reads it.
export async function openCheckpoint(signed, vkey) {
  const key = typeof vkey === "string" ? parseKey(vkey) : vkey;
  const cut = signed.lastIndexOf("\n\n");
  if (cut < 0 || !signed.endsWith("\n")) refuse("checkpoint", "format");
  const body = signed.slice(0, cut + 1);
  let good = false;
  for (const line of signed.slice(cut + 2, -1).split("\n")) {
    const m = /^\u2014 (\S+) (\S+)$/.exec(line);
    if (!m) refuse("checkpoint", "format");
    const sig = base64(m[2]);
    if (m[1] !== key.name || !equal(sig.slice(0, 4), key.id)) continue; // of another, such as a witness
    if (!(await ed25519Verify(key.key, utf8.encode(body), sig.slice(4)))) refuse("signature");
    good = true;
  }
  if (!good) refuse("signature", "none of this key");
  const checkpoint = readCheckpoint(signed);
  if (checkpoint.origin !== key.name) refuse("signature", "of another log");
  return checkpoint;
}

// readCheckpoint reads a checkpoint's three lines, without checking its signature.
export function readCheckpoint(signed) {
  const lines = signed.slice(0, signed.lastIndexOf("\n\n") + 1).split("\n");
  if (lines.length !== 4 || !/^(0|[1-9]\d{0,15})$/.test(lines[1])) refuse("checkpoint", "format");
  const root = base64(lines[2]);
  if (root.length !== 32) refuse("checkpoint", "format");
  return { origin: lines[0], size: Number(lines[1]), root };
}

// verify checks a downloaded decision from beginning to end. key is the log's public key from a source that the reader
// trusts; without it the file's own is used. onStep(name, result) is told each step that holds: file, part, record, log, signature.
export async function verify(text, { key = "" } = {}, onStep = () => {}) {
  const { format, record, part, proof, key: own, ...rest } = parse(text);
  if (format !== "polder.city/decision@v1" || typeof record !== "object" || record === null || typeof proof !== "string" ||
    typeof own !== "string" || Object.keys(rest).length > 0) {
    refuse("file");
  }
  onStep("file", {});
  if (part !== undefined) onStep("part", { id: checkPart(record, part) });
  const entry = leafOf(record);
  onStep("record", { sha256: hashOf(record) });
  const p = parseProof(proof);
  const { size, root } = readCheckpoint(p.checkpoint);
  if (!equal(rootOf(leafHash(utf8.encode(entry)), p.index, size, p.path), root)) refuse("log", "root");
  onStep("log", { index: p.index, size });
  if (key && key.trim() !== own) refuse("signature", "another key");
  const { origin } = await openCheckpoint(p.checkpoint, key || own);
  onStep("signature", { origin });
  return { index: p.index, size, origin, number: record.number };
}

// alter changes one sign of a document, in the first word of four letters or more that is a value and can be read, and says where.
export function alter(text) {
  const m = /": "?(?:[^"]*[^a-z"])?([a-z]{4,})/.exec(text.replace(/("format": ?)"[^"]*"/, (all) => all.replace(/[a-z]/g, "_")));
  const at = m ? m.index + m[0].length - 2 : Math.max(0, text.search(/[0-9]/));
  const other = /[a-z]/.test(text[at]) ? (text[at] === "e" ? "a" : "e") : text[at] === "1" ? "2" : "1";
  return { text: text.slice(0, at) + other + text.slice(at + 1), at };
}
