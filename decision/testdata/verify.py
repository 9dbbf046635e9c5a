#!/usr/bin/env python3
"""Check a decision of the city without asking the city.

    python3 verify.py decision.json [PUBLIC-KEY]

Needs Python 3.8 or later and the program openssl; nothing is installed and
nothing is sent. PUBLIC-KEY is the log's key as the city publishes it (name+id+base64),
preferably from elsewhere than where the file comes from. It checks, in this order:

 1. part      the part (what is said of one container) is the one that the decision commits to
 2. record    the entry for the log follows from the decision's own text
 3. log       that entry stands in the log, under a checkpoint (RFC 6962, C2SP tlog-proof)
 4. signature the checkpoint is signed with the log's key (C2SP signed-note, Ed25519)
"""
import base64, hashlib, json, os, subprocess, sys, tempfile


def fail(text):
    sys.exit("NOT RIGHT: " + text)


def once(pairs):  # an object in which no name stands twice
    if len(dict(pairs)) != len(pairs):
        fail("a name stands twice in the file")
    return dict(pairs)


def refuse(number):
    fail("the file holds a number that is not whole: " + number)


def canonical(v):  # RFC 8785, for texts, whole numbers, lists and objects
    if isinstance(v, dict):
        names = sorted(v, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(n) + ":" + canonical(v[n]) for n in names) + "}"
    if isinstance(v, list):
        return "[" + ",".join(map(canonical, v)) + "]"
    if isinstance(v, int) and abs(v) >= 2**53:
        fail("the file holds a number that is too large")
    return json.dumps(v, ensure_ascii=False)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(text):
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        fail("base64 that is not written in the one permitted way")
    return raw


def root(leaf, index, size, path):  # RFC 9162, section 2.1.3.2
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            fail("the proof is too long")
        if index & 1 or index == last:
            node = sha256(b"\1", sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\1", node, sibling)
        index, last = index >> 1, last >> 1
    if last:
        fail("the proof is too short")
    return node


def signed(note, vkey):
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    name, key_id, key = vkey.split("+", 2)
    raw = b64(key)
    expected = sha256(name.encode(), b"\n", raw)[:4]
    if raw[0] != 1 or expected.hex() != key_id:
        fail("the public key is damaged, or not of the kind Ed25519")
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        blob = b64(signature)
        if dash == "\u2014" and signer == name and blob[:4] == expected:
            with tempfile.TemporaryDirectory() as folder:
                files = [os.path.join(folder, f) for f in ("key", "text", "signature")]
                der = bytes.fromhex("302a300506032b6570032100") + raw[1:]  # RFC 8410
                for path, data in zip(files, (der, text.encode(), blob[4:])):
                    with open(path, "wb") as f:
                        f.write(data)
                run = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", files[0],
                                      "-rawin", "-in", files[1], "-sigfile", files[2]], capture_output=True)
                if run.returncode == 0 and text.split("\n")[0] == name:
                    return
    fail("the checkpoint is not signed with the log's key")


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        bundle = json.load(f, object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
    if bundle["format"] != "polder.city/decision@v1":
        fail("this is no decision of Polder")
    record, vkey = bundle["record"], bundle["key"]
    if len(sys.argv) > 2 and sys.argv[2] != vkey:
        fail("the file names another key")
    if "part" in bundle:
        digest = hashlib.sha256(canonical(bundle["part"]).encode()).hexdigest()
        if {"id": bundle["part"]["id"], "sha256": digest} not in record["parts"]:
            fail("the part does not belong to this decision")
        print("part       %s belongs to this decision" % bundle["part"]["id"])
    digest = hashlib.sha256(canonical(record).encode()).hexdigest()
    entry = "polder.city/leaf@v1 decision %s %s %s %s\n" % (record["kind"], record["by"]["mandate"], record["decidedAt"][:10], digest)
    print("record     SHA-256 " + digest)
    head, _, note = bundle["proof"].partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or lines[1] != "index %d" % int(lines[1][6:]):
        fail("the proof is not in its format")
    origin, size, hash_, rest = note.split("\n", 3)
    index = int(lines[1][6:])
    if index >= int(size) or root(sha256(b"\0", entry.encode()), index, int(size), [b64(h) for h in lines[2:]]) != b64(hash_):
        fail("the decision does not stand in the log")
    print("log        entry %d of %s, in the log %s" % (index, size, origin))
    signed(note, vkey)
    print("signature  good, by " + vkey)
    print("Decision %d is exactly as it was recorded." % record["number"])


if __name__ == "__main__":
    try:
        main()
    except (KeyError, ValueError, TypeError, IndexError) as error:
        fail("the file is damaged (%s)" % error)
