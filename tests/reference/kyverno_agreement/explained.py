"""Differences whose cause was looked at; README.md tells more, docs/differences.md what follows from them for users.

A row: reason, policies (expression over their names), expression over the CLI's answers, expression over ours. An answer
is its verdict, a colon and its text; no answer at all is the empty text. The first row that fits counts.
"""
import re

NO_OVERLOAD = r"no such overload|no such key"

EXPLAINED = [
    # Verdicts
    ("the CLI passes a generate rule that could not generate; ours is an error", r"",
     r"^pass: $", r"^error: failed to generate: "),
    ("the first patch of a foreach turns integers into floats, so that nothing patched is a pass there", r"",
     r"^pass: mutated ", r"^skip: 0 elements processed"),
    ("what the input does not hold is unknown here; for the CLI it does not exist", r"",
     r"^error: ", r"^unknown: .*(which is not asked|is not known|input holds no)"),
    ("a wildcard key that fits several annotations takes one at random there", r"",
     r"failed at path /metadata/annotations/", r"."),
    # Texts
    ("Pod Security checks speak in the API server's words", r"pod-?security",
     r"^fail: .*Forbidden reason", r"^fail: .*It violates PodSecurity"),
    ("Pod Security: why an object does not decode", r"pod-?security",
     r"^error: Error while getting new resource", r"^error: Error while getting new resource"),
    ("the CLI's own API server has words of its own", r"",
     r"failed to GET resource with raw url", r"failed to GET resource with raw url"),
    ("words of a CEL error", r"", r"no such overload|expected iterable type|unsupported|no such key",
     rf"{NO_OVERLOAD}|join: invalid input"),
    ("an image reference that cannot be read is not looked up here", r"",
     r"image data for .* not found in the context", r"could not parse reference"),
    ("words of a YAML error", r"", r"failed to convert patchesJSON6902 to JSON", r"failed to patch resource"),
    ("which of several unresolved variables is named: the order of Go's maps", r"",
     r"failed to resolve \S+ at path /patch", r"failed to resolve \S+ at path /patch"),
    ("which of several undeclared fields are named: the order of Go's maps", r"",
     r"failed to convert (original|patch) object to typed object", r"error applying patch: "),
]


def explanation(name, their, our):
    """The reason of a difference, or None."""
    theirs, ours = (" ".join(f"{verdict}: {text}" for verdict, text in said) for said in (their, our))
    if their and [verdict for verdict, _ in their] == [verdict for verdict, _ in our]:
        if sorted(re.findall(r"\w+", theirs)) == sorted(re.findall(r"\w+", ours)):
            return "the same words in the order of Go's maps"
    for reason, of_policy, of_theirs, of_ours in EXPLAINED:
        if re.search(of_policy, name) and re.search(of_theirs, theirs) and re.search(of_ours, ours):
            return reason
    return None
