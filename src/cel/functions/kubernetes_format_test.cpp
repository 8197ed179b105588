#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KubernetesFormatTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(format.dns1123Label().validate("a.b"))cel",
       R"cel(optional.of(["must not contain dots"]))cel", 9},
      {R"cel(format.dns1123Label().validate("-a"))cel",
       R"cel(optional.of(["a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"]))cel",
       9},
      {R"cel(format.dns1123Label().validate("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"))cel",
       R"cel(optional.of(["must be no more than 63 characters"]))cel", 57},
      {R"cel(format.dns1123Label().validate("AAaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"))cel",
       R"cel(optional.of(["must be no more than 63 characters", "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"]))cel",
       57},
      {R"cel(format.dns1123Subdomain().validate("a..b"))cel",
       R"cel(optional.of(["a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"]))cel",
       16},
      {R"cel(format.dns1035Label().validate("1a"))cel",
       R"cel(optional.of(["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"]))cel",
       9},
      {R"cel(format.qualifiedName().validate("/x"))cel",
       R"cel(optional.of(["prefix part must be non-empty"]))cel", 16},
      {R"cel(format.qualifiedName().validate("a/b/c"))cel",
       R"cel(optional.of(["a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]))cel",
       16},
      {R"cel(format.qualifiedName().validate("A_/"))cel",
       R"cel(optional.of(["prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')", "name part must be non-empty", "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"]))cel",
       16},
      {R"cel(format.dns1123LabelPrefix().validate("abc-"))cel", "optional.none()", 9},
      {R"cel(format.labelValue().validate(""))cel", "optional.none()", 11},
      {R"cel(format.labelValue().validate("-"))cel",
       R"cel(optional.of(["a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"]))cel",
       11},
      {R"cel(format.uri().validate("foo"))cel",
       R"cel(optional.of(["parse \"foo\": invalid URI for request"]))cel", 277},
      {R"cel(format.uuid().validate("123e4567-e89b-12d3-a456-426614174000"))cel", "optional.none()",
       73},
      {R"cel(format.uuid().validate("x"))cel",
       R"cel(optional.of(["does not match the UUID format"]))cel", 19},
      {R"cel(format.byte().validate("aGVsbG8="))cel", "optional.none()", 22},
      {R"cel(format.byte().validate("aGVsbG8"))cel", R"cel(optional.of(["invalid base64"]))cel",
       22},
      {R"cel(format.date().validate("2021-02-29"))cel", R"cel(optional.of(["invalid date"]))cel",
       37},
      {R"cel(format.date().validate("2020-02-29"))cel", "optional.none()", 37},
      {R"cel(format.date().validate("0000-01-01"))cel", "optional.none()", 37},
      {R"cel(format.datetime().validate("2021-01-01T00:00:00Z"))cel", "optional.none()", 55},
      {R"cel(format.datetime().validate("2021-01-01T24:00:00Z"))cel",
       R"cel(optional.of(["invalid datetime"]))cel", 55},
      {R"cel(format.datetime().validate("2021-01-01t00:00:00x5+01:00"))cel", "optional.none()", 55},
      {R"cel(format.named("uuid").hasValue())cel", "true", 2},
      {R"cel(format.named("nope").hasValue())cel", "false", 2},
      {R"cel(format.named("uuid").value() == format.uuid())cel", "true", 4},
  });
  expect_values("kubernetes", kCases);
}

}  // namespace
}  // namespace tally::cel
