"""Messages outlive a release: a worker of the last release must understand those of this one."""

from celery import current_app

import recognizer.tasks  # noqa: F401  registers them


def test_tasks_keep_the_names_that_other_releases_know() -> None:
    ours = {name for name in current_app.tasks if name.startswith("recognizer.")}
    assert ours == {
        "recognizer.tasks.execute_run",
        "recognizer.tasks.judge_version",
        "recognizer.tasks.read_labelled_again",
        "recognizer.tasks.take_up_waiting_runs",
    }
