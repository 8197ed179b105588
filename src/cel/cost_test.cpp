// Costs as the API server counts them. The numbers were measured with cel-go v0.26.0 under the
// options of k8s.io/apiserver/pkg/cel/environment (OptOptimize, OptTrackCost, presence tests free).
#include "cel/cost.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "cel/program.hpp"
#include "document/read.hpp"

namespace tally::cel {
namespace {

constexpr std::string_view kObject =
    R"({"metadata":{"name":"svc-1","labels":{"app.kubernetes.io/name":"svc-1","tier":"web"}},"spec":{"replicas":3,"template":{"spec":{"containers":[
{"name":"main","image":"registry.bank.example/a:1","securityContext":{"privileged":false,"allowPrivilegeEscalation":false},"resources":{"limits":{"cpu":"500m","memory":"256Mi"}}},
{"name":"side","image":"registry.bank.example/b:1","resources":{"limits":{"memory":"1Gi"}}}]}}}})";

struct Row {
  std::string_view expression;
  std::uint64_t cost;
};

constexpr Row kRows[] = {
    {R"(object.metadata.name == 'svc-1')", 4},
    {R"(has(object.spec.replicas))", 2},
    {R"(has(object.spec.nothing))", 2},
    {R"(has(object.nothing.nothing))", 1},
    {R"(object.spec.nothing == 1)", 4},
    {R"(object.spec.replicas > 1 && object.spec.replicas < 10)", 8},
    {R"(object.spec.template.spec.containers.all(c, has(c.image)))", 14},
    {R"(object.spec.template.spec.containers.all(c, c.image.startsWith('registry.bank.example/')))",
     22},
    {R"(object.spec.template.spec.containers.exists(c, c.name == 'side'))", 20},
    {R"(object.spec.template.spec.containers.exists(c, c.name == 'main'))", 16},
    {R"(object.spec.template.spec.containers.exists_one(c, c.name == 'side'))", 15},
    {R"(object.spec.template.spec.containers.map(c, c.name))", 34},
    {R"(object.spec.template.spec.containers.map(c, c.name == 'main', c.image))", 26},
    {R"(object.spec.template.spec.containers.filter(c, c.name == 'side'))", 25},
    {R"(object.metadata.labels.exists(k, k == 'tier' && object.metadata.labels[k] in ['web','api','db']))",
     20},
    {R"(object.metadata.labels['tier'] in ['web','api'])", 4},
    {R"(object.metadata.labels['tier'] in dyn(['web','api']))", 5},
    {R"(s in ['a', 'b'])", 1},
    {R"(s in [s, 'b'])", 14},
    {R"(1 in l)", 6},
    {R"(l[2] == 3)", 3},
    {R"(l[9] == 3)", 3},
    {R"(l.all(x, x > 0))", 27},
    {R"(l.exists(x, x > 3))", 29},
    {R"(l.map(x, x * 2))", 72},
    {R"(l.map(x, x * 2).filter(y, y > 4))", 122},
    {R"(l.map(x, [x]))", 117},
    {R"(l.all(x, l.exists(y, y == x)))", 144},
    {R"(s.contains('world'))", 4},
    {R"(s.matches('^hel+o'))", 7},
    {R"(matches(s, '^hel+o'))", 2},
    {R"(s.matches(s))", 23},
    {R"(s + s == s)", 11},
    {R"(s.size() > 3)", 3},
    {R"(size(s) > 3)", 3},
    {R"(s < 'world')", 2},
    {R"(s == 'hello')", 2},
    {R"(s != 'hello')", 2},
    {R"(true ? object.metadata.name : 'x')", 2},
    {R"(s == 'x' ? object.metadata.name : object.metadata.labels.tier)", 5},
    {R"(object.?metadata.?name.orValue('x'))", 3},
    {R"(object.?nothing.?name.orValue('x'))", 1},
    {R"(object.?nothing.orValue(object.metadata.name))", 4},
    {R"(object[?'metadata'].hasValue())", 3},
    {R"(optional.of(s).hasValue())", 3},
    {R"(optional.ofNonZeroValue(s).or(optional.of('x')).value())", 3},
    {R"([1,2,3][0])", 2},
    {R"([1,2,l[0]][0])", 14},
    {R"({'a': 1}['a'])", 2},
    {R"({'a': s}['a'])", 33},
    {R"({'a': s}.a)", 33},
    {R"([s, s].size())", 13},
    {R"({'a': [1,2,3]}.a[1] == 2)", 4},
    {R"(int('3') == 3)", 1},
    {R"(string(3) == '3')", 1},
    {R"(int(s) == 3)", 3},
    {R"(duration('1h') > duration('1m'))", 1},
    {R"(timestamp('2020-01-01T00:00:00Z').getFullYear() == 2020)", 2},
    {R"(type(s) == string)", 3},
    {R"(dyn(s) == 'x')", 3},
    {R"(!has(object.a) || object.a == 1)", 2},
    {R"(object.a == 1 || true)", 3},
    {R"(true || object.a == 1)", 0},
    {R"(object.a == 1 && false)", 3},
    {R"(object.a.b.c == 1 || s == 'hello world, this is text')", 7},
    {R"(-object.spec.replicas == -3)", 5},
    {R"(object.metadata.labels.size() == 2)", 5},
    {R"(object.metadata.labels.all(k, v, k != v))", 16},
    {R"(object.metadata.labels.transformMap(k, v, v + 'x'))", 14},
    {R"(object.metadata.labels.transformMapEntry(k, v, {v: k}))", 72},
    {R"(l.transformList(i, v, i + v))", 77},
    {R"(l.transformList(i, v, i > 1, i + v))", 57},
    {R"(s.split(' ').join(','))", 11},
    {R"(s.lowerAscii() == s)", 8},
    {R"(s.substring(3) == s)", 8},
    {R"(s.replace('l', 'x').trim())", 9},
    {R"(s.indexOf('w'))", 3},
    {R"(l.exists_one(x, x > 2))", 19},
    {R"(l.exists_one(x, false))", 3},
    {R"(object.spec.template.spec.containers[0].resources.limits.memory == '256Mi')", 10},
    {R"(object.spec.template.spec.containers[l[0]].name == 'side')", 9},
    {R"(object.spec.template.spec.containers[l[0] - 1].name == 'main')", 11},
    {R"(object.spec.template.spec.containers.map(c, c.resources.limits).all(m, m.exists(k, k == 'memory')))",
     65},
    {R"(has(object.metadata.labels.tier) && object.metadata.labels.tier == 'web')", 8},
    {R"(has((s == 'x' ? object.metadata : object.spec).replicas))", 3},
    {R"(s == 'x' ? has(object.metadata.name) : has(object.spec.replicas))", 4},
    {R"([1,2,3].all(x, x > 0))", 16},
    {R"([1,2,3].map(x, x + 1) == [2,3,4])", 44},
    {R"([[1,2],[3]].map(x, x.size()))", 29},
    {R"(l + l == l)", 5},
    {R"(l == [1,2,3,4,5])", 2},
    {R"(bytes(s).size() == 3)", 6},
    {R"(b'abc' + bytes(s) == b'x')", 8},
    {R"(s.endsWith('text'))", 4},
    {R"(''.startsWith('x'))", 0},
    {R"(s.startsWith(''))", 4},
    {R"(object.metadata.name.startsWith('svc') && object.metadata.name.endsWith('1'))", 8},
    {R"(object.metadata.name.size() < 63)", 5},
    {R"(object.spec.replicas in [1, 2, 3])", 3},
    {R"(object.spec.replicas in l)", 9},
    {R"(object.spec.template.spec.containers.exists(c, c.securityContext.privileged == true))", 21},
    {R"(object.spec.template.spec.containers.all(c, c.securityContext.privileged == false))", 19},
    {R"({s: 1, 'b': 2}.exists(k, k == 'b'))", 44},
    {R"([s, 'b'].exists(k, k == 'b'))", 24},
    {R"(!(s == 'x'))", 3},
    {R"(s == 'x' || s == 'y' || s == 'z')", 6},
    {R"(s > 'a' && s >= 'a' && s <= 'z')", 6},
    {R"(1.5 < 2.5)", 1},
    {R"(object.spec.replicas == 3.0)", 4},
    {R"(object == object)", 3},
    {R"(object.metadata == object.spec)", 5},
    {R"(object.spec.template.spec.containers[0] == object.spec.template.spec.containers[1])", 13},
    {R"(sets.contains(l, [1,2]))", 12},
    {R"(l.slice(1,3))", 14},
    {R"([3,1,2].sort())", 29},
    {R"([[1],[2,3]].flatten())", 13},
    {R"(lists.range(5))", 16},
    {R"(l.distinct())", 62},
    {R"(l.reverse())", 17},
    {R"(s.charAt(1))", 2},
    {R"(object.a.b.c)", 2},
    {R"(object.spec.nothing.x || true)", 3},
    {R"(object.spec.replicas.x == 1 || true)", 5},
    {R"(object.spec.template.spec.containers.x == 1 || true)", 7},
    {R"(has(object.spec.replicas.x))", 3},
    {R"(has(object.spec.template.spec.containers.x) || true)", 5},
    {R"(object.spec.template.spec.containers[5].name == 'x' || true)", 7},
    {R"(object.spec.template.spec.containers['x'].name == 'x' || true)", 7},
    {R"(object.x[l[0]] == 1 || true)", 3},
    {R"(object.x.startsWith('a') || true)", 3},
    {R"(object.metadata.name.startsWith(object.x) || true)", 6},
    {R"(object.x == object.y || true)", 5},
    {R"(object.x < 1 || true)", 3},
    {R"({'a': object.x}.size() == 1 || true)", 34},
    {R"(object.x ? s : s)", 2},
    {R"(!object.x || true)", 3},
    {R"(object.x in ['a', 'b'] || true)", 2},
    {R"(s in object.x || true)", 4},
    {R"(object.x.all(y, y == 1) || true)", 2},
    {R"(l.all(x, x / 0 == 1) || true)", 32},
    {R"(l.exists(x, x / 0 == 1) || true)", 37},
    {R"(l.exists(x, x / (x - 1) == 1))", 32},
    {R"(l.map(x, x / 0).size() == 1 || true)", 74},
    {R"(l.filter(x, x / 0 == 1).size() == 1 || true)", 19},
    {R"(object.?spec.?replicas.hasValue())", 4},
    {R"(object.?spec.replicas.hasValue())", 4},
    {R"(object.?nothing.replicas.hasValue())", 2},
    {R"(object.?spec.?nothing.?x.hasValue())", 3},
    {R"(object.?spec[?'replicas'].hasValue())", 4},
    {R"(object.?metadata.?labels[?'tier'].orValue('x') == 'web')", 5},
    {R"(object.?nothing[?'x'].orValue('x') == 'web')", 2},
    {R"(object.?spec.optMap(x, x.replicas).orValue(1) == 3)", 10},
    {R"(object.?spec.optFlatMap(x, x.?replicas).orValue(1) == 3)", 9},
    {R"(object.?nothing.optMap(x, x.replicas).orValue(1) == 3)", 4},
    {R"(s == 'x' ? object.a : object.b)", 3},
    {R"((s == 'x' ? [s] : [s, s]).size() == 2)", 16},
    {R"((s == 'x' ? l : l)[1] == 2)", 4},
    {R"(l[s == 'x' ? 1 : 2] == 3)", 5},
    {R"(l.map(x, x > 2 ? x : 0))", 72},
    {R"(l.map(x, x > 2 ? l[0] : object.spec.replicas))", 79},
    {R"(l.all(x, has(object.metadata.labels) ? true : false))", 27},
    {R"(l.exists(x, object.metadata.labels.exists(k, k == s)))", 122},
    {R"([s, s + 'a'].exists(x, x.contains('world')))", 27},
    {R"(object.spec.template.spec.containers.map(c, c.?securityContext.?privileged.orValue(true)))",
     34},
    {R"(object.spec.template.spec.containers.exists(c, !has(c.securityContext)))", 18},
    {R"(object.spec.template.spec.containers.all(c, !has(c.securityContext) || c.securityContext.privileged == false))",
     20},
    {R"(object.spec.template.spec.containers.all(c, c.resources.limits.all(k, k in ['cpu', 'memory'])))",
     32},
    {R"(object.spec.template.spec.containers.filter(c, c.image.matches('^registry\\.bank\\.example/.*$')).size() == 2)",
     80},
    {R"(object.spec.template.spec.containers.map(c, c.image.split(':')[0]).all(i, i.startsWith('registry')))",
     63},
    {R"(object.metadata.labels['app.kubernetes.io/name'] == object.metadata.name)", 8},
    {R"(dyn(l).map(x, dyn(x) + 1).size() == 5)", 80},
    {R"(string(object.spec.replicas) == '3')", 5},
    {R"(int(object.metadata.name) == 3 || true)", 5},
    {R"(timestamp(s) == timestamp(s) || true)", 5},
    {R"(l.exists_one(x, x == object.x) || true)", 23},
    {R"(1 in [1, 2, 3])", 0},
    {R"(s in {'a': 1})", 2},
    {R"(l.map(x, {'k': x}).all(m, m.k > 0))", 248},
    {R"(l.all(i, v, v > i))", 32},
    {R"(l.exists(i, v, v == 5 && i == 4))", 34},
    {R"(l.existsOne(i, v, v == 5))", 15},
    {R"(object.metadata.labels.transformList(k, v, k + v).size() == 2)", 36},
    {R"(l.transformMap(i, v, v % 2 == 0, v).size() == 2)", 27},
    {R"([[s, s], [s]].all(x, x.size() > 0 && x[0] == s))", 58},
    {R"(s.size() == 25 && s.substring(0, 5) == 'hello' && s.replace('world', 'x') != s)", 18},
    {R"('a,b,c'.split(',').exists(x, x == 'b'))", 17},
    {R"('a,b,c'.split(',').map(x, x + 'y').join('-') == 'ay-by-cy')", 47},
    {R"(duration('1h') + duration('1m') == duration('61m'))", 2},
    {R"(timestamp('2020-01-01T00:00:00Z') + duration('1h') > timestamp('2020-01-01T00:00:00Z'))",
     2},
    {R"(type(object.metadata.name) == string && type(l) == list)", 8},
    {R"(b'abc' == bytes('abc'))", 1},
    {R"(bytes(s) == b'x')", 5},
    {R"(null == object.x || true)", 3},
    {R"(object.metadata.labels == {'tier': 'web'})", 4},
    {R"([1, 2, 3].exists(x, x in l))", 15},
    {R"([l, l].map(x, x.map(y, y + 1)))", 181},
    {R"([3, 1, 2].sortBy(x, -x))", 74},
    {R"(['b', 'a'].sort())", 19},
    {R"(sets.intersects(l, [9]) || sets.equivalent(l, l))", 60},
    {R"([s, 'b', s].distinct().size())", 42},
    {R"(format.dns1123Label() != format.uuid())", 3},
    {R"(format.named(s).value().validate(s).hasValue() || true)", 6},
    {R"(format.dns1123Label().validate(s).hasValue())", 27},
};

class Costs : public testing::Test {
 protected:
  void SetUp() override {
    Environment::Options options;
    options.profile = *parse_profile("kubernetes");
    options.variables = {{"object", &kDyn}, {"l", pool_.list(&kInt)}, {"s", &kString}};
    environment_.emplace(*Environment::create(pool_, std::move(options)));
    source_ = document::Source::from_text("object.json", std::string(kObject));
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena_, {}, documents_, errors);
    }
    for (int i = 0; i < 5; ++i) {
      numbers_[i] = Value::integer(i + 1);
    }
    variables_[0] = Value::from_node(documents_.at(0).root);
    variables_[1] = Value::list(std::span<const Value>(numbers_));
    variables_[2] = Value::string("hello world, this is text");
  }

  static bool is_limit(const Value& value) {
    return value.is_error() && value.as_error().code == ErrorCode::CostLimit;
  }

  TypePool pool_;
  std::optional<Environment> environment_;
  std::shared_ptr<const document::Source> source_;
  Arena arena_;
  std::vector<document::Document> documents_;
  Value numbers_[5];
  Value variables_[3];
  Evaluator evaluator_;
};

TEST_F(Costs, AreThoseOfTheApiServer) {
  for (const Row& row : kRows) {
    const auto program = compile(row.expression, *environment_);
    ASSERT_TRUE(program) << row.expression << "\n" << program.error().message;
    evaluator_.reset();
    static_cast<void>(evaluator_.evaluate(*program, variables_));
    EXPECT_EQ(evaluator_.cost(), row.cost) << row.expression;
  }
}

// An evaluation that costs N succeeds with a budget of N and is cancelled with N - 1.
TEST_F(Costs, EndAtTheLimit) {
  for (const Row& row : kRows) {
    if (row.cost == 0) {
      continue;
    }
    const auto program = compile(row.expression, *environment_);
    ASSERT_TRUE(program) << row.expression;
    evaluator_.reset();
    EXPECT_FALSE(is_limit(evaluator_.evaluate(*program, variables_, {.cost_max = row.cost})))
        << row.expression;
    EXPECT_TRUE(is_limit(evaluator_.evaluate(*program, variables_, {.cost_max = row.cost - 1})))
        << row.expression;
  }
}

// Loops whose steps cost nothing end as well.
TEST_F(Costs, CountStepsThatAreFree) {
  const std::vector<Value> many(3000, Value::integer(1));
  variables_[1] = Value::list(std::span<const Value>(many));
  const auto program =
      compile("l.exists_one(a, l.exists_one(b, l.exists_one(c, false)))", *environment_);
  ASSERT_TRUE(program);
  EXPECT_TRUE(is_limit(evaluator_.evaluate(*program, variables_, {.cost_max = 1000})));
}

// Memory ends an evaluation whose calls are cheap: 2^20 copies of a text, untyped.
TEST_F(Costs, CountMemory) {
  std::string text = "[dyn(s)]";
  for (int i = 0; i < 20; ++i) {
    text += ".map(a, a + a)";
  }
  text += ".map(a, l.map(b, [a + a, a + a])).size() == 1";
  const auto program = compile(text, *environment_);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_TRUE(is_limit(evaluator_.evaluate(*program, variables_, {.cost_max = 1'000'000})));
  EXPECT_LT(evaluator_.arena().bytes_reserved(), std::size_t{512} << 20U);
}

}  // namespace
}  // namespace tally::cel
