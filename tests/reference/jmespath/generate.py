#!/usr/bin/env python3
"""Queries for the comparison with Kyverno's JMESPath, one JSON object a line: {"e": EXPRESSION, "i": VALUE}.

    generate.py FUNCTIONS COUNT SEED      FUNCTIONS: what `main.go -functions` prints

Calls of every function with arguments that fit, mostly; arithmetic; expressions of the grammar; and broken ones.
"""
import json
import random
import sys

INPUT = {'a': {'b': {'c': 'text', 'd': 3, 'e': [1, 2, 3]},
                'list': [{'k': 'x', 'v': 1, 't': True}, {'k': 'y', 'v': 2.5}, {'v': 3, 'k': 'z', 't': None}]},
          's': 'Hello, Wörld',
          'n': 12.5,
          'neg': -3,
          't': True,
          'f': False,
          'z': None,
          'names': ['nginx:latest', 'docker.io/a/b:1',
                    'ghcr.io/x@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
          'nested': [[1, 2], [3, [4]], 'x', None, {'q': 1}],
          'm': {'only': 'one'},
          'empty': {},
          'el': [],
          'q': '500m',
          'q2': '1Gi',
          'd': '1h30m',
          'time': '2023-01-12T12:37:56-05:00'}
TEXTS = [
    "", "a", "abc", "Hello", "ÄÖÜ ß ſ ǅ", "a,b,,c", "  trim  ", "--x--", "nginx", "nginx:1.19",
    "docker.io/library/nginx",
    "ghcr.io/foo/bar:v1@sha256:0000000000000000000000000000000000000000000000000000000000000000", "localhost:5000/x",
    "Foo/bar", "a_b/c", "1.2.3", "v1.2.3", "1.2.3-rc.1+b", "<2.0.0", ">=1.x", "1.2.x || >3.0.0", "!=1.2.3 >1.0.0",
    "!1.2.x", "||", "> 1.0.0", "1", "100m", "1Gi", "1.5Gi", "1Ki", "0", "5", "-3", "1e3", "2E", "12e-3", "0.5",
    "1.25", "500n", "1u", "10s", "1h30m", "-5m30s", "1.5h", "100ms", "1us", "bad", "10x", "2h", "3Mi", "7k",
    "9223372036854775807", "1E6", ".5", "5.", "+1", "1024", "1000k", "0.1Gi", "123456789.123456789",
    "2023-01-12T12:37:56Z", "2023-01-12T12:37:56-05:00", "2024-02-29T23:59:59.999+02:30", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "2023-13-01T00:00:00Z", "2023-02-30T00:00:00Z", "Jan 2, 2006", "Mon Jan _2 15:04:05 2006",
    "Thu Jan 12 12:37:56 2023", "02/01/06", "2006-01-02", "2023-01-12", "Monday, 02-Jan-06 15:04:05 MST",
    "Thursday, 12-Jan-23 12:37:56 UTC", "1702691171", "1", "2006-01-02T15:04:05Z07:00",
    "Mon, 02 Jan 2006 15:04:05 MST", "Sun, 02 Jul 2023 12:00:00 PST", "3:04PM", "12:15AM", "Jan _2 15:04:05.000",
    "Feb  5 10:11:12.123", "true", "False", "TRUE", "yes", "^[a-z]+$", "([a-z])([0-9])", "a(x*)b", "[", "(", "*",
    "a*", "?bc", "$1-$2", "${1}x", "$0", "$$", "x*", "\\d+", "(?P<n>[a-z]+)", "$n!", "${n}", "[[:alpha:]]+",
    "SGVsbG8=", "SGVs\nbG8=", "SGVsbG8", "!!!!", "aGk=", "YQ==", "YQ=", "/a/../b//c/./d", "../x", "/", "./a/",
    "a/b/../../..", "/../a", "{\"a\":[1,2.0,1e3],\"b\":{\"c\":null}}", "[1,2", "{\"a\":1,\"a\":2}", "\"x\"", "nul",
    "1e999", "{\"x\":\"<&>\\u2028\"}", "a: 1\nb: [x, 2.50, true, ~]\n", "- a\n- b: {c: d}\n", "x: &a 1\ny: *a\n",
    "a: b: c", "", "1.10", "0x1F", "1_000", "inf", "NaN", "-Inf", "1e400", "0x1p-2", "1e-7", "1e21",
    "123456789012345678901234567890", "http://8.8.8.8/", "https://10.1.2.3:443/x", "http://[::1]/",
    "http://[fd00::1]/", "http://[::ffff:10.0.0.1]/", "http://172.32.0.1", "x", "%zz", "http://192.168.1.1", "key",
    "value", "c", "test-*", "test-abc", "t?st*",
]
NUMBERS = [
    "`0`", "`1`", "`2`", "`-1`", "`3`", "`1.5`", "`-2.5`", "`10`", "`100`", "`0.1`", "`1e3`", "`1e21`", "`1e-7`",
    "`2147483648`", "`9007199254740993`", "`0.3333333333333333`", "`7`", "`-7`",
]
NAMES = ["a", "b", "c", "list", "k", "v", "t", "names", "nested", "m", "missing", "s", "n", "e", '"a"', '"q x"', "empty",
         "el", "only"]
OTHERS = ["`null`", "`true`", '`{"a": 1, "b": "x"}`', "`[1, 2, 3]`", '`["b", "a"]`', "`{}`", "`[]`", "&a", "@", "s", "n",
          "missing", "a.list", "a.b", "items(m, 'k', 'v')", "compare('a','b')", "names", "a.list[*].v", "a.list[*].k"]
STANDARD = {
    "abs": ["number"], "avg": ["array[number]"], "ceil": ["number"], "contains": ["array|string", "any"],
    "ends_with": ["string", "string"], "floor": ["number"], "join": ["string", "array[string]"],
    "length": ["string|array|object"], "map": ["expref", "array"], "max": ["array[number]|array[string]"],
    "max_by": ["array", "expref"], "min": ["array[number]|array[string]"], "min_by": ["array", "expref"],
    "merge": ["object", "object"], "not_null": ["any", "any"], "reverse": ["string|array"],
    "sort": ["array[string]|array[number]"], "sort_by": ["array", "expref"], "starts_with": ["string", "string"],
    "to_array": ["any"], "to_number": ["any"], "to_string": ["any"], "type": ["any"], "keys": ["object"],
    "values": ["object"],
}
WITHOUT_AN_ANSWER = {"random", "time_now", "time_now_utc"}  # chance and clock
BROKEN = list("abk.[]*?:,(){}|&!=<>'\"`@ -019é\\")


class Queries:
    def __init__(self, functions, seed):
        self.chance = random.Random(seed)
        self.functions = {name: types for name, types in functions.items() if name not in WITHOUT_AN_ANSWER}
        for name, types in STANDARD.items():
            self.functions.setdefault(name, [one.split("|") for one in types])
        self.names = sorted(self.functions)

    def pick(self, *choices):
        return self.chance.choice(choices)

    def text(self):
        text = self.chance.choice(TEXTS)
        if text.endswith("\\") or "\\'" in text:
            return "'x'"
        return "'" + text.replace("'", "\\'") + "'"

    def number(self):
        return self.chance.choice(NUMBERS)

    def value(self):
        what = self.chance.randrange(len(OTHERS) + 4)
        return self.text() if what < 2 else self.number() if what < 4 else OTHERS[what - 4]

    def argument(self, types):
        if self.chance.random() < 0.06:
            return self.value()
        kind = self.chance.choice(types)
        text, number, value = self.text, self.number, self.value
        if kind == "string":
            return text() if self.chance.random() < 0.9 else self.pick("s", "a.b.c", "q", "d", "time", "to_string(n)")
        if kind == "number":
            return number() if self.chance.random() < 0.85 else self.pick("n", "neg", "length(names)", "a.b.d")
        if kind == "array[number]":
            return self.pick("a.b.e", "`[3,1,2]`", "a.list[*].v", "`[]`", "`[1]`",
                             f"[{number()}, {number()}, {number()}]")
        if kind == "array[string]":
            return self.pick("names", '`["b","a","ä"]`', "a.list[*].k", "`[]`", f"[{text()}, {text()}]")
        if kind == "array":
            return self.pick("a.list", "names", "nested", "`[]`", "a.b.e", f"[{value()}, {value()}]",
                             f"[{text()}, {text()}, {text()}]")
        if kind == "object":
            return self.pick("a", "a.b", "m", "empty", f"{{x: {value()}, y: {value()}}}", '`{"only":"one"}`',
                             '`{"a":1}`')
        if kind == "expref":
            return self.pick("&k", "&v", "&@", "&to_string(@)", "&length(k)", "&missing", "&t", "&v || k")
        return value()

    def call(self, name):
        return f"{name}({', '.join(self.argument(types) for types in self.functions[name])})"

    def quantity(self):
        what = self.chance.randrange(3)
        if what == 0:
            number = self.pick("1", "10", "0.5", "1.25", "3", "100", "1024", "0.001", "-2", "123456.789", "999999999999",
                               "0", "1.50", "2000", "1048576")
            unit = self.pick("", "m", "k", "M", "G", "Ki", "Mi", "Gi", "n", "u", "E", "Ei", "e3", "e-2")
            return f"'{number}{unit}'"
        return self.number() if what == 1 else f"'{self.pick('10s', '1h', '1m30s', '2.5h', '-3m', '1ms', '0s')}'"

    def arithmetic(self):
        return f"{self.pick('add', 'subtract', 'multiply', 'divide', 'modulo')}({self.quantity()}, {self.quantity()})"

    def expression(self, depth):
        if depth <= 0:
            return self.chance.choice(NAMES + ["@", "`1`", "'x'", "*", "`null`"])
        what, below = self.chance.random(), lambda: self.expression(depth - 1)
        if what < 0.25:
            return below() + "." + self.chance.choice(NAMES + ["*"])
        if what < 0.35:
            return below() + self.pick("[0]", "[-1]", "[*]", "[]", "[1:]", "[::-1]", "[:2]", "[::2]", "[5:1:-2]", "[-2:]")
        if what < 0.42:
            return f"{below()}[?{below()}]"
        if what < 0.50:
            return below() + self.pick(" || ", " && ", " | ") + below()
        if what < 0.58:
            return below() + self.pick(" == ", " != ", " < ", " >= ", " > ", " <= ") + below()
        if what < 0.62:
            return "!" + below()
        if what < 0.68:
            return f"({below()})"
        if what < 0.74:
            return f"[{', '.join(below() for _ in range(self.chance.randint(1, 3)))}]"
        if what < 0.80:
            members = (f"{self.chance.choice(NAMES[:6])}: {below()}" for _ in range(self.chance.randint(1, 3)))
            return f"{{{', '.join(members)}}}"
        if what < 0.84:
            return f"{below()}.[{below()}]"
        if what < 0.88:
            return f"{below()}.{{x: {below()}}}"
        if what < 0.94:
            function = self.pick("length", "type", "to_string", "keys", "values", "to_array", "not_null", "sort", "reverse")
            return f"{function}({below()})"
        return self.pick("map(&%s, %s)", "sort_by(%s, &%s)", "max_by(%s, &%s)") % (below(), below())

    def broken(self):
        out = list(self.expression(self.chance.randint(1, 4)))
        for _ in range(self.chance.randint(1, 3)):
            place, what = self.chance.randint(0, len(out)), self.chance.random()
            if what < 0.4:
                out.insert(place, self.chance.choice(BROKEN))
            elif out and what < 0.7:
                out.pop(min(place, len(out) - 1))
            elif out:
                out[min(place, len(out) - 1)] = self.chance.choice(BROKEN)
        return "".join(out)

    def all(self, count):
        for name in self.names:
            for _ in range(max(20, count // len(self.names) // 2)):
                yield self.call(name)
        for _ in range(count // 6):
            yield self.arithmetic()
        for _ in range(count // 2):
            yield self.expression(self.chance.randint(1, 5))
        for _ in range(count // 3):
            yield self.broken()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        queries = Queries(json.load(file), int(sys.argv[3]))
    for expression in queries.all(int(sys.argv[2])):
        print(json.dumps({"e": expression, "i": INPUT}))


if __name__ == "__main__":
    main()
