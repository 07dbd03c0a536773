"""How long the provider takes to start, and what it adds to whole Terraform commands.

Everything is measured side by side: each round runs every contender once, in turn, so that whatever else the machine
does falls on all of them alike. Only ratios taken within one run mean anything.
"""

from __future__ import annotations

import datetime
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools import environment, install_provider

COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
OURS = "memovee/tama"
BARE = "no provider"
EMBEDDED = "embedded:./tama"
NOBODY = "http://127.0.0.1:9"
"""Where nobody answers; a plan that creates asks nobody."""

ROUNDS = 21
"""How many rounds are measured unless another number is asked for."""


def client_certificate() -> str:
    """Make a certificate like Terraform's own: self-signed, P-521, for localhost. Returns PEM."""
    from cryptography import x509  # noqa: PLC0415 - only measured, never in the launch
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP521R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA512())
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def launch_to_handshake(executable: Path, certificate: str) -> Callable[[], None]:
    """Return a function that starts a provider as Terraform does and waits for its handshake line."""
    variables = {**os.environ, "TF_PLUGIN_MAGIC_COOKIE": COOKIE, "PLUGIN_CLIENT_CERT": certificate}

    def run() -> None:
        with subprocess.Popen(
            [executable], env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.terminate()
        if not line.startswith(b"1|6|unix|"):
            raise RuntimeError(f"{executable} did not shake hands: {line!r}")

    return run


def bare_interpreter() -> None:
    """Start the interpreter that the provider runs on, and do nothing."""
    subprocess.run([environment.base_interpreter(), "-I", "-S", "-c", "0"], check=True)


class Workspace:
    """A folder with a configuration of spaces, initialised with one provider (or with none)."""

    def __init__(self, folder: Path, executable: Path | None, spaces: int, base_url: str) -> None:
        self.folder = folder / "workspace"
        self.folder.mkdir(parents=True)
        self.variables = environment.variables()
        if executable is None:
            (self.folder / "main.tf").write_text('output "nothing" {\n  value = 1\n}\n')
        else:
            self._use(executable, folder / "mirror")
            (self.folder / "main.tf").write_text(self._configuration(spaces, base_url))
        self.terraform("init")

    def _use(self, executable: Path, mirror: Path) -> None:
        platform = install_provider.this_platform()
        package = mirror / "registry.terraform.io" / OURS / "0.0.1" / platform
        package.mkdir(parents=True)
        launcher = package / "terraform-provider-tama_v0.0.1"
        launcher.write_text(f'#!/bin/sh\nexec "{executable}"\n')
        launcher.chmod(0o755)
        configuration = mirror / "terraformrc"
        install_provider.write_cli_configuration(configuration, mirror)
        self.variables["TF_CLI_CONFIG_FILE"] = str(configuration)

    @staticmethod
    def _configuration(spaces: int, base_url: str) -> str:
        return (
            f'terraform {{\n  required_providers {{\n    tama = {{ source = "{OURS}" }}\n  }}\n}}\n'
            f'provider "tama" {{\n  base_url = "{base_url}"\n}}\n'
            f'resource "tama_space" "s" {{\n  count = {spaces}\n  name = "s-${{count.index}}"\n  type = "root"\n}}\n'
        )

    def terraform(self, *arguments: str) -> None:
        """Run a Terraform command, quietly; CalledProcessError shows what it said."""
        done = subprocess.run(
            ["terraform", *arguments], cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"terraform {' '.join(arguments)}: {done.stderr or done.stdout}")


def whole_commands(folder: Path, name: str, executable: Path | None, cases: dict[str, Callable[[], None]]) -> None:
    """Add `validate` and `plan` of one and of a hundred new spaces."""
    for spaces in (1, 100):
        workspace = Workspace(folder / str(spaces), executable, spaces, EMBEDDED if name == OURS else NOBODY)
        for command in ("validate", "plan"):
            label = f"terraform {command}, {spaces} space{'s' if spaces > 1 else ''}"
            cases[f"{label}|{name}"] = lambda w=workspace, c=command: w.terraform(c)  # type: ignore[misc]
        if executable is None:
            break


def measure(cases: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Run every case once a round; returns the seconds of each. One round goes before, unmeasured."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for round_ in range(rounds + 1):
        for name, run in cases.items():
            start = time.perf_counter()
            run()
            if round_:
                seconds[name].append(time.perf_counter() - start)
        if sys.stderr.isatty():
            print(f"\rround {round_} of {rounds}", end="\n" if round_ == rounds else "", file=sys.stderr, flush=True)
    return seconds


def report(seconds: dict[str, list[float]]) -> None:
    """Print the fastest run, median and quartiles in milliseconds, and ratios to our median, as a Markdown table."""
    print("| what | contender | fastest | median | quartiles | ratio of the medians to ours |")
    print("|---|---|---|---|---|---|")
    for name, values in seconds.items():
        label, _, contender = name.partition("|")
        # Of a single round there are no quartiles.
        low, median, high = (1000 * q for q in statistics.quantiles(values * 2 if len(values) == 1 else values, n=4))
        ours = seconds.get(f"{label}|{OURS}")
        ratio = f"{statistics.median(values) / statistics.median(ours):.2f}" if ours else ""
        fastest = 1000 * min(values)
        print(f"| {label} | {contender} | {fastest:.1f} | {median:.1f} | {low:.1f}-{high:.1f} | {ratio} |")


def main(beside: Sequence[Path] = (), rounds: int = ROUNDS) -> None:
    """Measure, and print the table.

    Args:
        beside: executables of other providers, to be measured too.
        rounds: how many rounds are measured.
    """
    folder = Path(tempfile.mkdtemp(prefix="tama-bench-"))
    try:
        install_provider.install(folder / "ours", install_provider.of_checkout())
        ours = next((folder / "ours" / install_provider.REGISTRIES[0]).rglob("terraform-provider-tama_v*"))
        contenders = {OURS: ours} | {path.name: path.resolve() for path in beside}
        certificate = client_certificate()
        cases: dict[str, Callable[[], None]] = {"start|bare interpreter": bare_interpreter}
        for name, executable in contenders.items():
            cases[f"launch to handshake|{name}"] = launch_to_handshake(executable, certificate)
        whole_commands(folder / "bare", BARE, None, cases)
        for name, executable in contenders.items():
            whole_commands(folder / name.replace("/", "-"), name, executable, cases)
        report(measure(cases, rounds))
    finally:
        shutil.rmtree(folder)
