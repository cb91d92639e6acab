"""Run by `make fuzz`: what comes from outside, under a coverage-guided fuzzer (Atheris, which is libFuzzer).

python -P tests/fuzz.py [--seconds N] [TARGET …]

What it learns is kept in .fuzz/TARGET/corpus for the next run, and what it finds in .fuzz/TARGET/findings: a traceback
is written down once for each place in the code and the run goes on, a hang or too much memory ends that target.
"""

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
KEPT = HERE.parent / ".fuzz"
PARTS = ("robot", "server")
LONGEST_S, MOST_MB, MOST_BYTES = 10, 2048, 20_000
TOKENS = (
    b"nan", b"-inf", b"1e400", b"-1", b"0", b"1e308", b"9" * 400, b"9" * 5000, b"true", b"null", b"''", b"{}", b"[]",
    b"[" * 3000, b"{" * 3000, b'{"a":' * 1500, rb'"\ud800"', b"\0", b"\xff", b"2026-13-01", b"%d" % 2**64,
    b"[%s]" % b", ".join([b"&a0 []", *(b"&a%d [%s]" % (k, b",".join([b"*a%d" % (k - 1)] * 9)) for k in range(1, 12))]),
)  # fmt: skip
"""What stands in place of a word: numbers that are none or too large, nests, a bomb of YAML's references."""
WORD = re.compile(rb"[\w.+-]+")


def variants(seed: bytes) -> Iterator[bytes]:
    """A seed with each of its words, one at a time, replaced by each token; of a long one some."""
    words = list(WORD.finditer(seed))
    for word in words[:: 1 + len(words) // 60]:
        for token in TOKENS:
            yield seed[: word.start()] + token + seed[word.end() :]


def targets_of(part: str) -> ModuleType:
    """tests/PART/fuzzing.py, which is in no package."""
    spec = importlib.util.spec_from_file_location(f"fuzzing_{part}", HERE / part / "fuzzing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def fuzz(name: str, seconds: int) -> None:
    """This process fuzzes one target until its time is over. Never returns."""
    import atheris

    part, _, key = name.partition("/")
    with atheris.instrument_imports(
        include=["crackmap", "crackmap_robot", "crackmap_server", "tomllib", "yaml", "rosbags"],
        enable_loader_override=False,
    ):
        module = targets_of(part)
    (run, seeds), kept = module.TARGETS[key], KEPT / part / key
    corpus, findings = kept / "corpus", kept / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in [*seeds, *(variant for each in seeds for variant in variants(each))]:
        (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    seen: set[str] = set()

    def one(content: bytes) -> None:
        folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        try:
            run(content, folder)
        except module.ALLOWED:
            pass
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/crackmap" in frame.filename]
            last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            if where not in seen:
                seen.add(where)
                file = findings / sha256(where.encode()).hexdigest()[:16]
                file.write_bytes(content)
                print(f"FINDING {where}: {str(error)[:200]!r} ({file})", flush=True)
        finally:
            shutil.rmtree(folder)

    arguments = [f"-max_total_time={seconds}", f"-timeout={LONGEST_S}", f"-rss_limit_mb={MOST_MB}"]
    arguments += [
        f"-max_len={MOST_BYTES}",
        "-print_final_stats=1",
        f"-artifact_prefix={findings}/",
        "-len_control=0",
        "-reload=0",
    ]
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], one)
    atheris.Fuzz()


def main() -> int:
    """A line for each target; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="as robot/poses; all")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        fuzz(options.targets[0], options.seconds)
    known = [f"{part}/{key}" for part in PARTS for key in targets_of(part).TARGETS]
    for name in options.targets:
        if name not in known:
            parser.error(f"{name}: there are {', '.join(known)}")
    found = 0
    for name in options.targets or known:
        command = [sys.executable, "-P", __file__, "--one", name, "--seconds", str(options.seconds)]
        ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        findings = [line for line in ran.stdout.splitlines() if line.startswith("FINDING")]
        runs = re.search(r"stat::number_of_executed_units: *(\d+)", ran.stderr)
        covered = re.findall(r"cov: (\d+)", ran.stderr)
        if ran.returncode:
            findings.append(f"ENDED with {ran.returncode}: " + " | ".join(ran.stderr.splitlines()[-12:]))
        print(
            f"{name:24}{runs[1] if runs else '?':>10} runs {covered[-1] if covered else '?':>7} branches "
            f"{len(findings):>3} findings",
            flush=True,
        )
        print("\n".join(findings), end="\n" if findings else "", flush=True)
        found += len(findings)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
