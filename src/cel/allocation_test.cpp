// After warm-up an evaluation takes nothing from the heap, whatever the expression is. What does is
// named at the end, with the reason.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/testing/counted_allocations.hpp"
#include "cel/parser.hpp"
#include "cel/program.hpp"
#include "document/read.hpp"

namespace tally::cel {
namespace {

constexpr std::string_view kObject =
    R"({"metadata":{"name":"web-1","labels":{"tier":"web","app":"shop"}},"spec":{"replicas":3,"items":[
{"name":"a","image":"x/a:1","size":1},{"name":"b","size":2.5},{"name":"c","image":"x/c:1","size":"3"}]}})";

constexpr std::string_view kKubernetes[] = {
    // friendly
    "object.spec.replicas <= 5",
    "object.spec.items.all(i, has(i.image) && i.image.startsWith('x/'))",
    "object.metadata.labels.exists(k, k == 'tier' && object.metadata.labels[k] in ['web', 'db'])",
    "object.spec.items.map(i, i.name).size() == 3",
    "object.spec.items.filter(i, has(i.image)).map(i, i.name + '!')",
    "object.metadata.?labels[?'tier'].orValue('none') == 'web'",
    "object.metadata.name.matches('^web-[0-9]+$')",
    // adversarial: missing fields, wrong types, errors in loops, growing texts and lists
    "object.nothing.at.all == 1 || object.spec.replicas == 'x'",
    "object.spec.items.map(i, i.image)",
    "object.spec.items.all(i, i.size > 1)",
    "object.spec.items.exists(i, i.size / 0 == 1)",
    "object.spec.items[99].name == object.spec.items['x']",
    "object.spec.items.map(a, object.spec.items.map(b, [a, b, a.name + b.name]))",
    "object.metadata.name < 1 || int(object.metadata.name) == 2",
    "object.spec.replicas.all(x, x)",
    // standard functions
    "object.metadata.name.contains('eb') && object.metadata.name.endsWith('1') && "
    "object.metadata.name.size() == 5",
    "string(object.spec.replicas) + string(2.5) + string(true) + string(7u) == '32.5true7'",
    "int('12') + int(2.9) + int(3u) == int(timestamp('2020-01-01T00:00:00Z'))",
    "double('1e10') > 1.0 && uint('7') == 7u && bool('true') && bytes('x') == b'x'",
    "string(timestamp('2020-01-01T00:00:00.123456789Z')) + string(duration('1h30m1.5s'))",
    "timestamp('2020-01-01T00:00:00Z') + duration('1s') - timestamp('1999-01-01T00:00:00+01:00')",
    "timestamp('2020-01-01T00:00:00Z').getHours('Europe/Oslo') + "
    "timestamp('2020-01-01T00:00:00Z').getDayOfYear()",
    "object.metadata.name.matches('^[a-z]+-[0-9]+$')",
    "string(dyn('not a number at all, and long')) == 'x' && int(object.metadata.name) == 1",
    "double(object.metadata.name) == 1.0",
    "timestamp(object.metadata.name) == timestamp(object.spec)",
    "duration(object.metadata.name + ' and some more text') == duration('1s')",
    "object.spec.items[0] + 1 == object.metadata",
    "type(object.spec) == map && type(object.spec.items[0].size) == type(1)",
    "object.spec.items == object.spec.items && {'a': dyn(1), 'b': dyn([dyn(2), dyn({'c': 3})])} == "
    "object",
    "9223372036854775807 + object.spec.replicas == 1 || 1 / 0 == object.spec.replicas",
    // strings
    "object.metadata.name.split('-').join('+').replace('w', 'W').upperAscii().lowerAscii()",
    "object.metadata.name.charAt(1) + object.metadata.name.substring(1, 3) + ' x '.trim()",
    "object.metadata.name.indexOf('b') + object.metadata.name.lastIndexOf('-')",
    "'%s %d %.3f %x %e'.format([object, 12, 2.5, 'abc', 1.5])",
    "'%s %s'.format([timestamp('2020-01-01T00:00:00Z'), duration('90m')])",
    "object.metadata.name.substring(99) + object.metadata.name.charAt(-1)",
    "strings.quote(object.metadata.name + '\\n')",
    "'%d'.format([object.metadata.name]) + '%q'.format(object.spec.items)",
    // lists, sets, two-variable macros, optional values
    "object.spec.items.slice(0, 2).map(i, i.name).distinct().reverse() == ['b', 'a']",
    "[3, 1, 2].sort() == [1, 2, 3] && lists.range(100).size() == 100",
    "[[1, 2], [3]].flatten() == [1, 2, 3] && object.spec.items.sortBy(i, i.name).size() == 3",
    "[3, 1, 2].isSorted() || [1, 2].sum() == 3 && [1, 2].min() < [1, 2].max()",
    "[1, 2].indexOf(2) == [2, 2].lastIndexOf(2)",
    "sets.contains([1, 2, 3], [2]) && sets.equivalent([1], [1, 1]) && sets.intersects([1], [2])",
    "object.spec.items.slice(2, 1) == [dyn(1), dyn('a')].sort()",
    "object.spec.items.transformMap(i, v, string(i) + v.name).size() == 3",
    "object.metadata.labels.all(k, v, k != v) && [1, 2].transformList(i, v, i + v) == [1, 3]",
    "optional.of(object.spec.replicas).optMap(x, x + 1).or(optional.none()).value() == 4",
    "object.?spec.?nothing.hasValue() || optional.none().value() == object",
    // regular expressions, with constant patterns and without (a cache per thread; RE2's automaton
    // grows on the heap while new texts lead to new states, so that a warmed-up one does not)
    "object.metadata.name.matches('^' + object.metadata.name + '[a-z]{0,9}$')",
    "object.metadata.name.find('[0-9]+') == '1' && object.metadata.name.findAll('[a-z]') != []",
    // quantities, versions, addresses, formats, URLs
    "quantity('1.5Gi').isGreaterThan(quantity('500Mi')) && isQuantity('1Ki')",
    "quantity('1Gi').add(quantity('500Mi')).sub(2).asInteger() > 1",
    "quantity('1500m').asApproximateFloat() == 1.5 && sign(quantity('-1')) == -1",
    "semver('1.2.3').compareTo(semver('1.10.0')) < 0 && semver('v1.2', true).major() == 1",
    "isQuantity('ten') || isQuantity('1Kib') || isQuantity(object.metadata.name)",
    "ip('10.0.0.1').family() == 4 && ip('2001:db8::1').isGlobalUnicast()",
    "cidr('10.0.0.0/8').containsIP('10.1.1.1') && cidr('10.0.0.0/8').prefixLength() == 8",
    "string(ip('10.0.0.1')) == '10.0.0.1' && string(cidr('10.0.0.0/8').masked()) != ''",
    "ip.isCanonical('10.0.0.1')",
    "url('http://a/b').getHost() == 'a'",
    "format.dns1123Label().validate(object.metadata.name).hasValue()",
};

constexpr std::string_view kSpec[] = {
    "math.greatest(1, 2.5, 3) + math.least([1, 2]) > 0",
    "math.ceil(1.5) + math.floor(2.5) + math.round(0.5) + math.sqrt(4.0) > 0.0",
    "math.bitAnd(5, 3) + math.bitOr(1, 2) == 4",
    "base64.encode(b'hello, world') == 'aGVsbG8sIHdvcmxk' && base64.decode('aGVsbG8=') == b'hello'",
    "base64.decode('no base64 at all!') == b''",
    "object.metadata.name.reverse() + strings.quote('a long text with \\n and \\u0001 in it')",
    "regex.replace(object.metadata.name, '[a-z]', 'x') + regex.extract('k1', '[0-9]').value()",
    "regex.extractAll(object.metadata.name, '[a-z]').size() == 3",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
    "'%s %s'.format([object, {'b': 1.5, 'a': [timestamp('2020-01-01T00:00:00Z')]}])",
};

constexpr std::string_view kKyverno[] = {
    "sha256(object.metadata.name).size() == 64",
    "image('nginx:1.27').tag() == '1.27' && isImage('nginx')",
    "math.abs(-1) == 1",
};

// What takes memory from the heap, and why. Each is tested to do so: a row that no longer does
// belongs above.
constexpr std::string_view kAllocating[] = {
    // Values of src/scalar own their texts: beyond 15 bytes these are on the heap ...
    "url('https://example.com/').getHost() == 'example.com'",
    "image('ghcr.io/organization/application:1.0').tag() == '1.0'",
    "quantity('12345678901234567890').asApproximateFloat() > 0.0",
    "semver('1.2.3-very.long.prerelease').major() == 1",
    "string(ip('2001:db8:1:2:3:4:5:6')) != ''",
    // ... and so are the messages of their errors.
    "isSemver('1.2.x')",
    "isIP('300.1.1.1')",
    "isCIDR('10.0.0.0')",
    "quantity('ten').asInteger() == 1",
    "url('no url').getHost() == ''",
    // OpenSSL's digests come back as std::string; certificates and documents as values that own
    // memory (not tested here: they need more than an expression).
    "hash.md5(object.metadata.name) == ''",
};

class Allocations : public testing::Test {
 protected:
  Allocations() : source_(document::Source::from_text("object.json", std::string(kObject))) {
    for (const document::Slice& slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena_, {}, documents_, errors_);
    }
  }

  // Of one evaluation after three others.
  std::size_t count(std::string_view profile, std::string_view expression) {
    TypePool pool;
    Environment::Options options;
    options.profile = *parse_profile(profile);
    options.variables = {{"object", &kDyn}};
    const auto environment = Environment::create(pool, std::move(options));
    auto ast = parse(expression, {.profile = environment->options().profile, .limits = {}});
    auto checked = ast ? check(std::move(*ast), *environment) : std::unexpected(ast.error());
    EXPECT_TRUE(checked) << expression << "\n" << checked.error().front().message;
    if (!checked) {
      return 0;
    }
    // Constants would else be computed beforehand.
    const auto program = compile(*checked, *environment, {.fold_constants = false});
    EXPECT_TRUE(program) << expression;
    if (!program) {
      return 0;
    }
    const Value variables[] = {Value::from_node(documents_.at(0).root)};
    for (int i = 0; i < 3; ++i) {
      evaluator_.reset();
      static_cast<void>(evaluator_.evaluate(*program, variables));
    }
    evaluator_.reset();
    const std::size_t before = allocations;
    static_cast<void>(evaluator_.evaluate(*program, variables));
    return allocations - before;
  }

  std::shared_ptr<const document::Source> source_;
  Arena arena_;
  std::vector<document::Document> documents_;
  std::vector<document::DocumentError> errors_;
  Evaluator evaluator_;
};

TEST_F(Allocations, NoneAfterWarmUp) {
  for (const std::string_view expression : kKubernetes) {
    EXPECT_EQ(count("kubernetes", expression), 0U) << expression;
  }
  for (const std::string_view expression : kSpec) {
    EXPECT_EQ(count("spec", expression), 0U) << expression;
  }
  for (const std::string_view expression : kKyverno) {
    EXPECT_EQ(count("kyverno", expression), 0U) << expression;
  }
}

TEST_F(Allocations, OfTheExceptions) {
  for (const std::string_view expression : kAllocating) {
    EXPECT_NE(count("kyverno", expression), 0U) << expression;
  }
}

}  // namespace
}  // namespace tally::cel
