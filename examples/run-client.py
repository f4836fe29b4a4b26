"""A batch job in Python that records its run with the server of effect-narrative, by nothing but the standard library.

    python3 examples/run-client.py http://127.0.0.1:8765
"""
import json
import sys
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone

BASE = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8765"


def now():
    return datetime.now(timezone.utc).isoformat()


def call(method, path, body=None):
    request = urllib.request.Request(
        BASE + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


event_id = str(uuid.uuid4())
started = now()
run = {
    "event_id": event_id,
    "run_id": f"resize-{event_id[:8]}",
    "agent_name": "image-resizer",
    "job_type": "batch",
    "start_time": started,
    "status": "running",
}

# Sent again after a timeout, it is the same run.
print(call("POST", "/api/v1/runs", run)["status"])
print(call("POST", "/api/v1/runs", run)["status"])

changes = {
    "status": "success",
    "end_time": now(),
    "items_discovered": 12,
    "items_succeeded": 11,
    "items_failed": 1,
    "metrics_json": {"megabytes": 48.5},
}
print(", ".join(call("PATCH", f"/api/v1/runs/{event_id}", changes)["fields_updated"]))

for row in call("GET", "/api/v1/runs?agent_name=image-resizer&status=success"):
    print(row["run_id"] == run["run_id"], row["items_succeeded"], row["metrics_json"]["megabytes"])

try:
    call("PATCH", f"/api/v1/runs/{event_id}", {"items_failed": -1})
except urllib.error.HTTPError as error:
    print(error.code, json.load(error)["detail"][0]["loc"])
