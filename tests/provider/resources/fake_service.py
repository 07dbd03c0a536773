"""Takes the place of the companion service: answers /readyz, or behaves badly as its argument says."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

MODE = sys.argv[1]
KEY = Path(os.environ["PERSONALIZATION_API_KEY_FILE"]).read_text().strip()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = {
            "status": "ready",
            "instance": "another" if MODE == "stranger" else os.environ["PERSONALIZATION_INSTANCE"],
            "version": "1.0",
            "pid": os.getpid(),
        }
        body = json.dumps(answer).encode()
        self.send_response_only(200)
        self.end_headers()
        self.wfile.write(body)


Path("environment.json").write_text(json.dumps(dict(os.environ)))
sys.stderr.write(f"starting with {KEY}\n")
if MODE == "dies":
    sys.exit("no such table")
if MODE == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if MODE == "silent":
    time.sleep(600)
host, port = os.environ["PERSONALIZATION_LISTEN"].split(":")
HTTPServer((host, int(port)), Handler).serve_forever()
