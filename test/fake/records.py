#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""records.py ZONE: a name server for tests, with the records that --dns asks for.

ZONE has lines "name TYPE data": A, AAAA, MX (preference host), TXT (the rest of
the line, cut in strings of 255), PTR, TLSA (usage selector type hex), or
"name FAIL" for SERVFAIL and "name DROP" for no answer.  What is below a name of
the file and not in it does not exist.  Prints ADDRESS:PORT, answers over UDP
until it is killed.
"""
import ipaddress
import socket
import struct
import sys

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52}


def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def wire_data(kind, data):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(data).packed
    if kind == "PTR":
        return wire_name(data)
    if kind == "MX":
        preference, host = data.split()
        return struct.pack("!H", int(preference)) + wire_name(host)
    if kind == "TLSA":
        usage, selector, match, text = data.split()
        return bytes([int(usage), int(selector), int(match)]) + bytes.fromhex(
            text)
    raw = data.encode()
    parts = [raw[i:i + 255] for i in range(0, len(raw), 255)] or [b""]
    return b"".join(bytes([len(p)]) + p for p in parts)


def read_zone(path):
    zone = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.strip().split(None, 2)
            if len(words) < 2 or words[0].startswith("#"):
                continue
            name = words[0].rstrip(".").lower()
            data = words[2] if len(words) > 2 else ""
            records = zone.setdefault(name, [])
            kind = words[1].upper()
            records.append((kind, wire_data(kind, data)
                            if kind in TYPES else b""))
    return zone


def answer(zone, packet):
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
        at += 1 + packet[at]
    kind = struct.unpack("!H", packet[at + 1:at + 3])[0]
    question = packet[12:at + 5]
    name = ".".join(labels)
    records = zone.get(name)
    kinds = {k for k, _ in records or ()}
    if "DROP" in kinds:
        return None
    found = [d for k, d in records or () if TYPES.get(k) == kind]
    exists = records is not None or any(
        n.endswith("." + name) for n in zone)
    rcode = 2 if "FAIL" in kinds else 0 if exists else 3
    out = packet[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, len(found),
                                   0, 0) + question
    for data in found:
        out += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60,
                                         len(data)) + data
    return out


def main():
    zone = read_zone(sys.argv[1])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print("127.0.0.1:%d" % server.getsockname()[1], flush=True)
    while True:
        packet, peer = server.recvfrom(4096)
        try:
            reply = answer(zone, packet)
        except (IndexError, UnicodeDecodeError, struct.error):
            continue
        if reply is not None:
            server.sendto(reply, peer)


main()
