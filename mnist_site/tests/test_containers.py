"""Dockerfile, compose.yaml and Caddyfile agree with each other. No image is built."""

import re
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml

from devtools.running_site import ROOT
from mnist_site.tests.test_settings import variables_read

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
CADDYFILE = (ROOT / "Caddyfile").read_text()
OF_THE_PARTS_AROUND = {
    *("SITE_ADDRESS", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "BACKUP_FOLDER"),
    *("WEB_IMAGE", "WORKER_IMAGE", "BACKUP_IMAGE"),
}


def assigned(name: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([A-Z_]+)=(.*)$", (ROOT / name).read_text()))


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_service_may_do_no_more_than_it_has_to(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit", "tmpfs", "healthcheck"} - service.keys() <= (
        {"healthcheck"} if name.startswith("web-") else set()  # the image has one
    )
    assert "privileged" not in service
    # Only the proxy is reachable from outside.
    assert ("ports" in service) == (name == "proxy")


def test_every_service_is_built_from_a_stage_that_there_is() -> None:
    stages = set(re.findall(r"(?m)^FROM \S+ AS ([\w-]+)$", DOCKERFILE))
    targets = {one["build"]["target"] for one in COMPOSE["services"].values() if "build" in one}
    assert targets == {"web", "worker", "backup"}
    assert targets <= stages
    for source in re.findall(r"(?m)^COPY (?!--from)(\S+) ", DOCKERFILE):
        assert (ROOT / source).exists(), source
        assert f"\n!{source}\n" in (ROOT / ".dockerignore").read_text()


def test_what_makes_backups_has_the_tools_of_the_databases_release() -> None:
    server = re.fullmatch(r"postgres:(\d+)-\w+", COMPOSE["services"]["db"]["image"])
    tools = re.search(r"(?ms)^FROM web AS backup$.*postgresql-client-(\d+)", DOCKERFILE)
    assert server
    assert tools
    assert tools[1] == server[1]
    assert "db" in COMPOSE["services"]["backup"]["depends_on"]


def test_images_hold_no_secret_and_run_without_rights() -> None:
    fixed = " ".join(re.findall(r"(?ms)^(?:ENV|ARG) .*?(?<!\\)$", DOCKERFILE))
    assert "SECRET" not in fixed
    assert "PASSWORD" not in fixed
    user = re.search(r"(?m)^USER (\d+):\d+$", DOCKERFILE)
    assert user
    assert int(user[1]) >= 10_000


def test_secrets_are_asked_for_and_none_is_written_down() -> None:
    example = assigned("compose.env.example")
    assert {name for name, value in example.items() if value == ""} == {
        *("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "METRICS_TOKEN"),
    }
    assert example.keys() <= variables_read() | OF_THE_PARTS_AROUND
    text = (ROOT / "compose.yaml").read_text()
    for use in re.findall(r"\$\{(\w+(?:PASSWORD|KEY)\W+)", text):
        assert use.endswith(":?"), use


def test_the_site_believes_the_proxy_alone() -> None:
    address = COMPOSE["services"]["proxy"]["networks"]["front"]["ipv4_address"]
    for name in ("web-1", "web-2"):
        assert COMPOSE["services"][name]["environment"]["TRUSTED_PROXIES"] == address
    (network,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert ip_address(address) in ip_network(network["subnet"])
    assert ip_address(address) not in ip_network(network["ip_range"])
    # With trusted proxies of its own, Caddy would pass on headers that clients forged.
    assert "trusted_proxies" not in CADDYFILE


def test_the_proxy_asks_both_and_notices_in_time_that_one_ends() -> None:
    asked = re.search(r"\{\$WEB_UPSTREAMS:(.*?)\}", CADDYFILE)
    assert asked
    webs = {name for name in COMPOSE["services"] if name.startswith("web-")}
    assert {one.removesuffix(":8000") for one in asked[1].split()} == webs
    interval = _seconds(r"health_interval (\d+)s", CADDYFILE)
    notice = _seconds(r"WEB_NOTICE_SECONDS=(\d+)", DOCKERFILE)
    assert notice > 2 * interval
    for name in webs:
        # The notice, then 25 s to finish open requests (`mnist_site.server`).
        grace: Any = COMPOSE["services"][name]["stop_grace_period"]
        assert int(grace.removesuffix("s")) > notice + 25


def _seconds(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found, pattern
    return int(found[1])
