"""A small model hub on 127.0.0.1 for the tests of Hub, which misbehaves as it is told.

    python3 hub_server.py DESCRIPTION

DESCRIPTION is JSON: {"repo": "org/tiny", "files": {PATH: {"text": T}, {"path": FILE} or
{"bytes": N}}, the latter two also with "lfs": true, "names": [more names in the listing],
"token": T, "log": FILE, "certificate": FILE (certificate and key: the hub speaks TLS),
"faults": [FAULT...]}. A fault applies to
requests whose path contains "path" and whose method is "method" (default GET), "times" times
(default 1), and says one of: "status" (with "headers"), "cut" (bytes, then the connection ends),
"silent" (seconds), "drip" (seconds between bytes), "wrong" (a byte is changed), "ranges": false,
"location" (a redirect there), "length" (a lie about the size).

Prints the port; ends when standard input closes. Large files lie on a second port, to which the
first redirects. The file "log" gets a line of JSON for each request.
"""

import hashlib
import json
import os
import re
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "c0ffee" * 6 + "abcd"


class Hub:
    def __init__(self, text):
        about = json.loads(text)
        self.repo = about.get("repo", "org/tiny")
        self.names = about.get("names", [])
        self.token = about.get("token")
        self.certificate = about.get("certificate")
        self.faults = about.get("faults", [])
        for fault in self.faults:
            fault.setdefault("times", 1)
        self.files = {path: self.content(file) for path, file in about["files"].items()}
        self.lfs = {path for path, file in about["files"].items() if file.get("lfs")}
        self.lock = threading.Lock()
        self.log = open(about.get("log", os.devnull), "a")

    @staticmethod
    def content(file):
        if "text" in file:
            return file["text"].encode()
        if "path" in file:
            with open(file["path"], "rb") as opened:
                return opened.read()
        return bytes((i * 7 + (i >> 8)) % 251 for i in range(file["bytes"]))

    def tag(self, path):
        data = self.files[path]
        if path in self.lfs:
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    def fault(self, method, path):
        with self.lock:
            for fault in self.faults:
                here = fault["path"] in path and fault.get("method", "GET") == method
                if here and fault["times"] > 0:
                    fault["times"] -= 1
                    return fault
        return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub = None
    store = None  # the port of large files; None on that port itself

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.serve("HEAD")

    def do_GET(self):
        self.serve("GET")

    def serve(self, method):
        path = unquote(self.path)
        with self.hub.lock:
            print(json.dumps({
                "method": method, "path": path, "range": self.headers.get("Range"),
                "authorization": self.headers.get("Authorization"),
                "port": "hub" if self.store else "store"}), file=self.hub.log, flush=True)
        fault = self.hub.fault(method, path)
        if "silent" in fault:
            time.sleep(fault["silent"])
            self.close_connection = True
            return None
        if "status" in fault:
            return self.answer(fault["status"], fault.get("headers", {}), b"a fault\n")
        if "location" in fault:
            return self.answer(302, {"Location": fault["location"]}, b"")
        if self.store is None:
            return self.send_file(path.removeprefix("/store/"), fault)
        token = self.hub.token
        if token and self.headers.get("Authorization") != "Bearer " + token:
            return self.answer(401, {"X-Error-Code": "RepoNotFound"}, b"{}")
        return self.route(path, method, fault)

    def route(self, path, method, fault):
        api = "/api/models/" + self.hub.repo
        names = sorted(self.hub.files) + self.hub.names
        if path in (api + "/revision/main", api + "/revision/" + COMMIT, api + "/revision/v/1"):
            listing = {"id": self.hub.repo, "modelId": self.hub.repo, "sha": COMMIT, "tags": [],
                       "private": False, "siblings": [{"rfilename": name} for name in names]}
            return self.answer(200, {}, json.dumps(listing).encode())
        if path.startswith(api + "/tree/" + COMMIT):
            return self.answer(200, {}, json.dumps([self.leaf(name) for name in names]).encode())
        found = re.fullmatch("/" + self.hub.repo + "/resolve/(main|" + COMMIT + ")/(.*)", path)
        if found and found[2] in self.hub.files:
            return self.resolve(found[2], fault)
        return self.answer(404, {"X-Error-Code": "EntryNotFound"}, b"{}")

    def leaf(self, name):
        entry = {"type": "file", "path": name, "size": len(self.hub.files[name]),
                 "oid": self.hub.tag(name)}
        if name in self.hub.lfs:
            entry["lfs"] = {"oid": self.hub.tag(name), "size": entry["size"], "pointerSize": 134}
        return entry

    def resolve(self, path, fault):
        size = fault.get("length", len(self.hub.files[path]))
        if path not in self.hub.lfs:
            return self.send_file(path, fault)
        headers = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": '"%s"' % self.hub.tag(path),
                   "X-Linked-Size": str(size), "ETag": '"not-a-hash"',
                   "Location": "http://127.0.0.1:%d/store/%s" % (self.store, path)}
        return self.answer(302, headers, b"Found")

    def send_file(self, path, fault):
        data = self.hub.files[path]
        headers = {"ETag": '"%s"' % self.hub.tag(path), "Accept-Ranges": "bytes"}
        if self.store:
            headers["X-Repo-Commit"] = COMMIT
        if fault.get("wrong"):
            data = data[:10] + bytes([data[10] ^ 1]) + data[11:]
        status, first = 200, 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if asked and fault.get("ranges", True):
            status, first = 206, int(asked[1])
            headers["Content-Range"] = "bytes %d-%d/%d" % (first, len(data) - 1, len(data))
        return self.answer(status, headers, data[first:], fault)

    def answer(self, status, headers, body, fault=None):
        fault = fault or {}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(fault.get("length", len(body))))
        self.end_headers()
        if self.command == "HEAD":
            return
        if "cut" in fault:
            self.wfile.write(body[:fault["cut"]])
            self.wfile.flush()
            time.sleep(0.3)  # an end that comes with the last bytes takes some of them along
            self.close_connection = True
            return
        if "drip" in fault:
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(fault["drip"])
            return
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that gives up is what many tests are about


def main():
    hub = Hub(sys.argv[1])
    store = Server(("127.0.0.1", 0), type("Store", (Handler,), {"hub": hub}))
    front = Server(("127.0.0.1", 0), type(
        "Front", (Handler,), {"hub": hub, "store": store.server_address[1]}))
    if hub.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(hub.certificate)
        front.socket = tls.wrap_socket(front.socket, server_side=True)
    for server in (store, front):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(front.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


main()
