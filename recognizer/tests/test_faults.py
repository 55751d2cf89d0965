"""What happens when a process or service fails: one real site, and one fault after another.

Meanwhile people read, save and label. docs/operations.md has the results.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from devtools.faulty_site import Site, click_retrain, disk_full_for, run_in, running_site, wait_for
from devtools.people import Answer, Told
from devtools.running_site import assert_nothing_is_left

pytestmark = [pytest.mark.faults, pytest.mark.services, pytest.mark.slow]

SECONDS_TO_CANCEL = 5


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("faults")) as site:
        yield site


@pytest.fixture(autouse=True)
def _nothing_under_way_afterwards(site: Site) -> Iterator[None]:
    """Cancel runs that are not over, so that a failed test does not make the next one fail."""
    yield
    if site.up.process.poll() is None:
        for run in site.runs_in("queued", "running"):
            site.staff.post_form(f"admin/recognizer/trainingrun/{run}/cancel/")


def assert_made_one_version(site: Site, run: int) -> None:
    end = site.wait_for_end(run)
    assert (end["state"], end["error"]) == ("succeeded", ""), end
    assert site.versions_of(run) == 1
    assert site.files_stored() == site.files_of_versions()


def assert_failed(site: Site, run: int, reason: str) -> None:
    end = site.wait_for_end(run)
    assert end["state"] == "failed", end
    assert reason in end["error"]
    assert "\n" not in end["error"]
    assert_left_nothing(site, run)


def assert_left_nothing(site: Site, run: int) -> None:
    assert site.versions_of(run) == 0
    assert site.files_stored() == site.files_of_versions()
    wait_for(lambda: not site.pids("ml", "train"), "the training's end", SECONDS_TO_CANCEL)
    wait_for(lambda: not site.files_of_runs(), "the removal of its files", SECONDS_TO_CANCEL)


def assert_nobody_noticed(told: Told) -> None:
    assert told.readings
    assert told.savings
    assert (told.failed_readings, told.failed_savings) == ([], [])


def assert_only_dropped(told: Told, *, at_most: int) -> None:
    """When web processes end, at most the requests in progress are dropped."""
    assert told.readings
    dropped = told.failed_readings + told.failed_savings
    assert [answer for answer in dropped if answer.status != 0] == []
    assert len(dropped) <= at_most, dropped


def cancel(site: Site, run: int) -> None:
    """Click Cancel, and check that nothing of the run is left 5 s later."""
    clicked_at = time.monotonic()
    answer = site.staff.post_form(f"admin/recognizer/trainingrun/{run}/cancel/")
    assert answer.status == 302, answer
    assert_left_nothing(site, run)
    assert time.monotonic() - clicked_at < SECONDS_TO_CANCEL
    assert site.run(run)["state"] == "cancelled"


def test_a_run_whose_worker_is_killed_in_mid_training_is_taken_up_again(site: Site) -> None:
    with site.crowd.told() as told:
        run = site.retrain()
        site.wait_for_step(run)
        training = site.training()

        site.kill("celery", "worker")

        wait_for(lambda: training not in site.pids("ml", "train"), "the training's end", 5)
        assert_made_one_version(site, run)
    assert site.sql("SELECT attempts FROM recognizer_trainingrun WHERE id = %s", run) == [(2,)]
    assert site.files_of_runs() == []
    assert_nobody_noticed(told)


def test_a_training_goes_on_while_valkey_and_the_web_processes_are_killed(site: Site) -> None:
    with site.crowd.told() as told:
        run = site.retrain()
        site.wait_for_step(run)
        site.kill("valkey-server")
        time.sleep(2)
    assert_nobody_noticed(told)
    with site.crowd.told() as told:
        site.restart_web(signal.SIGKILL)
        assert_made_one_version(site, run)
    assert_only_dropped(told, at_most=4)


def test_a_run_outlives_the_database(site: Site) -> None:
    with site.crowd.told() as told:
        run = site.retrain()
        site.wait_for_step(run)

        site.database.kill()
        page = wait_for(lambda: _if_down(site.staff.send("GET", "drawings/")), "the page")
        site.database.start()

        assert "cannot be reached" in page.text
        site.wait_for_stage(run, "comparing with the active version")
        site.database.kill()
        site.database.start()
        assert_made_one_version(site, run)
    assert told.readings
    assert told.failed_readings == []
    assert {answer.status for answer in told.failed_savings} <= {503}


def _if_down(answer: Answer) -> Answer | None:
    return answer if answer.status == 503 else None


def test_a_run_asked_for_without_a_broker_waits_for_it_and_can_be_cancelled(site: Site) -> None:
    (valkey,) = site.pids("valkey-server")
    # A server that hangs is worse than a refused connection: clients have to time out.
    os.kill(valkey, signal.SIGSTOP)
    with site.crowd.told() as told:
        try:
            run = run_in(click_retrain(site.staff))
            assert site.run(run)["state"] == "queued"
            assert "starts as soon as a worker is available" in site.page_of(run)
        finally:
            os.kill(valkey, signal.SIGKILL)
        site.wait_for_step(run)
        cancel(site, run)
    assert_nobody_noticed(told)


def test_of_two_staff_who_click_at_once_one_gets_a_run(site: Site) -> None:
    both = [site.member_of_staff(), site.member_of_staff()]
    with ThreadPoolExecutor(2) as clicks:
        answers = list(clicks.map(click_retrain, both))
    # The second one is sent back to the list, which says why.
    runs = [answer for answer in answers if "/trainingrun/" in _location(answer)]
    assert len(runs) == 1, answers
    told_why = [person.send("GET", "admin/recognizer/drawing/").text for person in both]
    assert sum("is already training on the same drawings" in page for page in told_why) == 1
    cancel(site, run_in(runs[0]))


def _location(answer: Answer) -> str:
    assert answer.headers is not None
    return answer.headers.get("Location") or ""


def test_a_disk_that_is_full_during_the_training_fails_the_run(site: Site) -> None:
    with site.crowd.told() as told:
        run = site.retrain()
        with disk_full_for(site.training(), 300_000):
            assert_failed(site, run, "a file cannot be written: File too large")
    assert_nobody_noticed(told)


def test_a_disk_that_is_full_when_a_version_is_stored_fails_the_run(site: Site) -> None:
    with site.crowd.told() as told:
        run = site.retrain()
        site.wait_for_stage(run, "training")
        # Enough for the network but not for the weights: one file fits, one is cut off.
        with disk_full_for(site.worker(), 720_000):
            assert_failed(site, run, "The result could not be stored")
    assert_nobody_noticed(told)


def test_while_its_file_is_damaged_another_version_stands_in_for_the_active_one(
    site: Site,
) -> None:
    newest, name = site.sql("SELECT id, artifact FROM recognizer_modelversion ORDER BY number")[-1]
    file, content = site.files / name, (site.files / name).read_bytes()
    with site.crowd.told() as told:
        file.write_bytes(content[:1000])
        assert "wrong SHA-256" in _promote(site, newest)
        assert site.reading_version() == 1

        file.write_bytes(content)
        assert "is active now" in _promote(site, newest)
        number = wait_for(lambda: _other_than(1, site.reading_version()), "the promoted version")
        wait_for(lambda: len(site.web_that_loaded(number)) == 2, "both web processes' loading it")

        file.write_bytes(content[:1000])
        time.sleep(1)
        assert site.reading_version() == number  # it is in memory
    assert_nobody_noticed(told)
    with site.crowd.told() as told:
        site.restart_web(signal.SIGTERM)
        wait_for(lambda: site.reading_version() == 1, "a version that stands in")
        wait_for(lambda: "version 1 answers in its place" in site.up.output, "a word about it")

        file.write_bytes(content)
        wait_for(lambda: site.reading_version() == number, "the active version")
    # uvicorn closes connections that have not sent a request yet.
    assert_only_dropped(told, at_most=4)


def _promote(site: Site, version: int) -> str:
    page = f"admin/recognizer/modelversion/{version}/"
    site.staff.post_form(f"{page}promote/", override="on", reason="To see it damaged.")
    return site.staff.send("GET", f"{page}change/").text


def _other_than(number: int, found: Any) -> Any:
    return found if found != number else None


def test_after_all_of_it_nothing_is_lost_and_nothing_is_left(site: Site) -> None:
    site.crowd.go_home()
    kept = {str(drawing) for (drawing,) in site.sql("SELECT public_id FROM recognizer_drawing")}
    labels = site.sql(
        "SELECT public_id, value FROM recognizer_label"
        " JOIN recognizer_drawing ON recognizer_drawing.id = drawing_id"
    )
    assert site.crowd.saved - kept == set()
    assert site.crowd.labelled.items() <= {(str(drawing), value) for drawing, value in labels}
    assert site.runs_in("queued", "running") == []
    versions = site.sql("SELECT run_id FROM recognizer_modelversion WHERE run_id IS NOT NULL")
    assert sorted(run for (run,) in versions) == sorted(site.runs_in("succeeded"))
    assert site.files_stored() == site.files_of_versions()
    assert site.files_of_runs() == []
    assert site.up.interrupt() == 0
    assert_nothing_is_left(site.env, within=1)
