// Runs the conformance suite of CEL (github.com/google/cel-spec, tests/simple/testdata) through the
// library.
//
//   cel_conformance [--skips FILE] [--score FILE] PATH...
//
// PATH: .textproto files, or folders that are searched for them. A case is named
// FILE/SECTION/TEST; where names repeat, the second is FILE/SECTION/TEST#2. --skips: lines
// `NAME REASON`. --score: lines `cel N`: fewer passes than N are a failure. Each failing case is
// named with what was expected and what came; the last line is `N passed, N failed, N skipped`.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "cel/checker.hpp"
#include "cel/parser.hpp"
#include "cel/program.hpp"
#include "textproto.hpp"

namespace tally::conformance {
namespace {

using cel::Value;
using cel::ValueKind;

template <class T>
T number(std::string_view text) {
  T out{};
  static_cast<void>(std::from_chars(text.data(), text.data() + text.size(), out));
  return out;
}

double real(std::string_view text) {
  if (text == "inf" || text == "infinity" || text == "Infinity") {
    return HUGE_VAL;
  }
  if (text == "-inf" || text == "-infinity" || text == "-Infinity") {
    return -HUGE_VAL;
  }
  if (text == "nan" || text == "NaN") {
    return std::nan("");
  }
  return number<double>(text);
}

// --- values of the test files

class Values {
 public:
  explicit Values(Arena& arena) : arena_(arena) {}

  // A cel.expr.Value; false: it needs protocol buffers.
  bool from(const Field& field, Value& out) {
    if (field.fields.empty()) {
      out = Value::null();
      return true;
    }
    const Field& v = field.fields.front();
    if (v.name == "null_value") {
      out = Value::null();
    } else if (v.name == "bool_value") {
      out = Value::boolean(v.text == "true");
    } else if (v.name == "int64_value") {
      out = Value::integer(number<std::int64_t>(v.text));
    } else if (v.name == "uint64_value") {
      out = Value::unsigned_integer(number<std::uint64_t>(v.text));
    } else if (v.name == "double_value") {
      out = Value::real(real(v.text));
    } else if (v.name == "string_value") {
      out = Value::string(arena_.copy(v.text));
    } else if (v.name == "bytes_value") {
      out = Value::bytes(arena_.copy(v.text));
    } else if (v.name == "type_value") {
      out = Value::type(arena_.create<cel::Type>(
          cel::Type{.kind = cel::TypeKind::Opaque, .name = arena_.copy(v.text)}));
    } else if (v.name == "list_value") {
      return list(v, out);
    } else if (v.name == "map_value") {
      return map(v, out);
    } else if (v.name == "object_value") {
      return message(v, out);
    } else {
      return false;
    }
    return true;
  }

 private:
  bool list(const Field& field, Value& out) {
    std::vector<Value> items;
    for (const Field& item : field.fields) {
      if (item.name == "values" && !from(item, items.emplace_back())) {
        return false;
      }
    }
    out = Value::list(arena_.copy(std::span<const Value>(items)));
    return true;
  }

  bool map(const Field& field, Value& out) {
    cel::MapBuilder builder(arena_, field.fields.size());
    for (const Field& entry : field.fields) {
      Value key;
      Value value;
      const Field* k = entry.find("key");
      const Field* v = entry.find("value");
      if (k == nullptr || v == nullptr || !from(*k, key) || !from(*v, value)) {
        return false;
      }
      builder.add(key, value);
    }
    out = builder.finish();
    return true;
  }

  // google.protobuf.Value, with its field names.
  bool json(const Field& field, Value& out) {
    if (field.fields.empty() || field.fields.front().name == "null_value") {
      out = Value::null();
      return true;
    }
    const Field& v = field.fields.front();
    if (v.name == "bool_value") {
      out = Value::boolean(v.text == "true");
    } else if (v.name == "number_value") {
      out = Value::real(real(v.text));
    } else if (v.name == "string_value") {
      out = Value::string(arena_.copy(v.text));
    } else if (v.name == "list_value") {
      return json_list(v, out);
    } else if (v.name == "struct_value") {
      return json_struct(v, out);
    } else {
      return false;
    }
    return true;
  }

  bool json_list(const Field& field, Value& out) {
    std::vector<Value> items;
    for (const Field& item : field.fields) {
      if (!json(item, items.emplace_back())) {
        return false;
      }
    }
    out = Value::list(arena_.copy(std::span<const Value>(items)));
    return true;
  }

  bool json_struct(const Field& field, Value& out) {
    cel::MapBuilder builder(arena_, field.fields.size());
    for (const Field& entry : field.fields) {
      Value value;
      const Field* v = entry.find("value");
      if (v != nullptr && !json(*v, value)) {
        return false;
      }
      builder.add(Value::string(arena_.copy(entry.text_of("key"))), value);
    }
    out = builder.finish();
    return true;
  }

  bool message(const Field& field, Value& out) {
    constexpr std::string_view kPrefix = "[type.googleapis.com/google.protobuf.";
    if (field.fields.size() != 1 || !field.fields.front().name.starts_with(kPrefix)) {
      return false;
    }
    const Field& m = field.fields.front();
    std::string_view type = m.name;
    type.remove_prefix(kPrefix.size());
    type.remove_suffix(1);
    const std::string_view value = m.text_of("value");
    if (type == "Int32Value" || type == "Int64Value") {
      out = Value::integer(number<std::int64_t>(value));
    } else if (type == "UInt32Value" || type == "UInt64Value") {
      out = Value::unsigned_integer(number<std::uint64_t>(value));
    } else if (type == "DoubleValue") {
      out = Value::real(real(value));
    } else if (type == "FloatValue") {
      out = Value::real(double{static_cast<float>(real(value))});
    } else if (type == "BoolValue") {
      out = Value::boolean(value == "true");
    } else if (type == "StringValue") {
      out = Value::string(arena_.copy(value));
    } else if (type == "BytesValue") {
      out = Value::bytes(arena_.copy(value));
    } else if (type == "Timestamp") {
      out = Value::timestamp(number<std::int64_t>(m.text_of("seconds")),
                             number<std::uint32_t>(m.text_of("nanos")));
    } else if (type == "Duration") {
      out = Value::duration(number<std::int64_t>(m.text_of("seconds")) * 1'000'000'000 +
                            number<std::int64_t>(m.text_of("nanos")));
    } else if (type == "Struct") {
      return json_struct(m, out);
    } else if (type == "ListValue") {
      return json_list(m, out);
    } else if (type == "Value") {
      return json(m, out);
    } else if (type == "Any") {
      return message(m, out);
    } else {
      return false;
    }
    return true;
  }

  Arena& arena_;
};

// Equality of the suite: of one type, maps in any order, NaN equals NaN.
bool same(Arena& arena, const Value& a, const Value& b) {
  if (a.kind() != b.kind()) {
    return false;
  }
  switch (a.kind()) {
    case ValueKind::Double:
      return std::isnan(a.as_double()) ? std::isnan(b.as_double()) : a.as_double() == b.as_double();
    case ValueKind::List: {
      if (list_size(a) != list_size(b)) {
        return false;
      }
      for (std::size_t i = 0; i < list_size(a); ++i) {
        if (!same(arena, list_at(arena, a, i), list_at(arena, b, i))) {
          return false;
        }
      }
      return true;
    }
    case ValueKind::Map: {
      if (map_size(a) != map_size(b)) {
        return false;
      }
      for (std::size_t i = 0; i < map_size(a); ++i) {
        bool found = false;
        for (std::size_t j = 0; j < map_size(b) && !found; ++j) {
          found = same(arena, map_key_at(arena, a, i), map_key_at(arena, b, j)) &&
                  same(arena, map_value_at(arena, a, i), map_value_at(arena, b, j));
        }
        if (!found) {
          return false;
        }
      }
      return true;
    }
    default:
      return equal(arena, a, b);
  }
}

// --- types of the test files

const cel::Type* type_of(cel::TypePool& pool, const Field& field) {
  const Field* t = field.fields.empty() ? nullptr : &field.fields.front();
  if (t == nullptr) {
    return &cel::kDyn;
  }
  const auto primitive = [](std::string_view name) -> const cel::Type* {
    if (name == "BOOL") {
      return &cel::kBool;
    }
    if (name == "INT64") {
      return &cel::kInt;
    }
    if (name == "UINT64") {
      return &cel::kUint;
    }
    if (name == "DOUBLE") {
      return &cel::kDouble;
    }
    if (name == "STRING") {
      return &cel::kString;
    }
    return name == "BYTES" ? &cel::kBytes : &cel::kDyn;
  };
  const auto inner = [&](std::string_view name) {
    const Field* f = t->find(name);
    return f != nullptr ? type_of(pool, *f) : &cel::kDyn;
  };
  if (t->name == "primitive") {
    return primitive(t->text);
  }
  if (t->name == "wrapper") {
    return pool.wrapper(primitive(t->text));
  }
  if (t->name == "null") {
    return &cel::kNull;
  }
  if (t->name == "well_known") {
    return t->text == "TIMESTAMP"  ? &cel::kTimestamp
           : t->text == "DURATION" ? &cel::kDuration
                                   : &cel::kAny;
  }
  if (t->name == "list_type") {
    return pool.list(inner("elem_type"));
  }
  if (t->name == "map_type") {
    return pool.map(inner("key_type"), inner("value_type"));
  }
  if (t->name == "message_type") {
    if (t->text == "google.protobuf.Duration") {
      return &cel::kDuration;
    }
    if (t->text == "google.protobuf.Timestamp") {
      return &cel::kTimestamp;
    }
    return pool.named_struct(t->text);
  }
  if (t->name == "type_param") {
    return pool.param(t->text);
  }
  if (t->name == "type") {
    return pool.type_of(type_of(pool, *t));
  }
  if (t->name == "abstract_type") {
    const Field* parameter = t->find("parameter_types");
    const cel::Type* held = parameter != nullptr ? type_of(pool, *parameter) : nullptr;
    if (t->text_of("name") == "optional_type") {
      return pool.optional(held != nullptr ? held : &cel::kDyn);
    }
    return held != nullptr ? pool.opaque(t->text_of("name"), {held})
                           : pool.opaque(t->text_of("name"));
  }
  return &cel::kDyn;
}

// --- one test

struct Case {
  std::string name;
  Field test;
};

std::string issues_text(std::span<const cel::Issue> issues, std::string_view source) {
  return to_string(issues, source, "<input>");
}

void declare(const Field& test, cel::TypePool& pool, cel::Environment::Options& options) {
  for (const Field& declaration : test.fields) {
    if (declaration.name != "type_env") {
      continue;
    }
    const std::string name(declaration.text_of("name"));
    if (const Field* function = declaration.find("function")) {
      cel::DeclaredFunction declared{.name = name, .overloads = {}};
      for (const Field& overload : function->fields) {
        if (overload.name != "overloads") {
          continue;
        }
        auto& added = declared.overloads.emplace_back();
        added.id = overload.text_of("overload_id");
        added.member = overload.is_true("is_instance_function");
        const Field* result = overload.find("result_type");
        added.result = result != nullptr ? type_of(pool, *result) : &cel::kDyn;
        for (const Field& param : overload.fields) {
          if (param.name == "params") {
            added.args.push_back(type_of(pool, param));
          }
        }
      }
      options.functions.push_back(std::move(declared));
      continue;
    }
    const Field* ident = declaration.find("ident");
    const Field* type = ident != nullptr ? ident->find("type") : nullptr;
    options.variables.push_back({name, type != nullptr ? type_of(pool, *type) : &cel::kDyn});
  }
}

// Whether a case expects exactly the error that the checker found already.
bool announced(const Field& test, std::string_view issues) {
  const Field* expected = test.find("eval_error");
  const Field* first = expected != nullptr ? expected->find("errors") : nullptr;
  return first != nullptr && !first->text_of("message").empty() &&
         issues.contains(first->text_of("message"));
}

// What went wrong, or nothing.
std::string judge(const Field& test) {
  cel::TypePool pool;
  Arena arena;
  Values values(arena);
  cel::Environment::Options options;
  options.profile = {.dialect = cel::Dialect::Spec};
  options.container = test.text_of("container");
  declare(test, pool, options);

  std::map<std::string, Value> bindings;
  for (const Field& binding : test.fields) {
    if (binding.name != "bindings") {
      continue;
    }
    const std::string key(binding.text_of("key"));
    const Field* wrapped = binding.find("value");
    const Field* given = wrapped != nullptr ? wrapped->find("value") : nullptr;
    Value value;
    if (given == nullptr || !values.from(*given, value)) {
      return "the binding of " + key + " needs protocol buffers";
    }
    bindings[key] = value;
    if (std::ranges::none_of(options.variables,
                             [&](const cel::Variable& v) { return v.name == key; })) {
      options.variables.push_back({key, &cel::kDyn});
    }
  }
  auto environment = cel::Environment::create(pool, std::move(options));
  if (!environment) {
    return "environment: " + environment.error().to_string();
  }
  const std::string_view text = test.text_of("expr");
  auto ast = cel::parse(text, {.profile = environment->options().profile,
                               .macros = !test.is_true("disable_macros"),
                               .limits = {}});
  if (!ast) {
    return issues_text(ast.error(), text);
  }
  auto checked = test.is_true("disable_check") ? resolve_unchecked(std::move(*ast), *environment)
                                               : check(std::move(*ast), *environment);
  if (!checked) {
    const std::string issues = issues_text(checked.error(), text);
    return announced(test, issues) ? std::string{} : issues;
  }
  const Field* typed = test.find("typed_result");
  if (typed != nullptr) {
    if (const Field* deduced = typed->find("deduced_type")) {
      const std::string expected = to_string(*type_of(pool, *deduced));
      if (const std::string actual = to_string(checked->type()); actual != expected) {
        return "expected the type " + expected + ", got " + actual;
      }
    }
  }
  if (test.is_true("check_only")) {
    return {};
  }
  auto program = compile(*checked, *environment);
  if (!program) {
    return issues_text(program.error(), text);
  }
  std::vector<Value> variables;
  for (const cel::Variable& variable : environment->options().variables) {
    const auto found = bindings.find(variable.name);
    variables.push_back(found != bindings.end()
                            ? found->second
                            : make_error(arena, cel::ErrorCode::NoSuchAttribute,
                                         {"no such attribute(s): ", variable.name}));
  }
  cel::Evaluator evaluator;
  const Value actual = evaluator.evaluate(*program, variables);
  const std::string actual_text(to_literal(arena, actual));
  if (test.find("eval_error") != nullptr || test.find("any_eval_errors") != nullptr) {
    return actual.is_error() ? std::string{} : "expected an error, got " + actual_text;
  }
  const Field* expected_field = typed != nullptr ? typed->find("result") : test.find("value");
  Value expected = Value::boolean(true);
  if (expected_field != nullptr && !values.from(*expected_field, expected)) {
    return "the expected value needs protocol buffers; got " + actual_text;
  }
  if (!same(arena, actual, expected)) {
    return "expected " + std::string(to_literal(arena, expected)) + ", got " + actual_text;
  }
  return {};
}

// --- files

bool collect(const std::filesystem::path& path, std::vector<Case>& cases) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto file = parse_textproto(text);
  if (!file) {
    std::cerr << path.string() << ": " << file.error().to_string() << '\n';
    return false;
  }
  std::map<std::string, int> seen;
  for (const Field& section : file->fields) {
    if (section.name != "section") {
      continue;
    }
    for (const Field& test : section.fields) {
      if (test.name != "test") {
        continue;
      }
      std::string name = path.stem().string() + "/" + std::string(section.text_of("name")) + "/" +
                         std::string(test.text_of("name"));
      if (const int times = ++seen[name]; times > 1) {
        name += "#" + std::to_string(times);
      }
      cases.push_back({std::move(name), test});
    }
  }
  return true;
}

int run(int argc, char** argv) {
  std::map<std::string, std::string> skips;
  std::vector<std::filesystem::path> files;
  std::size_t passes_wanted = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--skips" && i + 1 < argc) {
      std::ifstream in(argv[++i]);
      for (std::string line; std::getline(in, line);) {
        const std::size_t space = line.find(' ');
        if (line.empty() || line[0] == '#') {
          continue;
        }
        if (space == std::string::npos) {
          std::cerr << argv[i] << ": expected `NAME REASON`: " << line << '\n';
          return 2;
        }
        skips[line.substr(0, space)] = line.substr(space + 1);
      }
    } else if (argument == "--score" && i + 1 < argc) {
      std::ifstream in(argv[++i]);
      std::string suite;
      std::size_t count = 0;
      while (in >> suite >> count) {
        if (suite == "cel") {
          passes_wanted = count;
        }
      }
    } else if (std::filesystem::is_directory(argument)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argument)) {
        if (entry.path().extension() == ".textproto") {
          files.push_back(entry.path());
        }
      }
    } else {
      files.emplace_back(argument);
    }
  }
  if (files.empty()) {
    std::cerr << "usage: cel_conformance [--skips FILE] [--score FILE] PATH...\n";
    return 2;
  }
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const auto& file : files) {
    if (!collect(file, cases)) {
      return 2;
    }
  }
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  for (const Case& c : cases) {
    if (skips.contains(c.name)) {
      ++skipped;
      continue;
    }
    const std::string problem = judge(c.test);
    if (problem.empty()) {
      ++passed;
      continue;
    }
    ++failed;
    std::cout << "FAIL " << c.name << "\n  " << c.test.text_of("expr") << "\n  " << problem << '\n';
  }
  const bool too_few = passed < passes_wanted;
  if (too_few) {
    std::cout << "expected at least " << passes_wanted << " passes\n";
  }
  std::cout << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
  return failed == 0 && !too_few ? 0 : 1;
}

}  // namespace
}  // namespace tally::conformance

int main(int argc, char** argv) { return tally::conformance::run(argc, argv); }
