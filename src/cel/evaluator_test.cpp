#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "cel/program.hpp"
#include "document/read.hpp"

namespace tally::cel {
namespace {

constexpr std::string_view kObject =
    R"({"name":"web","count":3,"share":0.5,"labels":{"tier":"web","app":"shop"},"items":[{"n":1},{"n":2},{"m":3}],"none":null})";

class EvaluatorTest : public testing::Test {
 protected:
  EvaluatorTest() {
    source_ = document::Source::from_text("object.json", std::string(kObject));
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena_, {}, documents_, errors);
    }
    variables_.push_back(Value::from_node(documents_.at(0).root));
  }

  Environment environment(std::string_view profile) {
    Environment::Options options;
    options.profile = *parse_profile(profile);
    options.variables = {{"object", &kDyn}, {"absent", &kInt}};
    return *Environment::create(pool_, std::move(options));
  }

  Value evaluate(std::string_view text, std::string_view profile = "kubernetes") {
    const Environment env = environment(profile);
    program_ = compile(text, env);
    EXPECT_TRUE(program_) << text << "\n" << (program_ ? "" : program_.error().message);
    return program_ ? evaluator_.evaluate(*program_, variables_) : Value::null();
  }

  TypePool pool_;
  std::shared_ptr<const document::Source> source_;
  Arena arena_;
  std::vector<document::Document> documents_;
  std::vector<Value> variables_;
  Result<Program> program_ = content_error("");
  Evaluator evaluator_;
};

TEST_F(EvaluatorTest, GivesValues) {
  struct Row {
    std::string_view expression;
    std::string_view value;
  };
  const Row rows[] = {
      {"object.count + 1", "4"},
      {"object.share", "0.5"},
      {"object.none", "null"},
      {"object.labels.tier + '!'", "\"web!\""},
      {"object.labels['app']", "\"shop\""},
      {"object.items.filter(i, has(i.n)).map(i, i.n)", "[1, 2]"},
      {"object.items.map(i, has(i.n), i.n * 2)", "[2, 4]"},
      {"object.items.all(i, i.n > 0) || true", "true"},
      {"object.items.exists(i, i.n == 2)", "true"},
      {"object.items.exists_one(i, has(i.m))", "true"},
      {"object.items[?9].?n.orValue(7)", "7"},
      {"object.?labels.?tier", "optional.of(\"web\")"},
      {"object.labels.transformMap(k, v, k + v)", "{\"tier\": \"tierweb\", \"app\": \"appshop\"}"},
      {"object.labels.transformMapEntry(k, v, {v: k})", "{\"web\": \"tier\", \"shop\": \"app\"}"},
      {"[1, 2].transformList(i, v, i + v)", "[1, 3]"},
      {"object.name in ['db', 'web']", "true"},
      {"object.name.matches('^w') ? 1 : 2", "1"},
      {"type(object.items) == list", "true"},
      {"[object.count, dyn(2)][0]", "3"},
      {"lists.range(20).map(i, i).size()", "20"},
      {"lists.range(20).transformMap(i, v, v * 2)[13]", "26"},
      {"1 in {1: 2} && !(dyn(2u) in {1: 2})", "true"},
      {"duration('90m').getHours()", "1"},
      {"timestamp('2024-03-01T12:00:00Z').getHours('US/Central')", "6"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_literal(arena_, evaluate(row.expression)), row.value) << row.expression;
  }
}

TEST_F(EvaluatorTest, GivesErrorsInTheWordsOfCelGo) {
  struct Row {
    std::string_view expression;
    std::string_view message;
    ErrorCode code;
  };
  const Row rows[] = {
      {"object.nothing", "no such key: nothing", ErrorCode::NoSuchKey},
      {"object.nothing.more == 1", "no such key: nothing", ErrorCode::NoSuchKey},
      {"object.labels['x'] == 'y'", "no such key: x", ErrorCode::NoSuchKey},
      {"object.items[5]", "index out of bounds: 5", ErrorCode::IndexOutOfRange},
      {"object.items['a']", "unsupported index type 'string' in list", ErrorCode::InvalidArgument},
      {"object.count.x", "no such key: x", ErrorCode::NoSuchKey},
      {"object.count / 0", "division by zero", ErrorCode::DivideByZero},
      {"object.count % 0", "modulus by zero", ErrorCode::ModulusByZero},
      {"9223372036854775807 + object.count", "integer overflow", ErrorCode::Overflow},
      {"0u - uint(object.count)", "unsigned integer overflow", ErrorCode::Overflow},
      {"object.name + 1", "no such overload", ErrorCode::NoSuchOverload},
      {"object.name.startsWith(object.count)", "no such overload: startsWith(string, int)",
       ErrorCode::NoSuchOverload},
      {"object.count.distinct()", "no such overload: distinct(int)", ErrorCode::NoSuchOverload},
      {"string(object.labels)", "no such overload: string(map)", ErrorCode::NoSuchOverload},
      {"object.name && true", "no such overload", ErrorCode::NoSuchOverload},
      {"object.count ? 1 : 2", "no such overload", ErrorCode::NoSuchOverload},
      {"object.count.all(x, x)", "no such overload", ErrorCode::NoSuchOverload},
      {"int(object.name)", "type conversion error from 'string' to 'int'",
       ErrorCode::InvalidArgument},
      {"object.?nothing.value()", "optional.none() dereference", ErrorCode::InvalidArgument},
      {"object.items.map(i, i.n)", "no such key: n", ErrorCode::NoSuchKey},
      {"absent == 1", "no such attribute(s): absent", ErrorCode::NoSuchAttribute},
      {"timestamp('2024-03-01T12:00:00Z').getHours('Nowhere')", "unknown time zone Nowhere",
       ErrorCode::InvalidArgument},
  };
  for (const Row& row : rows) {
    const Value value = evaluate(row.expression);
    ASSERT_TRUE(value.is_error()) << row.expression << " = " << to_literal(arena_, value);
    EXPECT_EQ(value.as_error().message, row.message) << row.expression;
    EXPECT_EQ(value.as_error().code, row.code) << row.expression;
  }
}

// cel-spec, "Logical Operators": either side may decide.
TEST_F(EvaluatorTest, AbsorbsErrors) {
  struct Row {
    std::string_view expression;
    std::string_view value;
  };
  const Row rows[] = {
      {"object.x == 1 || true", "true"},
      {"true || object.x == 1", "true"},
      {"object.x == 1 && false", "false"},
      {"false && object.x == 1", "false"},
      {"object.items.exists(i, i.n == 2)", "true"},
      {"object.items.all(i, i.n == 9)", "false"},
      {"object.x == 1 || false", "error(\"no such key: x\")"},
      {"object.x == 1 && true", "error(\"no such key: x\")"},
      {"object.x == 1 || object.y == 2", "error(\"no such key: x\")"},
      {"object.items.exists(i, i.n == 9)", "error(\"no such key: n\")"},
      {"object.items.all(i, i.n > 0)", "error(\"no such key: n\")"},
      {"object.items.exists_one(i, i.n == 1)", "error(\"no such key: n\")"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_literal(arena_, evaluate(row.expression)), row.value) << row.expression;
  }
}

TEST_F(EvaluatorTest, HandsUnknownsOn) {
  variables_.push_back(Value::unknown(7));
  EXPECT_TRUE(evaluate("absent == 1").is(ValueKind::Unknown));
  EXPECT_TRUE(evaluate("absent == 1 && object.x == 1").is(ValueKind::Unknown));
  EXPECT_TRUE(evaluate("object.x == 1 || absent == 1").is(ValueKind::Unknown));
  EXPECT_TRUE(evaluate("absent == 1 || true").is_true());
  EXPECT_TRUE(evaluate("absent == 1 && false").is_false());
}

// cel.bind() computes its value when it is first read, and once.
TEST_F(EvaluatorTest, BindsNamesToValues) {
  EXPECT_EQ(evaluate("cel.bind(x, object.count, x * x)", "spec").as_int(), 9);
  EXPECT_TRUE(evaluate("cel.bind(x, object.count / 0, true || x == 1)", "spec").is_true());
  EXPECT_TRUE(evaluate("cel.bind(x, object.count / 0, x == 1)", "spec").is_error());
  EXPECT_EQ(to_literal(arena_, evaluate("[1, 2].map(y, cel.bind(x, y + 1, [x, x * y]))", "spec")),
            "[[2, 2], [3, 6]]");
}

// What cel-spec and Kubernetes see differently.
TEST_F(EvaluatorTest, FollowsTheProfile) {
  EXPECT_TRUE(evaluate("has(object.count.x)", "kubernetes").is_false());
  EXPECT_TRUE(evaluate("has(object.count.x)", "spec").is_error());
  EXPECT_EQ(evaluate("duration('1.5s').getMilliseconds()", "kubernetes").as_int(), 1500);
  EXPECT_EQ(evaluate("duration('1.5s').getMilliseconds()", "spec").as_int(), 500);
}

TEST_F(EvaluatorTest, NamesTheVariablesItReads) {
  static_cast<void>(evaluate("object.count == absent || object.x"));
  EXPECT_EQ(std::vector<std::uint32_t>(program_->variables_used().begin(),
                                       program_->variables_used().end()),
            (std::vector<std::uint32_t>{0, 1}));
  static_cast<void>(evaluate("1 == 1"));
  EXPECT_TRUE(program_->variables_used().empty());
}

TEST_F(EvaluatorTest, TracesSubexpressions) {
  const Environment env = environment("kubernetes");
  const std::string_view text = "object.count > 2 && object.name == 'db'";
  const auto program = compile(text, env);
  ASSERT_TRUE(program);
  std::vector<TraceEntry> steps;
  EXPECT_TRUE(evaluator_.trace(*program, variables_, {}, steps).is_false());
  std::vector<std::string> seen;
  seen.reserve(steps.size());
  for (const TraceEntry& step : steps) {
    seen.emplace_back(to_literal(arena_, step.value));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"3", "2", "true", "\"web\"", "false", "false"}));
}

// Adding to the accumulator must not copy it: a square of 20,000 elements would take seconds.
TEST_F(EvaluatorTest, CollectsInLinearTime) {
  const std::vector<Value> many(20'000, Value::integer(1));
  variables_[0] = Value::list(std::span<const Value>(many));
  EXPECT_EQ(list_size(evaluate("object.map(x, x).filter(x, true)")), many.size());
  EXPECT_LT(evaluator_.arena().bytes_reserved(), std::size_t{8} << 20U);
  EXPECT_EQ(map_size(evaluate("object.transformMap(i, v, v)")), many.size());
  EXPECT_LT(evaluator_.arena().bytes_reserved(), std::size_t{32} << 20U);
}

}  // namespace
}  // namespace tally::cel
