package main

import "fmt"

// expressions are evaluated with object = the ConfigMap of expressionCases; each shows its value as the text of a warning.
var expressions = []string{
	"object.data.text.charAt(1)", "string(object.data.text.indexOf('b'))", "string(object.data.text.lastIndexOf('a'))", "object.data.text.lowerAscii()",
	"object.data.text.upperAscii()", "object.data.text.replace('a', 'o')", "object.data.text.replace('a', 'o', 1)",
	"object.data.list.split(',').join('|')", "object.data.list.split(',', 2).join('|')", "object.data.text.substring(2)",
	"object.data.text.substring(1, 3)", "object.data.padded.trim()", "string(object.data.text.matches('^a.*a$'))", "object.data.list.find('[b-z]')",
	"object.data.list.findAll('[a-z]').join('')", "object.data.list.findAll('[a-z]', 2).join('')", "'%s'.format([[1, 'a', null, {'k': 2}]])",
	"string([3, 1, 2].isSorted())", "string([1, 2, 3].sum())", "string([1.5, 2.5].sum())", "string(['b', 'a'].min())", "string([1, 9, 3].max())",
	"string([1, 2, 2].indexOf(2))", "string([1, 2, 2].lastIndexOf(2))", "string([1, 2].size() + 'ab'.size())", "string([1, 2] + [3] == [1, 2, 3])",
	"object.data.text.reverse()", "string(size(object.data))", "string('a' in ['a', 'b'])", "string('text' in object.data)",
	"string([1, 2, 3].exists_one(x, x > 2))", "string([1, 2, 3].map(x, x > 1, x * 10).size())", "string({'a': 1, 'b': 2}.all(k, k < 'c'))",
	"string([[1], [2, 3]].map(x, x.size()).sum())", "string(object.data.all(k, v, v.size() >= 0))", "string([5, 6].exists(i, v, i == 1 && v == 6))",
	"string([1, 2].transformList(i, v, i + v).sum())", "string({'a': 1}.transformMap(k, v, v + 1).a)", "string(sets.contains([1, 2], [2]))",
	"string(sets.equivalent([1, 2, 2], [2, 1]))", "string(sets.intersects([1], [2]))", "string(7 / 2)", "string(-7 / 2)", "string(-7 % 3)",
	"string(7.0 / 2.0)", "string(1.0)", "string(1e20)", "string(0.1 + 0.2)", "string(100000000000000000000.0)", "string(1.0 / 3.0)",
	"string(int('42') + int(3.9) + int(-3.9))", "string(uint(5))", "string(double('1.5'))", "string(bool('true'))", "string(1 < 1.5)", "string(b'abc')",
	"string(type(1) == int)", "string(type(object.metadata.name) == string)", "string(-9223372036854775808)", "string(1u + 2u)", "string(0x1F)",
	"string(true != false)", "string({1: 'a'}[1])", "string(dyn([dyn(1), dyn('a')])[1])", "string(duration('1h30m'))",
	"string(duration('90s').getMinutes())", "string(duration('1500ms').getMilliseconds())", "string(timestamp('2024-02-29T12:00:00Z') + duration('24h'))",
	"string(timestamp('2024-02-29T12:00:00.5Z'))", "string(timestamp('2024-02-29T23:00:00Z').getDayOfWeek())",
	"string(timestamp('2024-02-29T23:00:00Z').getHours('Europe/Berlin'))",
	"string(timestamp('2024-01-01T00:00:00Z') - timestamp('2023-12-31T23:00:00Z'))", "string(timestamp('2024-03-01T00:00:00Z').getDayOfYear())",
	"string(timestamp('2024-03-01T00:00:00Z').getDate())", "string(quantity('1.5Gi').asInteger())", "string(quantity('100m').asApproximateFloat())",
	"string(quantity('1').compareTo(quantity('1000m')))", "string(quantity('1k').add(quantity('1')).asInteger())", "string(isQuantity('1x'))",
	"string(isQuantity('50Mi'))", "string(quantity('1Ki').isGreaterThan(quantity('1k')))", "string(quantity('0.5').isInteger())",
	"string(ip('192.168.0.1').family())", "string(ip('::1').isLoopback())", "string(isIP('10.0.0.256'))", "string(ip('fe80::1').isLinkLocalUnicast())",
	"string(ip.isCanonical('2001:DB8::A'))", "string(cidr('10.0.0.0/8').containsIP('10.1.2.3'))", "string(cidr('10.0.0.0/8').containsCIDR('10.0.0.0/7'))",
	"string(cidr('192.168.1.5/24').masked())", "string(cidr('192.168.0.0/24').prefixLength())", "string(cidr('::1/128').ip())",
	"string(isCIDR('10.0.0.0/33'))", "url('https://user@example.com:8443/a/b?x=1&x=2&y=3#f').getHost()",
	"url('https://example.com:8443/a').getHostname()", "url('https://example.com:8443/a').getPort()", "url('https://example.com/a%20b').getEscapedPath()",
	"url('https://example.com/?x=1&x=2').getQuery().x.join(',')", "url('https://example.com/').getScheme()", "string(isURL('example.com'))",
	"string(isURL('/path'))", "string(semver('1.2.3').major())", "string(semver('1.2.3-rc.1').compareTo(semver('1.2.3')))", "string(isSemver('v1.0.0'))",
	"string(isSemver('v1.0', true))", "string(semver('v1.2', true).minor())",
	"string(format.named('dns1123Label').value().validate('Not_Valid').hasValue())", "format.dns1123Subdomain().validate('a..b').value()[0]",
	"string(format.qualifiedName().validate('a/b/c').hasValue())", "string(format.uuid().validate('123').hasValue())",
	"string(format.date().validate('2024-02-30').hasValue())", "string(format.labelValue().validate('-a').hasValue())",
	"string(format.named('nothing').hasValue())", "object.?data.absent.orValue('none')", "object.?data.text.orValue('none')",
	"string(optional.of(1).hasValue())", "string(object.data.?absent.hasValue())", "string([1, 2][?5].orValue(0))",
	"string({?'a': optional.none(), 'b': 1}.size())", "object.data[?'text'].optMap(x, x + '!').orValue('')", "string(has(object.data.absent))",
	"string(has(object.metadata.labels))", "object.data['with-dash']", "object.data.__dot__dotted",
	"string(has(object.metadata.annotations) && 'a' in object.metadata.annotations)", "object.kind + ' ' + object.apiVersion",
	"string(object.metadata.name == 'expressions' ? 1 : 2)", "r'raw\\n'", "'''triple 'quoted' '''", "'\\u00e9\\U0001F600\\x41\\101'",
	"string('\\u00e9'.size())", "string('é' < 'f')", "object.data.unicode.upperAscii()", "string(object.data.unicode.size())",
	"object.data.unicode.charAt(1)", "lists.range(3).map(x, string(x)).join(',')", "[1, 2, 3, 4].slice(1, 3).map(x, string(x)).join(',')",
	"[[1, 2], [3]].flatten().map(x, string(x)).join(',')", "[3, 1, 2].sort().map(x, string(x)).join(',')",
	"[1, 1, 2].distinct().map(x, string(x)).join(',')", "['b', 'aa'].sortBy(x, x.size()).map(x, string(x)).join(',')", "strings.quote('a\\n\"b\"')",
	"string([1, 2, 3].filter(x, x > 1).map(x, x * 10).sum())", "string(quantity('2').sub(3).asInteger())", "string(dyn(1) == dyn(1.0))",
	"string(dyn(1) in [dyn(1.0)])", "'%.2f|%x|%X|%b|%o|%e'.format([3.14159, 255, 255, 5, 8, 12345.678])",
	"'%s is %d, %f and %s'.format(['one', 1, 1.5, true])", "string(quantity('-2').sign())",
}

// refusedExpressions do not compile in the server: what it says about a policy with one of them is recorded.
var refusedExpressions = []string{
	"'%s is %d, %f and %t'.format(['one', 1, 1.5, true])", "'%5.2f|%x|%X|%b|%o|%e'.format([3.14159, 255, 255, 5, 8, 12345.678])", "string(1 == 1.0)",
	"string(1 in [1.0])", "string(math.greatest(1, 3, 2))", "string(math.least([4, 2]))", "string(math.abs(-3))", "string(math.ceil(1.2))",
	"string(quantity('2').sub(3).sign())", "base64.encode(b'abc')", "string(base64.decode('YWJj'))", "string([1, 2, 3].filter(x, x > 1).map(x, x * 10))",
	"cel.bind(x, object.data.text, x + x)", "object.metadata.name", "undeclared", "object.metadata.name.nothing()", "1 +", "'unterminated",
	"object.metadata.name + 1", "[1, 'a']", "{1: 2, 'a': 3}",
}

const expressionsPerPolicy = 12

// shown fails with the value of an expression. The number keeps the warnings apart: the server drops equal ones.
func shown(i int, expression string) object {
	return object{"expression": "false", "messageExpression": fmt.Sprintf("'%d: ' + string(%s)", i, expression), "message": fmt.Sprintf("%d: no value", i)}
}

// expressionCases show the values of some expressions per policy, one warning for each.
func expressionCases() []policyCase {
	subject := configMap("expressions", object{"text": "abca", "list": "a,b,c", "padded": "  x\t", "with-dash": "dashed", "dotted": "d", "unicode": "añb😀"})
	var cases []policyCase
	for first := 0; first < len(expressions); first += expressionsPerPolicy {
		var validations []any
		for i, expression := range expressions[first:min(first+expressionsPerPolicy, len(expressions))] {
			validations = append(validations, shown(i, expression))
		}
		name := fmt.Sprintf("expressions-%02d", first/expressionsPerPolicy)
		c := newCase(name, policy(name, with(baseSpec(), object{"validations": validations})), binding(name, object{"validationActions": texts("Warn")}))
		cases = append(cases, c.create(subject).policyCase)
	}
	for i, expression := range refusedExpressions {
		name := fmt.Sprintf("refused-%02d", i)
		spec := with(baseSpec(), object{"validations": list(object{"expression": expression})})
		cases = append(cases, newCase(name, policy(name, spec)).policyCase)
	}
	return cases
}
