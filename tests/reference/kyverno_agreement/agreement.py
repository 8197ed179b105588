#!/usr/bin/env python3
"""Compares our verdicts with those of the Kyverno CLI on generated objects; README.md says how.

Both sides judge each policy alone; compared are verdict and message for each policy, rule and object. What the CLI
says is kept in a folder, so that a run that was stopped goes on where it stood and ours can be asked again at once.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import sys

import explained
import objects as making

ROOT = pathlib.Path(__file__).resolve().parents[3]
CLI_BYTES_MAX = 6_000_000 << 10  # address space of one run of the CLI: some policies take all that there is
FAILURES_MAX = 12


class OutOfTime(Exception):
    pass


def spent():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def limited(seconds):
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_AS, (CLI_BYTES_MAX, CLI_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def their_answers(options, policy, objects):
    """What the CLI reports, [rule, kind, namespace, name, verdict, message], or None, and why there is none."""
    try:
        run = subprocess.run(
            [options.cli, "apply", policy, "-r", objects, "--policy-report", "--output-format", "json",
             "--continue-on-fail", "--remove-color"], capture_output=True, text=True, check=False, errors="replace",
            env={**os.environ, "GOGC": "400"}, timeout=10 * options.seconds,
            preexec_fn=lambda: limited(options.seconds))  # pylint: disable=subprocess-popen-preexec-fn
    except subprocess.TimeoutExpired as late:
        raise OutOfTime from late
    if -run.returncode in (signal.SIGXCPU, signal.SIGKILL):
        raise OutOfTime
    said = (run.stdout + run.stderr).strip().splitlines()
    broken = [line for line in said if line.startswith(("panic:", "fatal error:", "Error:"))]
    if broken or run.returncode not in (0, 1):
        return None, (broken or said[-1:] or [f"exit {run.returncode}"])[0]
    out = []
    for begin in re.finditer(r'\{"kind":"(?:Cluster|Policy)Report","apiVersion":"openreports', run.stdout):
        report = json.JSONDecoder().raw_decode(run.stdout[begin.start():])[0]
        for result in report.get("results") or []:
            for of in result.get("resources") or [{}]:
                out.append([result.get("rule", ""), of.get("kind", ""), of.get("namespace", ""), of.get("name", ""),
                            result["result"], result.get("message", "")])
    return out, ""  # no report: no rule has anything to say


def documents(objects):
    return "\n---\n".join(map(json.dumps, objects)) + "\n"


def ask_cli(options, policy_file, objects):
    """One object that makes the CLI give up costs the file that it stands in: ask again, in smaller files.

    A policy may list the objects of its file: ours is asked about the same files."""
    part = policy_file.with_suffix(".part.yaml")
    pending, out = [list(range(len(objects)))], {"files": [], "theirs": [], "problem": ""}
    failures, end = 0, spent() + options.seconds
    try:
        while pending and failures < FAILURES_MAX and spent() < end:
            now = pending.pop(0)
            part.write_text(documents([objects[at] for at in now]))
            answer, problem = their_answers(options, policy_file, part)
            if answer is not None:
                out["files"].append(now)
                out["theirs"] += answer
                continue
            failures += 1
            out["problem"] = problem
            size = len(now) // 5
            pending += [now[at:at + size] for at in range(0, len(now), size)] if size >= 6 else []
    except OutOfTime:
        out["problem"] = f"more than {options.seconds} s"
    part.unlink(missing_ok=True)
    return out


def theirs_of(options, name, policy, objects):
    """The CLI's answers, from the folder where they are kept if the question was the same."""
    policy_file, kept = options.keep / f"{name}.policy.yaml", options.keep / f"{name}.theirs.json"
    question = json.dumps([policy, objects])
    asked = hashlib.sha256(question.encode()).hexdigest()
    if kept.exists():
        answer = json.loads(kept.read_text())
        if answer["asked"] == asked:
            return answer
    if options.offline:
        return None
    policy_file.write_text(json.dumps(policy))
    answer = {"asked": asked, **ask_cli(options, policy_file, objects)}
    kept.write_text(json.dumps(answer))
    return answer


def our_answers(options, name, policy, objects):
    policy_file, objects_file = options.keep / f"{name}.policy.yaml", options.keep / f"{name}.objects.yaml"
    policy_file.write_text(json.dumps(policy))
    objects_file.write_text(documents(objects))
    run = subprocess.run([options.answers, objects_file, policy_file], capture_output=True, text=True, check=False)
    out = [[said[key] for key in ("rule", "kind", "namespace", "name", "verdict", "message")]
           for said in map(json.loads, filter(None, run.stdout.splitlines()))]
    return out, run.stderr.strip().splitlines()[-1:] if run.returncode == 0 else [f"exit {run.returncode}"]


def by_key(answers, policy):
    """{(rule, kind, namespace, name): [(verdict, message)]}. The rule of a CEL policy's error has a name of its own: left out."""
    is_classic = policy["kind"] in ("ClusterPolicy", "Policy")
    out = collections.defaultdict(list)
    for rule, kind, name_space, name, verdict, message in answers:
        if kind in making.CLUSTER_WIDE:
            name_space = ""  # the CLI has `default` where it does not know the group
        out[rule if is_classic else "", kind, name_space, name].append((verdict, message))
    return out


def shape(message):
    """What two texts must share: the CLI's prefix and white space do not count."""
    return re.sub(r"\s+", " ", message.removeprefix("validation failure: ")).strip()


class Totals:
    def __init__(self):
        self.policies = self.verdicts = self.agree = self.texts = self.same_texts = 0
        self.differing = collections.Counter()
        self.explained = collections.Counter()
        self.silent = []

    def compare(self, name, their, our):
        """None, or what differs without a known reason."""
        count = max(len(their), len(our))
        self.verdicts += count
        if [verdict for verdict, _ in their] != [verdict for verdict, _ in our]:
            kind = "verdict"
        else:
            self.agree += count
            equal = sum(shape(a[1]) == shape(b[1]) for a, b in zip(their, our))
            self.texts += count
            self.same_texts += equal
            if equal == count:
                return None
            kind, count = "text", count - equal
        if reason := explained.explanation(name, their, our):
            self.explained[f"{kind}: {reason}"] += count
            return None
        self.differing[kind] += count
        self.differing[f"{kind} {name}"] += count
        return kind

    def because(self, kind):
        return sum(count for name, count in self.explained.items() if name.startswith(kind))

    def print(self):
        for name, count in sorted(self.differing.items()):
            print(f"{count:6} {name}")
        for name, problem in self.silent:
            print(f"     0 {name}: the CLI gives no report: {problem}")
        for name, count in sorted(self.explained.items()):
            print(f"{count:6} explained, {name}")
        print(f"{self.verdicts} verdicts over {self.policies} policies: {self.agree} agree, {self.because('verdict')} "
              f"explained, {self.differing['verdict']} differ; texts: {self.same_texts} of {self.texts} equal, "
              f"{self.because('text')} explained, {self.differing['text']} differ; "
              f"{len(self.silent)} policies of which the CLI says nothing")


def work(options):
    """(name, file, policy) of every sample policy."""
    for file in sorted(options.policies.rglob("*.yaml")):
        parts = file.relative_to(options.policies).parts
        if any(part.startswith(".") for part in parts) or options.only not in str(file):
            continue
        try:
            policies = making.read_objects(options.answers, [file])
        except subprocess.CalledProcessError:
            continue
        for policy in policies:
            if policy.get("kind") in making.POLICY_KINDS:
                name = policy["metadata"]["name"]
                yield "-".join([*parts[:-1], file.stem, *([name] if name != file.stem else [])]), file, policy


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cli", required=True, help="the Kyverno CLI")
    parser.add_argument("--answers", required=True, help="our kyverno_answers")
    parser.add_argument("--objects", type=int, default=200, help="objects for each policy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="policies whose path holds this text")
    parser.add_argument("--show", type=int, default=2, help="differences shown of each policy")
    parser.add_argument("--seconds", type=int, default=120, help="processor time of the CLI for one policy")
    parser.add_argument("--keep", type=pathlib.Path, default=ROOT / "build" / "kyverno_agreement",
                        help="folder for objects and the CLI's answers")
    parser.add_argument("--offline", action="store_true", help="only policies whose answers are kept")
    parser.add_argument("policies", type=pathlib.Path)
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)

    totals = Totals()
    for name, file, policy in work(options):
        chance = random.Random(f"{options.seed} {file.name} {policy['metadata']['name']}")
        seeds = making.seeds_of(options.answers, file.parent, policy)
        objects = making.Mutator(policy, seeds, chance).objects(options.objects)
        answer = theirs_of(options, name, policy, objects)
        if answer is None:
            continue
        totals.policies += 1
        if not answer["files"]:
            totals.silent.append((name, answer["problem"]))
            continue
        said, problem = [], []
        for file_objects in answer["files"]:
            more, problem = our_answers(options, name, policy, [objects[at] for at in file_objects])
            said += more
        theirs, ours = by_key(answer["theirs"], policy), by_key(said, policy)
        shown = 0
        for key in sorted(set(theirs) | set(ours)):
            their, our = sorted(theirs.get(key, [])), sorted(ours.get(key, []))
            kind = totals.compare(name, their, our)
            if kind and shown < options.show:
                shown += 1
                thing = next((thing for thing in objects if thing["metadata"]["name"] == key[3] and
                              thing["metadata"].get("namespace", "") == key[2]), None)
                print(f"{name} {'/'.join(key)}: {kind}\n  theirs {their}\n  ours   {our} {problem}\n"
                      f"  object {json.dumps(thing)[:900]}", flush=True)
    totals.print()
    return 1 if totals.differing["verdict"] else 0


if __name__ == "__main__":
    sys.exit(main())
