"""Deployment files: accepted by the validators of their kind, and true of the program that they start."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.kubernetes import build
from schemas.catalogue import TOPICS
from stream.faust_batch import TaskSettings
from stream.settings import PREFIX, Settings
from tests.ops.tools import need

DOCKERFILE = Path("deploy/Dockerfile")
COMPOSE = Path("deploy/compose/compose.yaml")
OVERLAYS = ("small", "production")
KUBERNETES = "1.33.0"
OUR_KINDS = (
    "Namespace",
    "ServiceAccount",
    "ConfigMap",
    "Service",
    "StatefulSet",
    "PodDisruptionBudget",
    "NetworkPolicy",
)
"""Kinds of Kubernetes itself; the others belong to operators, whose schemas the validator does not have."""

NOT_WANTED = {
    "CKV_DOCKER_7": "the base stands in an argument of the build, with its digest",
    "CKV_K8S_43": "images are pinned by digest where they are released, not in an example",
}


@cache
def rendered(overlay: str) -> str:
    """What `kubectl apply -k` would send."""
    command = [need("kubectl"), "kustomize", f"deploy/kubernetes/overlays/{overlay}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def resources(overlay: str) -> dict[str, list[dict[str, Any]]]:
    """Resources by kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in yaml.safe_load_all(rendered(overlay)):
        found.setdefault(resource["kind"], []).append(resource)
    return found


def worker(overlay: str) -> dict[str, Any]:
    """The worker's container."""
    (stateful,) = resources(overlay)["StatefulSet"]
    (container,) = stateful["spec"]["template"]["spec"]["containers"]
    return dict(container)


def settings_in(overlay: str) -> dict[str, str]:
    """Settings of the worker."""
    (config,) = resources(overlay)["ConfigMap"]
    return dict(config["data"])


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a validator."""
    quiet = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)


def test_hadolint_accepts_the_dockerfile() -> None:
    """No warning."""
    checked = run(need("hadolint"), str(DOCKERFILE))
    assert checked.returncode == 0, checked.stdout


def test_every_image_of_somebody_else_is_pinned_by_digest() -> None:
    """The base of the image, and what compose runs beside it: tag, to be read, and digest, which counts."""
    (base,) = re.findall(r"^ARG BASE=(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(), re.MULTILINE) == ["${BASE}"] * 2
    services = yaml.safe_load(COMPOSE.read_text())["services"].values()
    others = {service["image"] for service in services if "build" not in service}
    assert len(others) == 3
    for image in (base, *others):
        assert re.fullmatch(r"[a-z/]+:[\w.-]+@sha256:[0-9a-f]{64}", image), image


def test_what_the_image_installs_is_locked() -> None:
    """The lock has every dependency of the project, that with tracing the extra's too and else the same versions."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    plain, tracing = (locked(f"deploy/requirements{name}.txt") for name in ("", "-tracing"))
    extra = project["optional-dependencies"]["tracing"]
    assert {name_of(line) for line in project["dependencies"]} <= plain.keys()
    assert {name_of(line) for line in extra} <= tracing.keys() - plain.keys()
    assert plain.items() <= tracing.items()


def locked(path: str) -> dict[str, str]:
    """Package to version."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", Path(path).read_text(), re.MULTILINE))


def name_of(requirement: str) -> str:
    """The package of a requirement."""
    return re.split(r"[<>=;\[ ]", requirement)[0].lower()


def test_a_bill_of_materials_can_be_made(tmp_path: Path) -> None:
    """The command of deploy/README.md: CycloneDX, a component for each locked package."""
    (command,) = re.findall(r"^cyclonedx-py (.+)$", Path("deploy/README.md").read_text(), re.MULTILINE)
    arguments = command.replace("overdue-stream.cdx.json", str(tmp_path / "bill.json")).split()
    made = run(need("cyclonedx-py"), *arguments)
    assert made.returncode == 0, made.stderr
    bill = json.loads((tmp_path / "bill.json").read_text())
    assert bill["metadata"]["component"]["name"] == "overdue-stream"
    assert {part["name"] for part in bill["components"]} == locked("deploy/requirements.txt").keys()


def test_compose_is_valid() -> None:
    """By the schema of the Compose specification; a misspelt key would not be."""
    checker = [need("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    checked = run(*checker, str(COMPOSE))
    assert checked.returncode == 0, checked.stdout


def test_a_misspelt_key_of_compose_is_found(tmp_path: Path) -> None:
    """The validator does validate."""
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthcheck_:", 1))
    assert run(need("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(wrong)).returncode == 1


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_accepts_what_is_rendered(overlay: str, tmp_path: Path) -> None:
    """Every resource of Kubernetes' own kinds by its schema, strictly."""
    file = tmp_path / "all.yaml"
    own = [resource for kind in OUR_KINDS for resource in resources(overlay).get(kind, [])]
    assert len(own) == len(OUR_KINDS)
    file.write_text(yaml.safe_dump_all(own))
    checked = run(need("kubernetes-validate"), "--strict", "-k", KUBERNETES, str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_misspelt_field_of_kubernetes_is_found(tmp_path: Path) -> None:
    """The validator does validate."""
    file = tmp_path / "all.yaml"
    file.write_text(rendered("small").replace("readinessProbe", "readynessProbe"))
    assert run(need("kubernetes-validate"), "--strict", "-k", KUBERNETES, str(file)).returncode != 0


@pytest.mark.slow
def test_checkov_finds_nothing_that_is_not_meant(tmp_path: Path) -> None:
    """Dockerfile and manifests: every check passes but those whose reason is written down."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.read_text())
    for overlay in OVERLAYS:
        own = [resource for kind in OUR_KINDS for resource in resources(overlay)[kind]]
        (tmp_path / f"{overlay}.yaml").write_text(yaml.safe_dump_all(own))
    command = [need("checkov"), "-d", str(tmp_path), "--framework", "dockerfile", "kubernetes", "-o", "json"]
    checked = run(*command, "--quiet", "--compact", "--skip-download")
    reports = json.loads(checked.stdout)
    assert sum(report["summary"]["passed"] for report in reports) > 200  # it has looked
    failed = {
        f"{check['check_id']} {check['check_name']}: {check['resource']}"
        for report in reports
        for check in report["results"]["failed_checks"]
        if check["check_id"] not in NOT_WANTED
    }
    assert not failed, "\n".join(sorted(failed))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_in_manifests_are_settings(overlay: str) -> None:
    """Each OVERDUE_* variable is one that the worker knows, and the values are accepted."""
    given = settings_in(overlay)
    fields = {name.removeprefix(PREFIX).lower(): value for name, value in given.items()}
    assert fields.keys() <= Settings.model_fields.keys()
    assert Settings(**fields).metrics_host == "0.0.0.0"  # noqa: S104  (to be scraped from outside)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pod_is_given_time_and_few_rights(overlay: str) -> None:
    """Grace above what a worker takes to stop; not root, read-only, no capabilities; probes on paths that exist."""
    (stateful,) = resources(overlay)["StatefulSet"]
    pod = stateful["spec"]["template"]["spec"]
    limits = TaskSettings()
    assert pod["terminationGracePeriodSeconds"] >= limits.finish_timeout + limits.exit_timeout + 10
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    container = worker(overlay)
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    from stream.observe.metrics import Metrics
    from stream.observe.server import Probes

    paths = Probes(Metrics()).paths
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] in paths
    (budget,) = resources(overlay)["PodDisruptionBudget"]
    assert budget["spec"]["maxUnavailable"] == 1


def test_every_selector_finds_the_worker() -> None:
    """Service, disruption budget, network policy and monitor select the labels that the pods have."""
    found = resources("production")
    labels = found["StatefulSet"][0]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        found["Service"][0]["spec"]["selector"],
        found["StatefulSet"][0]["spec"]["selector"]["matchLabels"],
        found["PodDisruptionBudget"][0]["spec"]["selector"]["matchLabels"],
        found["NetworkPolicy"][0]["spec"]["podSelector"]["matchLabels"],
        found["PodMonitor"][0]["spec"]["selector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector
        assert selector.items() <= labels.items()


def test_every_mounted_volume_is_there() -> None:
    """Secrets are mounted where the settings look for them."""
    found = resources("production")
    pod = found["StatefulSet"][0]["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    given = settings_in("production")
    assert given["OVERDUE_SASL_PASSWORD_FILE"] == mounts["kafka-user"] + "/password"
    assert given["OVERDUE_SSL_CA_FILE"] == mounts["kafka-ca"] + "/ca.crt"
    assert given["OVERDUE_DATA_DIRECTORY"] == mounts["scratch"]
    assert given["OVERDUE_QUERY_TOKEN_FILE"] == mounts["query-token"] + "/token"


def test_loans_can_be_asked_for_by_whom_it_is_meant_for() -> None:
    """Port, service, and a network policy that lets marked namespaces in; each worker tells the name that it has."""
    found, container = resources("production"), worker("production")
    port = int(settings_in("production")["OVERDUE_QUERY_PORT"])
    assert {"name": "query", "containerPort": port} in container["ports"]
    (service,) = found["Service"]
    assert {"name": "query", "port": port, "targetPort": "query"} in service["spec"]["ports"]
    (policy,) = found["NetworkPolicy"]
    (rule,) = [rule for rule in policy["spec"]["ingress"] if rule["ports"] == [{"protocol": "TCP", "port": port}]]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"overdue.example/asks": "true"}}}]
    variables = {variable["name"]: variable.get("value") for variable in container["env"]}
    name = found["StatefulSet"][0]["spec"]["serviceName"]
    assert variables["OVERDUE_QUERY_URL"] == f"http://$(POD_NAME).{name}:{port}"
    assert name == service["metadata"]["name"]
    assert "OVERDUE_QUERY_PORT" not in settings_in("small")  # nobody asks, nothing listens


@pytest.mark.parametrize("name", build.FILES)
def test_strimzis_resources_are_current(name: str) -> None:
    """What `python -m deploy.kubernetes.build` would write."""
    assert (build.HERE / name).read_text("utf-8") == build.text(name)


def test_operators_resources_have_what_they_need() -> None:
    """Strimzi: every topic, three copies; the worker's user. KEDA: the StatefulSet, up to partitions."""
    found = resources("production")
    topics = {topic["spec"]["topicName"]: topic["spec"] for topic in found["KafkaTopic"]}
    assert {topic.name for topic in TOPICS} <= topics.keys()
    assert {(spec["partitions"], spec["replicas"]) for spec in topics.values()} == {(12, 3)}
    assert {spec["config"]["min.insync.replicas"] for spec in topics.values()} == {"2"}
    (user,) = found["KafkaUser"]
    assert user["spec"]["authentication"]["type"] == "scram-sha-512"
    (scaled,) = found["ScaledObject"]
    assert scaled["spec"]["scaleTargetRef"]["name"] == found["StatefulSet"][0]["metadata"]["name"]
    assert scaled["spec"]["maxReplicaCount"] == 12
    from tests.ops.test_rules import RECORDED, names_in

    assert names_in(scaled["spec"]["triggers"][0]["metadata"]["query"]) <= RECORDED
    (monitor,) = found["PodMonitor"]
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == worker("production")["ports"][0]["name"]


def test_compose_mounts_what_is_there() -> None:
    """Every file that compose mounts exists, and commands are commands."""
    from stream.cli.app import COMMANDS

    services = yaml.safe_load(COMPOSE.read_text())["services"]
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE.parent / source).exists(), source
    assert services["worker"]["command"][0] in COMMANDS
    assert services["topics"]["command"] == ["topics", "apply"]


def test_the_image_has_all_that_is_installed() -> None:
    """What the build copies exists, passes .dockerignore, and holds every package of the project."""
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    copied = [path for source in sources for path in source.split()]
    kept = {line[1:] for line in Path(".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == kept
    assert all(Path(path).exists() for path in copied)
    packages = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {package.rstrip("*") for package in packages} <= set(copied)
