#!/usr/bin/env python3
"""The runner believes nobody: a program that is wrong in any way loses the case."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

RUN = Path(__file__).parent / "run"
RIGHT = '{"workloads": [{"allowed": %s}]}'

# Stands for tally: prints and returns what the judged file says on its two lines.
FAKE = f"""#!{sys.executable}
import sys
assert sys.argv[1:3] == ["assess", "--pod-security"] and sys.argv[4:6] == ["-o", "json"], sys.argv
level, version = sys.argv[3].split(":")
assert f"/{{level}}/{{version}}/" in sys.argv[6], sys.argv
report, code = open(sys.argv[6]).read().splitlines()
print(report)
sys.exit(int(code))
"""

# (name, path, the program's report, its exit code, is the case passed)
ROWS = [
    ("allowed as expected", "x/baseline/v1.0/pass/a.yaml", RIGHT % "true", 0, True),
    ("denied as expected", "deep/er/restricted/v1.37/fail/a.yaml", RIGHT % "false", 1, True),
    ("json file", "baseline/latest/fail/a.json", RIGHT % "false", 1, True),
    ("allowed, expected denied", "baseline/v1.0/fail/a.yaml", RIGHT % "true", 0, False),
    ("denied, expected allowed", "baseline/v1.0/pass/a.yaml", RIGHT % "false", 1, False),
    ("verdict right, exit code wrong", "baseline/v1.0/pass/a.yaml", RIGHT % "true", 1, False),
    ("exit code right, verdict wrong", "baseline/v1.0/fail/a.yaml", RIGHT % "true", 1, False),
    ("could not do the job", "baseline/v1.0/fail/a.yaml", RIGHT % "false", 2, False),
    ("no workload", "baseline/v1.0/pass/a.yaml", '{"workloads": []}', 0, False),
    ("no JSON", "baseline/v1.0/pass/a.yaml", "allowed", 0, False),
]


class RunnerTest(unittest.TestCase):
    def run_over(self, files, *arguments):
        """Exit code and lines of a run over a folder with these {path: text}."""
        with tempfile.TemporaryDirectory(prefix="a folder ") as folder:
            tally = Path(folder, "tally")
            tally.write_text(FAKE, encoding="utf-8")
            tally.chmod(0o755)
            cases = Path(folder, "cases")
            for path, text in files.items():
                file = cases / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            cases.mkdir(exist_ok=True)
            score = Path(folder, "scores.txt")
            score.write_text("other 1\npss 2\n", encoding="utf-8")
            words = [str(score) if word == "SCORE" else word for word in arguments]
            done = subprocess.run([sys.executable, RUN, "--tally", tally, *words, cases], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=120, check=False)
            self.assertTrue(done.stdout, done.stderr)
            return done.returncode, done.stdout.splitlines()

    def test_rows(self):
        for name, path, report, exit_code, passes in ROWS:
            with self.subTest(name):
                code, lines = self.run_over({path: f"{report}\n{exit_code}\n"})
                self.assertEqual("1 passed, 0 failed, 0 skipped" if passes else "0 passed, 1 failed, 0 skipped", lines[-1])
                self.assertEqual(0 if passes else 1, code, lines)
                if not passes:
                    self.assertIn(path, lines[0])

    def test_what_is_no_case(self):
        code, lines = self.run_over({"README.md": "", "baseline/v1.0/a.yaml": "", "custom/v1.0/pass/a.yaml": ""})
        self.assertEqual((1, "0 passed, 0 failed, 0 skipped"), (code, lines[-1]))

    def test_score_must_not_drop(self):
        good = {f"baseline/v1.{n}/pass/a.yaml": f"{RIGHT % 'true'}\n0\n" for n in range(2)}
        self.assertEqual(0, self.run_over(good, "--score", "SCORE")[0])
        good.popitem()
        code, lines = self.run_over(good, "--score", "SCORE")
        self.assertEqual((1, "1 passed, 0 failed, 0 skipped"), (code, lines[-1]))
        self.assertIn("dropped", lines[-2])


if __name__ == "__main__":
    unittest.main()
