"""A stand-in for the Hugging Face hub on loopback: the HTTP calls of its client for models.

    python hub_server.py FOLDER

It prints its address, keeps the commits of every repository in FOLDER, and writes each request to
FOLDER/requests.txt. Only the token `TOKEN` may write. Large files go through Git LFS, small ones
into the commit, as on the hub; Xet is not spoken (HF_HUB_DISABLE_XET=1).
"""

import base64
import hashlib
import json
import shutil
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

TOKEN, USER = "hf_stand_in", "student"
# Smaller files are regular ones, except those of these kinds, as the hub's .gitattributes say.
_LARGE = (".tflite", ".onnx", ".keras", ".pb", ".png")


class Hub(BaseHTTPRequestHandler):
    """Answers one request; repositories are FOLDER/USER/REPO/COMMIT/…, `main` names the newest."""

    protocol_version = "HTTP/1.1"
    folder: Path

    def log_message(self, *given):
        """Print nothing."""

    def do_HEAD(self):
        self._get(body=False)

    def do_GET(self):
        self._get(body=True)

    def do_PUT(self):
        oid = self.path.rpartition("/")[2]
        content = self._received()
        if hashlib.sha256(content).hexdigest() != oid:
            self._answer(422, {"error": "the content is not that of the oid"})
            return
        (self.folder / "lfs").mkdir(exist_ok=True)
        (self.folder / "lfs" / oid).write_bytes(content)
        self._answer(200, {})

    def do_POST(self):
        content = self._received()
        path = urllib.parse.urlsplit(self.path).path
        if path == "/api/validate-yaml":
            self._validate(json.loads(content)["content"])
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, {"error": "Invalid username or password."})
        elif path == "/api/repos/create":
            given = json.loads(content)
            self._create(f"{given['organization'] or USER}/{given['name']}")
        elif path.endswith("/info/lfs/objects/batch"):
            self._batch(json.loads(content)["objects"])
        elif "/preupload/" in path:
            files = json.loads(content)["files"]
            self._answer(200, {"files": [_mode(file) for file in files]})
        elif "/commit/" in path:
            self._commit("/".join(path.split("/")[3:5]), content.splitlines())
        else:
            self._answer(404, {"error": f"no {path}"})

    def _received(self):
        self._log()
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _log(self):
        with (self.folder / "requests.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{self.command} {self.path}\n")

    def _answer(self, status, content, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _get(self, body):
        self._log()
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        if path == "/api/whoami-v2":
            known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            self._answer(*((200, {"name": USER, "type": "user"}) if known else (401, {})))
            return
        parts = path.strip("/").split("/")
        if len(parts) < 5 or parts[2] != "resolve":
            self._answer(404, {"error": f"no {path}"})
            return
        repository, revision, name = self.folder.joinpath(*parts[:2]), parts[3], parts[4:]
        if not (repository / "main").is_file():
            self._answer(404, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
            return
        commit = (repository / "main").read_text() if revision == "main" else revision
        if not commit or not (repository / commit).is_dir():
            self._answer(404, {"error": "Invalid rev id"}, X_Error_Code="RevisionNotFound")
            return
        file = repository.joinpath(commit, *name)
        if not file.is_file():
            known = {"X_Error_Code": "EntryNotFound", "X_Repo_Commit": commit}
            self._answer(404, {"error": "Entry not found"}, **known)
            return
        content = file.read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self._answer(200, content, ETag=etag, X_Repo_Commit=commit)

    def _validate(self, card):
        """Check what the hub is known to check: a mapping whose model-index has results."""
        if not card.startswith("---\n"):
            warning = {"message": "empty or missing yaml metadata in repo card"}
            self._answer(200, {"errors": [], "warnings": [warning]})
            return
        problem = None
        try:
            found = yaml.safe_load(card.split("---\n")[1])
            for model in found["model-index"]:
                for result in model["results"]:
                    assert result["task"]["type"]
                    assert result["dataset"]["type"]
                    assert all(metric["type"] for metric in result["metrics"])
        except (yaml.YAMLError, LookupError, TypeError, AssertionError) as error:
            problem = repr(error)
        if problem:
            self._answer(400, {"errors": [{"message": problem}], "warnings": []})
        else:
            self._answer(200, {"errors": [], "warnings": []})

    def _create(self, repository):
        if not repository.startswith(f"{USER}/"):
            self._answer(403, {"error": "You don't have the rights to create a model there."})
            return
        folder = self.folder / repository
        url = f"http://{self.headers['Host']}/{repository}"
        if folder.is_dir():
            self._answer(409, {"error": "You already created this model repo", "url": url})
            return
        folder.mkdir(parents=True)
        (folder / "main").touch()
        self._answer(200, {"url": url, "name": repository, "id": "1"})

    def _batch(self, objects):
        host = self.headers["Host"]
        for each in objects:
            if not (self.folder / "lfs" / each["oid"]).is_file():
                each["actions"] = {"upload": {"href": f"http://{host}/lfs/{each['oid']}"}}
        self._answer(200, {"transfer": "basic", "objects": objects})

    def _commit(self, repository, lines):
        folder = self.folder / repository
        oid = hashlib.sha1(b"".join(lines) + str(sorted(folder.iterdir())).encode()).hexdigest()
        target = folder / oid
        before = (folder / "main").read_text()
        if before:
            shutil.copytree(folder / before, target)
        for line in map(json.loads, lines):
            if line["key"] == "header":
                continue
            path = target / line["value"]["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if line["key"] == "file":
                path.write_bytes(base64.b64decode(line["value"]["content"]))
            else:
                shutil.copyfile(self.folder / "lfs" / line["value"]["oid"], path)
        (folder / "main").write_text(oid)
        url = f"http://{self.headers['Host']}/{repository}/commit/{oid}"
        self._answer(200, {"commitUrl": url, "commitOid": oid, "success": True})


def _mode(file):
    large = file["path"].endswith(_LARGE) or "/variables/" in file["path"]
    mode = "lfs" if large else "regular"
    return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}


if __name__ == "__main__":
    Hub.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
