// Static costs with the sizes below and without any. The numbers are those of k8s.io/apiserver
// v0.36.3 (cel-go v0.26.0); tests/reference/cel/run compares more than a thousand.
#include "cel/static_cost.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cel/authorizer.hpp"
#include "cel/internal/estimates.hpp"
#include "cel/parser.hpp"

namespace tally::cel {
namespace {

constexpr std::uint64_t kMax = UINT64_MAX;

struct Row {
  std::string_view expression;
  StaticCost bounded;
  StaticCost unbounded;
};

constexpr Row kRows[] = {
    {R"(1)", {0, 0}, {0, 0}},
    {R"(-n)", {2, 2}, {2, 2}},
    {R"('text')", {0, 0}, {0, 0}},
    {R"(s)", {1, 1}, {1, 1}},
    {R"(n + 1)", {2, 2}, {2, 2}},
    {R"([1, 2, 3])", {10, 10}, {10, 10}},
    {R"({'a': 1, 'b': 2})", {30, 30}, {30, 30}},
    {R"(f || n > 2)", {1, 3}, {1, 3}},
    {R"(f ? s : t)", {2, 2}, {2, 2}},
    {R"(f ? s + t : (f ? s : e))", {3, 16}, {3, 1'844'674'407'370'955'267}},
    {R"((f || n == 3) && (s == t || e == ''))", {1, 9}, {1, 1'844'674'407'370'955'270}},
    {R"(s == t)", {3, 5}, {3, 1'844'674'407'370'955'266}},
    {R"(e == s)", {2, 2}, {3, 1'844'674'407'370'955'266}},
    {R"(s < t)", {3, 5}, {3, 1'844'674'407'370'955'266}},
    {R"(b + b)", {2, 15}, {2, 1'844'674'407'370'955'266}},
    {R"(dyn(n) < 4)", {3, 3}, {3, 3}},
    {R"(dyn(s) + dyn(t))", {5, 17}, {4, 1'844'674'407'370'955'268}},
    {R"(n in [1, 2, 3])", {14, 14}, {14, 14}},
    {R"(s in ls)", {4, 10}, {2, kMax}},
    {R"(ls[1] + ls[2])", {5, 7}, {4, 1'844'674'407'370'955'268}},
    {R"(m['one'] == 'first')", {3, 3}, {3, 3}},
    {R"((ls + [s])[4])", {14, 14}, {14, 14}},
    {R"(has(m.one))", {1, 1}, {1, 1}},
    {R"(has(object.a.b.c))", {1, 1}, {1, 1}},
    {R"(object.spec.template.spec.containers[0].image)", {2, 2}, {2, 2}},
    {R"(string(bytes(s)) == s)", {3, 62}, {3, 5'534'023'222'112'865'794}},
    {R"(s.contains(t))", {2, 32}, {2, kMax}},
    {R"(s.matches(t))", {3, 90}, {2, kMax}},
    {R"(s.replace('l', 'L'))", {1, 21}, {1, 3'689'348'814'741'910'529}},
    {R"(s.replace('', '-'))", {1, 21}, {1, 3'689'348'814'741'910'529}},
    {R"(s.replace(t, s))", {3, 23}, {3, 3'689'348'814'741'910'531}},
    {R"(s.replace('l', 'lll').replace('lll', '').size())", {2, 82}, {2, 7'378'697'629'483'821'058}},
    {R"(self.free.replace('a', 'bb').contains('b'))",
     {2, 1'258'294},
     {2, 5'534'023'222'112'865'794}},
    {R"(self.name.replace(self.free, self.name).contains('b'))",
     {6, 6458},
     {6, 5'534'023'222'112'865'798}},
    {R"(s.split(' ', n).all(w, w != ''))", {3, 423}, {3, kMax}},
    {R"(self.free.split(',', 3).all(w, w.size() < 10))",
     {3, 629'167},
     {3, 3'689'348'814'741'910'549}},
    {R"(self.tags.join(','))", {2, 132}, {2, 1'844'674'407'370'955'266}},
    {R"(self.open.join(',').contains('x'))", {2, 659'706'137'808}, {2, 3'689'348'814'741'910'530}},
    {R"(strings.quote(self.free).contains('x'))", {3, 943'721}, {3, 1'844'674'407'370'955'266}},
    {R"(string(bytes(self.free)) == self.free)", {5, 1'887'441}, {5, 5'534'023'222'112'865'796}},
    {R"(s.find(t))", {3, 90}, {2, kMax}},
    {R"(s.findAll('[a-z]+').map(w, w.size()))", {14, 1434}, {14, kMax}},
    {R"(l.sum())", {2, 11}, {1, kMax}},
    {R"(ls.max())", {5, 25}, {1, kMax}},
    {R"(ls.indexOf('beta'))", {5, 25}, {1, kMax}},
    {R"(l.slice(1, 3))", {14, 14}, {14, 14}},
    {R"(l.slice(3, 1))", {kMax, kMax}, {kMax, kMax}},
    {R"(l.slice(n, 5))", {18, 18}, {18, 18}},
    {R"(ll.flatten(2))", {12, 22}, {12, kMax}},
    {R"(ll.flatten(n))", {13, kMax}, {13, kMax}},
    {R"(ls.distinct())", {20, 140}, {12, kMax}},
    {R"(lists.range(n))", {kMax, kMax}, {kMax, kMax}},
    {R"(ls.sort())", {21, 147}, {12, kMax}},
    {R"(['b', 'a'].sort() == ['a', 'b'])", {41, 41}, {41, 41}},
    {R"(ls.sortBy(w, w.size()))", {71, 275}, {35, kMax}},
    {R"(sets.equivalent(l, [5, 4, 3, 2, 1]))", {22, 112}, {12, kMax}},
    {R"(l.all(i, i > 0))", {5, 52}, {2, kMax}},
    {R"(l.map(i, i > 2, i * 2))", {15, 172}, {12, kMax}},
    {R"(ls.map(w, w + 'x'))", {40, 132}, {12, kMax}},
    {R"(ll.map(i, i.map(j, j * 2)))", {12, 552}, {12, kMax}},
    {R"(ls.map(w, w).map(w, w).map(w, w).size())", {113, 347}, {35, kMax}},
    {R"(l.map(i, l.map(j, l.map(k, i + j + k))).size())", {78, 19'653}, {13, kMax}},
    {R"(m.all(k, m[k].size() < 10))", {2, 162}, {2, kMax}},
    {R"({'a': s, 'b': t}.all(k, k.size() == 1))", {39, 45}, {39, 45}},
    {R"(m.transformMap(k, v, v + s))", {32, 432}, {32, kMax}},
    {R"(ml.all(k, v, v.all(w, w != k)))", {5, 110}, {2, kMax}},
    {R"(optional.of(s).optMap(w, w + 'x').orValue(''))",
     {5, 1'844'674'407'370'955'283},
     {5, 1'844'674'407'370'955'283}},
    {R"(m.?one.orValue('x'))", {3, 3}, {3, 3}},
    {R"(self.name == self.free)", {5, 30}, {5, 1'844'674'407'370'955'268}},
    {R"(self.rules.all(r, r.host.contains(r.paths[0])))", {3, 130'819}, {3, kMax}},
    {R"(self.labels.all(k, v, v != k))", {3, 53}, {3, kMax}},
    {R"(self.wide.all(k, self.wide[k] > 0))", {3, 3'595'115}, {3, kMax}},
    {R"(url(link) == url(link))", {3, 5'534'023'222'112'865'794}, {3, 5'534'023'222'112'865'794}},
    {R"(url(link) != url(link))", {3, 5'534'023'222'112'865'794}, {3, 5'534'023'222'112'865'794}},
    {R"(ip(address) == ip(address))", {5, 11}, {3, 3'689'348'814'741'910'531}},
    {R"(ip.isCanonical(address))", {2, 9}, {1, 3'689'348'814'741'910'529}},
    {R"(cidr('10.0.0.0/8').ip() == ip('10.0.0.0'))", {4, 4}, {4, 4}},
    {R"(cidr('10.0.0.0/8').containsIP(x))",
     {3, 1'844'674'407'370'955'270},
     {3, 1'844'674'407'370'955'270}},
    {R"(cidr('10.0.0.0/8').containsIP(ip(address)))", {4, 10}, {3, 1'844'674'407'370'955'270}},
    {R"(cidr('2001:db8::/32').containsCIDR('2001:db8:1::/48'))", {7, 11}, {7, 11}},
    {R"(quantity(q) == quantity('1.5'))", {4, 5}, {3, 1'844'674'407'370'955'267}},
    {R"(quantity(q).isGreaterThan(quantity('1')))", {4, 5}, {3, 1'844'674'407'370'955'267}},
    {R"(isSemver('v1.2', true))", {1, 1}, {1, 1}},
    {R"(format.dns1123Label() == format.uuid())", {3, 9}, {3, 9}},
    {R"(format.dns1123Label().validate(s))", {2, 322}, {2, kMax}},
    {R"(authorizer.group('').resource('pods').labelSelector(s))", {14, 2524}, {14, kMax}},
    {R"(authorizer.path('/a').check('allow').allowed() && authorizer.path('/b').check('deny').allowed())",
     {350'003, 700'006},
     {350'003, 700'006}},
    {R"(object.spec.template.spec.containers.all(c, c.image.replace(c.name, c.name) != ''))",
     {5, kMax},
     {2, kMax}},
    {R"(object.spec.template.spec.containers.all(c, c.name.find(c.image) != ''))",
     {5, kMax},
     {2, kMax}},
    {R"(jsonpatch.escapeKey(s) + s)", {2, 32}, {2, 3'689'348'814'741'910'530}},
};

class Sizes final : public SizeEstimator {
 public:
  [[nodiscard]] std::optional<SizeEstimate> size_of(std::span<const std::string_view> path,
                                                    const Type& /*type*/) const override {
    std::string text;
    for (const std::string_view step : path) {
      text += (text.empty() ? "" : ".") + std::string(step);
    }
    const auto found = table_.find(text);
    return found == table_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  const std::map<std::string, SizeEstimate> table_{
      {"s", {0, 100}},
      {"t", {3, 30}},
      {"e", {0, 0}},
      {"b", {0, 64}},
      {"l", {1, 10}},
      {"ls", {2, 8}},
      {"ls.@items", {1, 12}},
      {"ll", {0, 5}},
      {"ll.@items", {0, 6}},
      {"m", {0, 20}},
      {"m.@keys", {1, 10}},
      {"m.@values", {0, 50}},
      {"ml", {1, 2}},
      {"ml.@values", {0, 7}},
      {"ml.@values.@items", {0, 11}},
      {"q", {1, 16}},
      {"address", {2, 39}},
      {"object.metadata.name", {1, 253}},
      {"object.spec.template.spec.containers", {1, 16}},
      {"object.spec.template.spec.containers.@items.image", {1, 300}},
      {"self", {0, 0}},
      {"self.name", {0, 252}},
      {"self.free", {0, 3'145'726}},
      {"self.tags", {0, 16}},
      {"self.tags.@items", {0, 80}},
      {"self.open", {0, 1'048'575}},
      {"self.open.@items", {0, 3'145'726}},
      {"self.labels", {0, 10}},
      {"self.labels.@keys", {0, 0}},
      {"self.labels.@values", {0, 160}},
      {"self.wide", {0, 449'389}},
      {"self.wide.@keys", {0, 0}},
      {"self.wide.@values", {0, 0}},
      {"self.rules", {0, 32}},
      {"self.rules.@items", {0, 0}},
      {"self.rules.@items.host", {0, 1012}},
      {"self.rules.@items.paths", {0, 4}},
      {"self.rules.@items.paths.@items", {0, 400}},
  };
};

// self.rules[0].host ...: the structs of a schema.
class Schema final : public TypeProvider {
 public:
  explicit Schema(TypePool& pool) {
    const Type* texts = pool.list(&kString);
    fields_["Self"] = {{"name", &kString},
                       {"free", &kString},
                       {"tags", texts},
                       {"open", texts},
                       {"labels", pool.map(&kString, &kString)},
                       {"wide", pool.map(&kString, &kInt)},
                       {"rules", pool.list(pool.named_struct("Rule"))}};
    fields_["Rule"] = {{"host", &kString}, {"paths", texts}};
  }
  [[nodiscard]] const Type* find_type(TypePool& pool, std::string_view name) const override {
    return fields_.contains(name) ? pool.named_struct(name) : nullptr;
  }
  [[nodiscard]] const Type* find_field(TypePool& /*pool*/, const Type& of,
                                       std::string_view field) const override {
    const auto found = fields_.find(of.name);
    if (found == fields_.end() || !found->second.contains(field)) {
      return nullptr;
    }
    return found->second.find(field)->second;
  }

 private:
  std::map<std::string, std::map<std::string, const Type*, std::less<>>, std::less<>> fields_;
};

class StaticCosts : public testing::Test {
 protected:
  void SetUp() override { make("kubernetes"); }

  void make(std::string_view profile) {
    const Type* texts = pool_.list(&kString);
    Environment::Options options;
    options.profile = *parse_profile(profile);
    options.types = &schema_;
    for (const char* name : {"s", "t", "e", "q", "address", "link"}) {
      options.variables.push_back({name, &kString});
    }
    options.variables.push_back({"n", &kInt});
    options.variables.push_back({"f", &kBool});
    options.variables.push_back({"b", &kBytes});
    options.variables.push_back({"x", &kDyn});
    options.variables.push_back({"object", &kDyn});
    options.variables.push_back({"l", pool_.list(&kInt)});
    options.variables.push_back({"ls", texts});
    options.variables.push_back({"ll", pool_.list(pool_.list(&kInt))});
    options.variables.push_back({"m", pool_.map(&kString, &kString)});
    options.variables.push_back({"ml", pool_.map(&kString, texts)});
    options.variables.push_back({"self", pool_.named_struct("Self")});
    options.variables.push_back({"authorizer", pool_.opaque(kAuthorizerType)});
    environment_.emplace(*Environment::create(pool_, std::move(options)));
  }

  // Of an expression that compiles; else the test has failed and there is nothing to estimate.
  CheckedAst checked(std::string_view text) {
    auto ast =
        parse(text, {.profile = environment_->options().profile, .macros = true, .limits = {}});
    if (ast) {
      if (auto result = check(std::move(*ast), *environment_)) {
        return std::move(*result);
      }
    }
    ADD_FAILURE() << text << " does not compile";
    return {};
  }

  TypePool pool_;
  Schema schema_{pool_};
  Sizes sizes_;
  std::optional<Environment> environment_;
};

std::string text_of(const StaticCost& cost) {
  return std::to_string(cost.min) + " to " + std::to_string(cost.max);
}

TEST_F(StaticCosts, AreThoseOfTheApiServer) {
  for (const Row& row : kRows) {
    const CheckedAst ast = checked(row.expression);
    EXPECT_EQ(text_of(estimate(ast, *environment_, &sizes_)), text_of(row.bounded))
        << row.expression;
    EXPECT_EQ(text_of(estimate(ast, *environment_)), text_of(row.unbounded)) << row.expression;
  }
}

// cel-go itself counts presence tests; Kubernetes keeps them free.
TEST_F(StaticCosts, CountPresenceTestsOutsideKubernetes) {
  EXPECT_EQ(text_of(estimate(checked("has(m.one)"), *environment_)), "1 to 1");
  make("spec");
  EXPECT_EQ(text_of(estimate(checked("has(m.one)"), *environment_)), "2 to 2");
}

// Lists within lists, by hand: the parser makes nothing as deep.
CheckedAst nested_lists(std::uint32_t depth) {
  CheckedAst result;
  for (std::uint32_t i = 0; i < depth; ++i) {
    Expr list;
    list.kind = ExprKind::List;
    if (i != 0) {
      list.first_child = static_cast<std::uint32_t>(result.ast.child_ids.size());
      list.child_count = 1;
      result.ast.child_ids.push_back(i - 1);
    }
    result.ast.exprs.push_back(list);
  }
  result.ast.root = depth - 1;
  result.types.assign(depth, &kListDyn);
  result.references.assign(depth, {});
  return result;
}

TEST_F(StaticCosts, AreUnboundedBeyondTheDepthThatIsLookedAt) {
  EXPECT_EQ(text_of(estimate(nested_lists(3000), *environment_)), "30000 to 30000");
  EXPECT_EQ(estimate(nested_lists(3001), *environment_), kUnbounded);
}

TEST(Estimates, DoNotOverflow) {
  EXPECT_EQ(add({1, kMax}, {2, 1}), (Estimate{3, kMax}));
  EXPECT_EQ(add({kMax, kMax}, {0, kMax}), (Estimate{kMax, kMax}));
  EXPECT_EQ(multiply({3, kMax}, {4, 0}), (Estimate{12, 0}));
  EXPECT_EQ(multiply({std::uint64_t{1} << 32U, 2}, {std::uint64_t{1} << 32U, kMax}),
            (Estimate{kMax, kMax}));
  EXPECT_EQ(scale({0, 1}, 0.1), (Estimate{0, 1}));
  EXPECT_EQ(scale({10, 11}, 0.1), (Estimate{1, 2}));
  EXPECT_EQ(scale({kMax, kMax}, 0.1), exactly(1'844'674'407'370'955'264U));
  EXPECT_EQ(scale({kMax, 2}, 2.0), (Estimate{kMax, 4}));
  EXPECT_EQ(unite({3, 4}, {1, 2}), (Estimate{1, 4}));
}

std::vector<std::string_view> steps(const Paths& paths, Path path) {
  const auto found = paths.steps(path);
  return {found.begin(), found.end()};
}

// As slices of Go: a path of three steps has room for a fourth.
TEST(Paths, ShareTheRoomBehindThem) {
  using Steps = std::vector<std::string_view>;
  Paths paths;
  const Path two = paths.append(paths.append({}, "a"), "b");
  const Path left = paths.append(two, "c");
  const Path right = paths.append(two, "d");
  EXPECT_EQ(steps(paths, left), (Steps{"a", "b", "c"}));
  EXPECT_EQ(steps(paths, right), (Steps{"a", "b", "d"}));
  const Path first = paths.append(left, "x");
  EXPECT_EQ(steps(paths, first), (Steps{"a", "b", "c", "x"}));
  static_cast<void>(paths.append(left, "y"));
  EXPECT_EQ(steps(paths, first), (Steps{"a", "b", "c", "y"}));
  static_cast<void>(paths.append_copy(left, "z"));
  EXPECT_EQ(steps(paths, first), (Steps{"a", "b", "c", "y"}));
  EXPECT_TRUE(steps(paths, {}).empty());
}

}  // namespace
}  // namespace tally::cel
