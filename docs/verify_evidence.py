"""Verify a file of Keyframe evidence without Keyframe: `python verify_evidence.py FILE NAME+ID+KEY`.

evidence.md describes the checks. The script needs `cryptography`, and shares no code with Keyframe.
"""

import base64
import hashlib
import json
import struct
import sys
import uuid
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def need(holds, what):
    if not holds:
        raise ValueError(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def signed_text(note, vkey):
    """The lines of a note's text. Raises ValueError if the key did not sign the note."""
    name, key_id, key = vkey.split("+", 2)
    public = base64.b64decode(key, validate=True)
    need(public[0] == 1 and sha256(name.encode(), b"\n", public)[:4].hex() == key_id, "the public key is damaged")
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.split("\n")[:-1]:
        dash, signer, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        if (dash, signer, raw[:4].hex()) == ("—", name, key_id):
            Ed25519PublicKey.from_public_bytes(public[1:]).verify(raw[4:], f"{text}\n".encode())
            return text.split("\n")
    raise ValueError("it is not signed by this key")


def leaf(event):
    """The hash over all columns of an event."""
    times = [datetime.fromisoformat(event[name]) - EPOCH for name in ("recordedAt", "effectiveAt")]
    parent = event["belongsTo"]
    texts = [event[name].encode() for name in ("topic", "metadata", "data")]
    return sha256(
        b"\x00",
        struct.pack(">qqq", event["position"], *(time // timedelta(microseconds=1) for time in times)),
        uuid.UUID(event["stream"]).bytes,
        struct.pack(">q", event["version"]),
        b"\x00" if parent is None else b"\x01" + uuid.UUID(parent).bytes,
        *(struct.pack(">I", len(text)) + text for text in texts),
    )


def root(index, size, above, path):
    """The root hash for a leaf hash and its inclusion path: RFC 9162, 2.1.3.2."""
    last = size - 1
    for beside in path:
        need(last > 0, "the path is too long")
        if index % 2 or index == last:
            above = sha256(b"\x01", beside, above)
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            above = sha256(b"\x01", above, beside)
        index, last = index // 2, last // 2
    need(last == 0, "the path is too short")
    return above


def verify(lines, vkey):
    about, *events, seal = map(json.loads, lines)
    origin, size, signed_root = signed_text(about["checkpoint"], vkey)[:3]
    need(about["evidence"] == "keyframe-evidence/1" and origin == vkey.split("+")[0], "not evidence of this log")
    sealed = [about["evidence"], base64.b64encode(sha256(*lines[:-1])).decode()]
    need(signed_text(seal["seal"], vkey) == sealed, "a line was changed, added or taken out")
    position, recorded, versions = 0, "", {}
    for event in events:
        at, stream = f"position {event['position']}:", event["stream"]
        path = [base64.b64decode(one) for one in event["path"]]
        need(leaf(event) == base64.b64decode(event["leafHash"]), f"{at} the event does not match its hash")
        need(position < event["position"] <= int(size) and recorded < event["recordedAt"], f"{at} out of order")
        proven = root(event["position"] - 1, int(size), leaf(event), path)
        need(proven == base64.b64decode(signed_root), f"{at} not in the log that was signed")
        need(event["effectiveAt"] <= event["recordedAt"], f"{at} effective after it was recorded")
        need(event["version"] == versions.get(stream, 0) + 1, f"{at} an event before it is missing")
        position, recorded, versions[stream] = event["position"], event["recordedAt"], event["version"]
    need(about["cycle"] in versions, "the cycle itself is not in it")
    return f"{len(events)} events of the cycle {about['key']} are in the log {origin}, signed at position {size}."


if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            print(verify(file.readlines(), sys.argv[2]))
    except Exception as error:
        sys.exit(f"This is not proven: {error or type(error).__name__}")
