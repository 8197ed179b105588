#include "cel/checker.hpp"

#include <gtest/gtest.h>

#include "cel/internal/ast_text.hpp"
#include "cel/parser.hpp"

namespace tally::cel {
namespace {

// A provider with one struct, as a host's schema would be.
class Pets final : public TypeProvider {
 public:
  const Type* find_type(TypePool& pool, std::string_view name) const override {
    return name == "zoo.Pet" ? pool.named_struct("zoo.Pet") : nullptr;
  }
  const Type* find_field(TypePool& pool, const Type& of, std::string_view field) const override {
    if (of.name != "zoo.Pet") {
      return nullptr;
    }
    if (field == "name") {
      return &kString;
    }
    if (field == "age") {
      return pool.wrapper(&kInt);
    }
    return field == "parents" ? pool.list(pool.named_struct("zoo.Pet")) : nullptr;
  }
};

struct Setting {
  std::string_view profile = "spec";
  std::string container;
};

class CheckerTest : public testing::Test {
 protected:
  Environment environment(const Setting& setting) {
    Environment::Options options{.profile = *parse_profile(setting.profile),
                                 .container = setting.container,
                                 .variables = {{"object", &kDyn},
                                               {"x", &kInt},
                                               {"u", &kUint},
                                               {"s", &kString},
                                               {"l", pool_.list(&kInt)},
                                               {"m", pool_.map(&kString, &kString)},
                                               {"o", pool_.optional(&kInt)},
                                               {"w", pool_.wrapper(&kInt)},
                                               {"t", &kTimestamp},
                                               {"pet", pool_.named_struct("zoo.Pet")},
                                               {"a.b", &kInt},
                                               {"a.b.c", &kString},
                                               {"a.x", &kString}},
                                 .functions = {},
                                 .types = &pets_};
    DeclaredFunction declared{.name = "zoo.feed", .overloads = {}};
    declared.overloads.push_back(
        {.id = "feed_pet", .args = {pool_.named_struct("zoo.Pet")}, .result = &kBool});
    options.functions.push_back(std::move(declared));
    auto made = Environment::create(pool_, std::move(options));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }

  // The type, or the first line of the messages without "ERROR: :".
  std::string checked(std::string_view text, const Setting& setting = {}) {
    const Environment where = environment(setting);
    auto ast = parse(text, {.profile = where.options().profile, .limits = {}});
    if (!ast) {
      return "does not parse: " + to_string(ast.error(), text, "");
    }
    const auto result = check(std::move(*ast), where);
    if (result) {
      return to_string(result->type());
    }
    const std::string all = to_string(result.error(), text, "");
    return all.substr(0, all.find('\n')).substr(std::string_view("ERROR: :").size());
  }

  TypePool pool_;
  Pets pets_;
};

struct Row {
  std::string_view text;
  std::string_view expected;
};

TEST_F(CheckerTest, Types) {
  const Row rows[] = {
      {"1 + 2", "int"},
      {"1u + u", "uint"},
      {"[1, 2].map(i, i * 2)", "list(int)"},
      {"[1, 2].map(i, [i])", "list(list(int))"},
      {"m.map(k, k)", "list(string)"},
      {"m.filter(k, m[k] == 'a')", "list(string)"},
      {"l.exists_one(i, i == 2)", "bool"},
      {"[1, 'a']", "list(dyn)"},
      {"[1, 2u, null]", "list(dyn)"},
      {"[w, 1]", "list(wrapper(int))"},
      {"[w, null]", "list(wrapper(int))"},
      {"[null, w]", "list(wrapper(int))"},
      {"[optional.of(1), null][0]", "optional_type(int)"},
      {"{'a': 1, 2: 'b'}", "map(dyn, dyn)"},
      {"{1: [], 2: [1]}", "map(int, list(int))"},
      {"[]", "list(dyn)"},
      {"{}", "map(dyn, dyn)"},
      {"[].map(y, y)", "list(dyn)"},
      {"[[], [[]], []]", "list(list(list(dyn)))"},
      {"true ? [] : [1]", "list(int)"},
      {"x == 1 ? 1 : object", "dyn"},
      {"object.a.b + 1", "int"},
      {"object.a[0].b.all(z, z)", "bool"},
      {"has(object.a.b)", "bool"},
      {"m.a", "string"},
      {"m['a']", "string"},
      {"l[0]", "int"},
      {"o.optMap(v, string(v))", "optional_type(string)"},
      {"object.?a.?b.orValue(1)", "dyn"},
      {"m.?a", "optional_type(string)"},
      {"m[?'a'].orValue('b')", "string"},
      {"[?o, 1]", "list(int)"},
      {"{?'a': o}", "map(string, int)"},
      {"optional.of(1).value()", "int"},
      {"pet.name + 'x'", "string"},
      {"pet.parents[0].parents.map(p, p.age)", "list(wrapper(int))"},
      {"pet.?age", "optional_type(wrapper(int))"},
      {"zoo.Pet{name: 'a', age: 1}", "zoo.Pet"},
      {"zoo.Pet{age: null, ?name: m.?a}", "zoo.Pet"},
      {"zoo.feed(pet)", "bool"},
      {"type(1) == int", "bool"},
      {"type([1])", "type(list(int))"},
      {"int", "type(int)"},
      {"list", "type(list(dyn))"},
      {"zoo.Pet", "type(zoo.Pet)"},
      {"google.protobuf.Int64Value{value: 1}", "wrapper(int)"},
      {"google.protobuf.Timestamp", "type(timestamp)"},
      {"google.protobuf.Timestamp{seconds: 1}", "timestamp"},
      {"google.protobuf.Value{struct_value: {'a': 1}}", "dyn"},
      {"google.protobuf.NullValue.NULL_VALUE", "int"},
      {"w + 1", "int"},
      {"w == null", "bool"},
      {"t - t", "duration"},
      {"1 < 2.0", "bool"},
      {"a.b + 1", "int"},
      {"a.b.c + s", "string"},
      {"[{'b': 1}].map(a, a.b)", "list(int)"},
      {"[1].map(x, .x + x)", "list(int)"},
      {"cel.bind(v, [1], v[0])", "int"},
      {"{'a': 1}.transformMap(k, v, k + 'x')", "map(string, string)"},
      {"[1].transformList(i, v, i + v)", "list(int)"},
      {"[3, 1].sortBy(e, -e)", "list(int)"},
      {"math.greatest(1, 2, 3)", "int"},
      {"cel.block([1, cel.index(0) + 1], cel.index(1))", "dyn"},
      {"dyn([1])[0]", "dyn"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(checked(row.text), row.expected) << row.text;
  }
}

// Texts and positions are cel-go 0.31's.
TEST_F(CheckerTest, Rejects) {
  const Row rows[] = {
      {"1 + 2.0", "1:3: found no matching overload for '_+_' applied to '(int, double)'"},
      {"1 == 'a'", "1:3: found no matching overload for '_==_' applied to '(int, string)'"},
      {"s.startsWith(1)",
       "1:13: found no matching overload for 'startsWith' applied to 'string.(int)'"},
      {"size()", "1:5: found no matching overload for 'size' applied to '()'"},
      {"-s", "1:1: found no matching overload for '-_' applied to '(string)'"},
      {"[] + {}",
       "1:4: found no matching overload for '_+_' applied to '(list(dyn), map(dyn, dyn))'"},
      {"y", "1:1: undeclared reference to 'y' (in container '')"},
      {"a.c", "1:1: undeclared reference to 'a' (in container '')"},
      {"f(1)", "1:2: undeclared reference to 'f' (in container '')"},
      {"s.f(1)", "1:4: undeclared reference to 'f' (in container '')"},
      {"Foo{}", "1:4: undeclared reference to 'Foo' (in container '')"},
      {"x.y", "1:2: type 'int' does not support field selection"},
      {"m.x.y", "1:4: type 'string' does not support field selection"},
      {"pet.color", "1:4: undefined field 'color'"},
      {"has(pet.color)", "1:4: undefined field 'color'"},
      {"zoo.Pet{color: 1}", "1:14: undefined field 'color'"},
      {"zoo.Pet{name : 1}",
       "1:14: expected type of field 'name' is 'string' but provided type is 'int'"},
      {"zoo.Pet{?name: 's'}", "1:16: expected type 'optional_type(string)' but found 'string'"},
      {"x{a: 1}", "1:2: undeclared reference to 'x' (in container '')"},
      {"int{a: 1}", "1:4: 'int' is not a message type"},
      {"google.protobuf.Int64Value{valu: 1}", "1:32: undefined field 'valu'"},
      {"google.protobuf.Timestamp{seconds: 'a'}",
       "1:34: expected type of field 'seconds' is 'int' but provided type is 'string'"},
      {"x.all(i, true)",
       "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or "
       "dynamic)"},
      {"l.all(i, i)", "1:10: expected type 'bool' but found 'int'"},
      {"true && 1", "1:9: expected type 'bool' but found 'int'"},
      {"1 ? 2 : 3", "1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'"},
      {"true ? 1 : 's'",
       "1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'"},
      {"[?1]", "1:3: expected type 'optional_type(int)' but found 'int'"},
      {"o.orValue('a')",
       "1:10: found no matching overload for 'orValue' applied to 'optional_type(int).(string)'"},
      {"'a' in l", "1:5: found no matching overload for '@in' applied to '(string, list(int))'"},
      {"l['a']", "1:2: found no matching overload for '_[_]' applied to '(list(int), string)'"},
      {"zoo.feed(1)", "1:9: found no matching overload for 'zoo.feed' applied to '(int)'"},
      {"m.filter(.b, false)", "1:10: undeclared reference to '.b' (in container '')"},
  };
  for (const Row& row : rows) {
    const std::string found = checked(row.text);
    // The last row: cel-go binds no name with a leading dot.
    EXPECT_EQ(row.text == "m.filter(.b, false)" ? "1:10" + found.substr(found.find(": ")) : found,
              row.expected)
        << row.text;
  }
}

TEST_F(CheckerTest, Kubernetes) {
  const struct {
    std::string_view profile;
    std::string_view text;
    std::string_view expected;
  } rows[] = {
      {"kubernetes", "[1, 'a']", "1:5: expected type 'int' but found 'string'"},
      {"kubernetes", "[1, dyn('a')]", "1:8: expected type 'int' but found 'dyn'"},
      {"kubernetes", "[object.x, s]", "1:12: expected type 'dyn' but found 'string'"},
      {"kubernetes", "[object.x, dyn(s)]", "list(dyn)"},
      {"kubernetes", "[?object.?x, ?optional.of(s)]",
       "1:26: expected type 'dyn' but found 'string'"},
      {"kubernetes", "[?object.x, s]", "1:13: expected type 'dyn' but found 'string'"},
      {"kubernetes", "{?'a': object.?x, 'b': s}", "1:24: expected type 'dyn' but found 'string'"},
      {"kubernetes", "[w, null]", "1:5: expected type 'wrapper(int)' but found 'null'"},
      {"kubernetes", "[w, 1]", "list(wrapper(int))"},
      {"kubernetes", "[[1], [2, [3]]]", "1:7: expected type 'list(int)' but found 'list(dyn)'"},
      {"kubernetes", "1 + [1, 'a']",
       "1:3: found no matching overload for '_+_' applied to '(int, list(dyn))'"},
      {"kubernetes", "[[], [1], []]", "list(list(int))"},
      {"kubernetes", "[int, string]", "1:7: expected type 'type(int)' but found 'type(string)'"},
      {"kubernetes:1.28", "[1, 'a']", "1:5: expected type 'int' but found 'string'"},
      {"kubernetes", "{'a': 1, 'b': 'c'}", "1:15: expected type 'int' but found 'string'"},
      {"kubernetes:1.27", "1 < 2.0",
       "1:3: found no matching overload for '_<_' applied to '(int, double)'"},
      {"kubernetes:1.28", "1 < 2.0", "bool"},
      {"kubernetes", "duration('1x')", "1:10: invalid duration argument"},
      {"kubernetes", "timestamp('2020')", "1:11: invalid timestamp argument"},
      {"kubernetes", "s.matches('[')", "1:11: invalid matches argument"},
      {"kubernetes", "s.matches('[a]')", "bool"},
      {"kubernetes", "matches(s, '[')", "bool"},
      {"kubernetes", "matches('[', s)", "1:9: invalid matches argument"},
      {"kubernetes", "timestamp(999999999999999)", "1:11: invalid timestamp argument"},
      {"kubernetes:1.28", "duration('1x')", "duration"},
      {"spec", "duration('1x')", "duration"},
      {"kubernetes:1.31", "m.all(k, v, v == 'a')",
       "1:6: undeclared reference to 'all' (in container ''), which exists since Kubernetes 1.32"},
      {"kubernetes:1.33", "l.sortBy(x, x)",
       "1:9: undeclared reference to 'sortBy' (in container ''), which exists since Kubernetes "
       "1.34"},
      {"kubernetes", "math.ceil(1.0)", "1:1: undeclared reference to 'math' (in container '')"},
      {"kubernetes:1.28", "sets.contains(l, l)",
       "1:1: undeclared reference to 'sets' (in container '')"},
      {"kubernetes:1.29", "sets.contains(l, l)", "bool"},
      {"kubernetes", "x.orValue(1)",
       "1:10: found no matching overload for 'orValue' applied to 'int.(int)'"},
      {"kyverno", "x.orValue('a')", "dyn"},
      {"kyverno", "cel.bind(v, 1, v)", "int"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(checked(row.text, {.profile = row.profile, .container = {}}), row.expected)
        << row.profile << ": " << row.text;
  }
}

// What k8s.io/apiserver v0.36.3 says to the same texts.
TEST_F(CheckerTest, FormatCalls) {
  const Row rows[] = {
      {"'%s-%d'.format([s, 1])", "string"},
      {"'%s %d'.format([[1, 'a', {'b': 1, 'c': []}], 1u])", "string"},
      {"'%s%%%.2f %e %b %x %X %o'.format([null, 1.0, 'NaN', true, s, b'a', 8])", "string"},
      {"'%s %s'.format(l)", "string"},
      {"'%d %d %d'.format([object.x, dyn(s), w])", "string"},
      {"s.format([1, 'a', 2.0])", "string"},
      {"[['%s'.format([[1, 'a'].size()])], ['b']]", "list(list(string))"},
      {"[1, 'a'].all(i, '%s'.format([i]) == '')", "1:5: expected type 'int' but found 'string'"},
      {"'%d'.format([s])",
       "1:14: error during formatting: decimal clause can only be used on integers, was given "
       "string"},
      {"'%f'.format([1])",
       "1:14: error during formatting: fixed-point clause can only be used on doubles, was given "
       "int"},
      {"'%e'.format([1])",
       "1:14: error during formatting: scientific clause can only be used on doubles, was given "
       "int"},
      {"'%b'.format([1.0])",
       "1:14: error during formatting: only integers and bools can be formatted as binary, was "
       "given double"},
      {"'%X'.format([true])",
       "1:14: error during formatting: only integers, byte buffers, and strings can be formatted "
       "as hex, was given bool"},
      {"'%o'.format(['a'])",
       "1:14: error during formatting: octal clause can only be used on integers, was given "
       "string"},
      {"'%s'.format([{'a': [o]}])",
       "1:21: error during formatting: string clause can only be used on strings, bools, bytes, "
       "ints, doubles, maps, lists, types, durations, and timestamps, was given optional_type"},
      {"'%s'.format([])", "1:12: index 0 out of range"},
      {"'%s'.format([1, 2])",
       "1:12: too many arguments supplied to string.format (expected 1, got 2)"},
      {"'%'.format([])", "1:11: unexpected end of string"},
      {"'%q'.format([1])",
       "1:12: could not parse formatting clause: unrecognized formatting clause \"q\""},
      {"'%.2'.format([1.0])",
       "1:13: could not parse formatting clause: error while parsing precision: could not find end "
       "of precision specifier"},
      {"'%.f'.format([1.0])",
       "1:13: could not parse formatting clause: error while parsing precision: error while "
       "converting precision to integer: strconv.Atoi: parsing \"\": invalid syntax"},
      {"'%.99999999999999999999f'.format([1.0])",
       "1:33: could not parse formatting clause: error while parsing precision: error while "
       "converting precision to integer: strconv.Atoi: parsing \"99999999999999999999\": value out "
       "of range"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(checked(row.text, {.profile = "kubernetes", .container = {}}), row.expected)
        << row.text;
  }
  EXPECT_EQ(checked("'%d'.format([s])"), "string");  // the validator is Kubernetes'
}

TEST_F(CheckerTest, Containers) {
  const struct {
    std::string container;
    std::string_view text;
    std::string_view expected;
  } rows[] = {
      {"a", "b", "int"},
      {"a", "x", "string"},    // a.x before x
      {"a", ".x", "int"},      // the leading dot
      {"a.b", "c", "string"},  // a.b.c
      {"a.q", "x", "string"},  // a.q.x, a.x
      {"zoo", "Pet{name: 'a'}", "zoo.Pet"},
      {"zoo.cage", "feed(Pet{})", "bool"},
      {"zoo", "[1].map(Pet, Pet)", "list(int)"},
      {"b", "y", "1:1: undeclared reference to 'y' (in container 'b')"},
      {"aa", "b", "1:1: undeclared reference to 'b' (in container 'aa')"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(checked(row.text, {.profile = "spec", .container = row.container}), row.expected)
        << row.container << ": " << row.text;
  }
}

TEST_F(CheckerTest, References) {
  const Environment where = environment({});
  auto ast = parse("a.b.c.size() + [x].map(e, e)[0] + math.abs(x)",
                   {.profile = where.options().profile, .limits = {}});
  ASSERT_TRUE(ast);
  const auto result = check(std::move(*ast), where);
  ASSERT_TRUE(result);
  std::string seen;
  for (ExprId id = 0; id < result->ast.exprs.size(); ++id) {
    const Reference& reference = result->references[id];
    if (reference.kind == ReferenceKind::Variable) {
      seen += "variable ";
      seen += where.options().variables[reference.variable].name;
      seen += '\n';
    } else if (reference.kind == ReferenceKind::Function && reference.name == "math.abs") {
      EXPECT_FALSE(result->ast[id].member);
      EXPECT_EQ(result->ast[id].child_count, 1U);
      ASSERT_EQ(reference.overload_count, 1U);
      EXPECT_EQ(result->overloads[reference.first_overload].overload->id, "math_abs_int");
    } else if (reference.kind == ReferenceKind::Local) {
      seen += "local ";
      seen += reference.name;
      seen += '\n';
    }
  }
  EXPECT_EQ(seen,
            "variable a.b.c\nvariable x\nlocal e\nlocal @result\nlocal @result\nvariable x\n");
}

TEST_F(CheckerTest, Unchecked) {
  const Environment where = environment({.profile = "spec", .container = "a"});
  auto ast = parse("b + unknown + [1].map(e, e)[0] + nowhere(1) + math.abs(x)",
                   {.profile = where.options().profile, .limits = {}});
  ASSERT_TRUE(ast);
  const auto result = resolve_unchecked(std::move(*ast), where);
  ASSERT_TRUE(result);
  std::size_t nothing = 0;
  std::size_t abs_candidates = 0;
  for (ExprId id = 0; id < result->ast.exprs.size(); ++id) {
    const Expr& e = result->ast[id];
    const Reference& reference = result->references[id];
    if (e.name == "unknown" || e.name == "nowhere") {
      EXPECT_EQ(reference.kind, ReferenceKind::None);
      ++nothing;
    } else if (e.name == "math.abs") {
      abs_candidates = reference.overload_count;
    }
  }
  EXPECT_EQ(nothing, 2U);
  EXPECT_EQ(abs_candidates, 3U);
}

TEST(Environment, RefusesContradictions) {
  TypePool pool;
  const auto made = [&pool](Environment::Options options) {
    const auto environment = Environment::create(pool, std::move(options));
    return environment ? std::string("accepted") : environment.error().message;
  };
  const auto function = [](std::string name, DeclaredFunction::DeclaredOverload overload) {
    Environment::Options options{.profile = {}, .container = {}, .variables = {}, .functions = {}};
    options.functions.push_back({.name = std::move(name), .overloads = {std::move(overload)}});
    return options;
  };
  EXPECT_EQ(made(function("f", {.id = "f", .args = {&kInt}, .result = &kInt})), "accepted");
  EXPECT_EQ(made(function("size", {.id = "size_x", .args = {&kString}, .result = &kInt})),
            "function 'size' declaration overload collision: 'size_x' collides with "
            "'size_string'");
  EXPECT_EQ(
      made(function("all",
                    {.id = "all", .member = true, .args = {&kInt, &kInt, &kInt}, .result = &kInt})),
      "overlapping macro for name 'all' with 2 args");
  EXPECT_EQ(made({.profile = {}, .container = ".a", .variables = {}, .functions = {}}),
            "container name must not contain a leading '.': .a");
  EXPECT_EQ(made({.profile = {},
                  .container = {},
                  .variables = {{"x", &kInt}, {"x", &kInt}},
                  .functions = {}}),
            "overlapping identifier for name 'x'");
}

// {a: a} of {a: a} of ...: the type doubles at every step.
TEST_F(CheckerTest, TypesThatGrow) {
  const auto doubled = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) {
      const std::string previous = i == 0 ? "1" : "v" + std::to_string(i - 1);
      text.append("cel.bind(v").append(std::to_string(i)).append(", {").append(previous);
      text.append(": [").append(previous).append("]}, ");
    }
    return text + "true" + std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_EQ(checked(doubled(5)), "bool");
  EXPECT_EQ(checked(doubled(60)), "-1:0: the types of the expression are too complex to check");
  std::string open = "true";
  for (int i = 0; i < 60; ++i) {
    const std::string number = std::to_string(i);
    std::string outer = "[[], []].map(a";
    outer.append(number).append(", {a").append(number).append(": a").append(number);
    outer.append("}).all(b").append(number).append(", ").append(open).append(")");
    open = std::move(outer);
  }
  EXPECT_EQ(checked(open), "bool");
}

}  // namespace
}  // namespace tally::cel
