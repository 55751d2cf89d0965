"""Several hosts prepare one database at the same time."""

import threading
import time

import pytest
from django.db import connection

from recognizer.running import preparation


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_hosts_that_start_at_once_prepare_the_database_one_after_another() -> None:
    at_work, most = 0, 0

    def prepare() -> None:
        nonlocal at_work, most
        with preparation.one_host_at_a_time():
            at_work += 1
            most = max(most, at_work)
            time.sleep(0.05)
            at_work -= 1
        connection.close()

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
