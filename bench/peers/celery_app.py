"""The task of celery_driver.py, for its worker and its client."""

import os
import time

from celery import Celery

URL = os.environ["REDIS_URL"]
app = Celery("bench", broker=f"{URL}/0", backend=f"{URL}/1")
app.conf.update(
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    result_expires=86400,
)


@app.task(name="work")
def work(delay_ms):
    if delay_ms > 0:
        time.sleep(delay_ms / 1000)
    return {"ok": True}
