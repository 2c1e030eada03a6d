"""A server that is stopped while it trains."""

import threading
import time

import psutil
from benchmarks.live_page import served
from playground_settings import SETTINGS
from talk import assert_one_sentence, post_json
from test_playground import training_processes


def test_what_still_waits_is_refused_and_no_process_is_left(tmp_path):
    answers, before = [], training_processes()
    with (tmp_path / "stderr").open("w+") as errors:
        with served(bundles=["xor_mlp"], stderr=errors) as address:
            url = f"{address}api/playground/"
            token = post_json(f"{url}start", {"settings": SETTINGS})[1]["training"]
            processes = [psutil.Process(one) for one in training_processes() - before]
            for process in processes:
                # The next message will not be answered.
                process.suspend()
            message = {"training": token, "updates": 1}
            asking = threading.Thread(
                target=lambda: answers.append(post_json(f"{url}step", message))
            )
            asking.start()
            time.sleep(0.5)
        asking.join(20)
        errors.seek(0)
        printed = errors.read()
    assert_one_sentence(answers[0], 410, "being stopped")
    assert "Traceback" not in printed
    psutil.wait_procs(processes, timeout=10)
    assert not [one for one in processes if one.is_running() and one.status() != "zombie"]
