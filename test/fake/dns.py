#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A name server for tests: answers over UDP on 127.0.0.1 from a small zone.

usage: dns.py ZONEFILE

A line of the zone is "NAME TYPE VALUE", with TYPE one of

    MX      VALUE is "PREFERENCE HOST"; HOST "." is a null MX (RFC 7505)
    A AAAA  an address
    CNAME   a name
    RCODE   no records: SERVFAIL, REFUSED; for all types of NAME
    SILENT  never answered

A name that isn't in the zone doesn't exist.  The first line of output is
"listening ADDRESS PORT", then comes one line "NAME TYPE" for each question.
"""

import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "MX": 15, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
RCODES = {"SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}


def wire_name(name):
    labels = [label for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def wire_data(kind, value):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "MX":
        preference, host = value.split()
        return struct.pack("!H", int(preference)) + wire_name(host)
    return wire_name(value)


def read_zone(path):
    zone = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            fields = line.split(None, 2)
            if fields and not fields[0].startswith("#"):
                value = fields[2].strip() if len(fields) > 2 else ""
                zone.setdefault(fields[0].lower(), []).append((fields[1], value))
    return zone


def read_question(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("ascii"))
        at += 1 + packet[at]
    kind = struct.unpack("!H", packet[at + 1 : at + 3])[0]
    return ".".join(labels).lower(), NAMES.get(kind, str(kind)), packet[12 : at + 5]


def answer(zone, name, kind):
    """The response code and the records (owner, type, value)."""
    found = []
    for _ in range(8):
        if name not in zone:
            return (0 if found else RCODES["NXDOMAIN"]), found
        for record, value in zone[name]:
            if record == "RCODE":
                return RCODES[value], []
            if record == "SILENT":
                return None, []
            if record in (kind, "CNAME"):
                found.append((name, record, value))
        aliases = [value for owner, record, value in found
                   if owner == name and record == "CNAME"]
        if not aliases or kind == "CNAME":
            break
        name = aliases[0].lower().strip(".")
    return 0, found


def reply(zone, packet):
    name, kind, question = read_question(packet)
    print(name, kind, flush=True)
    rcode, records = answer(zone, name, kind)
    if rcode is None:
        return None
    flags = 0x8480 | (packet[2] & 1) << 8 | rcode
    out = packet[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + question
    for owner, record, value in records:
        data = wire_data(record, value)
        out += wire_name(owner)
        out += struct.pack("!HHIH", TYPES[record], 1, 60, len(data)) + data
    return out


def main():
    zone = read_zone(sys.argv[1])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print("listening", *server.getsockname(), flush=True)
    while True:
        packet, peer = server.recvfrom(4096)
        if len(packet) < 17:
            continue
        out = reply(zone, packet)
        if out is not None:
            server.sendto(out, peer)


main()
