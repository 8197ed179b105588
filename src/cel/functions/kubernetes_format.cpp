// The library kubernetes.format (k8s.io/apiserver v0.36, pkg/cel/library/format.go): named formats
// of strings, in the words of k8s.io/apimachinery v0.36 (pkg/util/validation,
// pkg/api/validate/content) and by the rules of kube-openapi's strfmt.
#include <re2/re2.h>

#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "cel/internal/regex.hpp"
#include "scalar/time_text.hpp"
#include "scalar/url.hpp"

namespace tally::cel {

namespace {

using Texts = ListBuilder;

// A pattern with what upstream says of a text that does not match it (RegexError).
struct Syntax {
  std::string_view pattern;
  std::string_view message;
  std::string_view examples;  // between "(e.g. " and ", regex used"
  std::size_t size_max = 0;   // bytes
};

constexpr Syntax kLabel{
    .pattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    .message =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
        "'-', and must start and end with an alphanumeric character",
    .examples = "'my-name',  or '123-abc'",
    .size_max = 63};
constexpr Syntax kSubdomain{
    .pattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    .message =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
        "'-' or '.', and must start and end with an alphanumeric character",
    .examples = "'example.com'",
    .size_max = 253};
constexpr Syntax kRfc1035Label{
    .pattern = "[a-z]([-a-z0-9]*[a-z0-9])?",
    .message =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
        "with an alphabetic character, and end with an alphanumeric character",
    .examples = "'my-name',  or 'abc-123'",
    .size_max = 63};
constexpr Syntax kKeyName{
    .pattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    .message =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
        "with an alphanumeric character",
    .examples = "'MyName',  or 'my.name',  or '123-abc'",
    .size_max = 63};
constexpr Syntax kLabelValue{
    .pattern = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
    .message =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', "
        "'_' or '.', and must start and end with an alphanumeric character",
    .examples = "'MyValue',  or 'my_value',  or '12345'",
    .size_max = 63};

bool matches(std::string_view text, std::string_view pattern) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), cached_regex(pattern));
}

std::string_view mismatch(Arena& arena, const Syntax& syntax) {
  return arena.concat({syntax.message, " (e.g. ", syntax.examples,
                       ", regex used for validation is '", syntax.pattern, "')"});
}

void say(Arena& arena, Texts& problems, std::initializer_list<std::string_view> parts) {
  problems.add(Value::string(arena.concat(parts)));
}

void check_size(Arena& arena, Texts& problems, std::string_view text, const Syntax& syntax,
                std::string_view prefix = {}) {
  if (text.size() > syntax.size_max) {
    say(arena, problems,
        {prefix, "must be no more than ", decimal(arena, std::uint64_t{syntax.size_max}),
         " characters"});
  }
}

void check_label(Arena& arena, Texts& problems, std::string_view text) {
  check_size(arena, problems, text, kLabel);
  if (!matches(text, kLabel.pattern)) {
    say(arena, problems,
        {matches(text, kSubdomain.pattern) ? "must not contain dots" : mismatch(arena, kLabel)});
  }
}

void check_subdomain(Arena& arena, Texts& problems, std::string_view text) {
  check_size(arena, problems, text, kSubdomain);
  if (!matches(text, kSubdomain.pattern)) {
    say(arena, problems, {mismatch(arena, kSubdomain)});
  }
}

void check_rfc1035_label(Arena& arena, Texts& problems, std::string_view text) {
  check_size(arena, problems, text, kRfc1035Label);
  if (!matches(text, kRfc1035Label.pattern)) {
    say(arena, problems, {mismatch(arena, kRfc1035Label)});
  }
}

void check_label_value(Arena& arena, Texts& problems, std::string_view text) {
  check_size(arena, problems, text, kLabelValue);
  if (!matches(text, kLabelValue.pattern)) {
    say(arena, problems, {mismatch(arena, kLabelValue)});
  }
}

// content.IsLabelKey.
void check_qualified_name(Arena& arena, Texts& problems, std::string_view text) {
  std::string_view name = text;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      say(arena, problems,
          {"a valid label key ", mismatch(arena, kKeyName),
           " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"});
      return;
    }
    if (prefix.empty()) {
      say(arena, problems, {"prefix part must be non-empty"});
    } else {
      check_size(arena, problems, prefix, kSubdomain, "prefix part ");
      if (!matches(prefix, kSubdomain.pattern)) {
        say(arena, problems, {"prefix part ", mismatch(arena, kSubdomain)});
      }
    }
  }
  if (name.empty()) {
    say(arena, problems, {"name part must be non-empty"});
  }
  check_size(arena, problems, name, kKeyName, "name part ");
  if (!matches(name, kKeyName.pattern)) {
    say(arena, problems, {"name part ", mismatch(arena, kKeyName)});
  }
}

// maskTrailingDash: what a name is generated from may end in a dash.
std::string_view mask_trailing_dash(Arena& arena, std::string_view text) {
  return text.size() > 1 && text.ends_with('-')
             ? arena.concat({text.substr(0, text.size() - 2), "a"})
             : text;
}

using Check = void (*)(Arena&, Texts&, std::string_view);

template <Check kCheck>
void check_prefix(Arena& arena, Texts& problems, std::string_view text) {
  kCheck(arena, problems, mask_trailing_dash(arena, text));
}

void check_uri(Arena& arena, Texts& problems, std::string_view text) {
  if (const auto url = scalar::Url::parse_request_uri(text); !url) {
    say(arena, problems, {url.error().message});
  }
}

void check_uuid(Arena& arena, Texts& problems, std::string_view text) {
  constexpr std::string_view kPattern =
      "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}";
  if (!matches(text, kPattern)) {
    say(arena, problems, {"does not match the UUID format"});
  }
}

void check_byte(Arena& arena, Texts& problems, std::string_view text) {
  constexpr std::string_view kPattern =
      "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})";
  if (!matches(text, kPattern)) {
    say(arena, problems, {"invalid base64"});
  }
}

// time.Parse("2006-01-02"). Every year of four digits has the days of the same year 2000 years
// later.
bool is_date(std::string_view text) {
  if (!matches(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
    return false;
  }
  const auto number = [text](std::size_t begin, std::size_t size) {
    unsigned value = 0;
    for (const char c : text.substr(begin, size)) {
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
  };
  const scalar::CivilDay day{
      .year = std::int64_t{number(0, 4)} + 2000, .month = number(5, 2), .day = number(8, 2)};
  if (day.month < 1 || day.month > 12 || day.day < 1 || day.day > 31) {
    return false;
  }
  return scalar::civil_from_days(scalar::days_from_civil(day)).day == day.day;
}

void check_date(Arena& arena, Texts& problems, std::string_view text) {
  if (!is_date(text)) {
    say(arena, problems, {"invalid date"});
  }
}

// strfmt.IsDateTime: a date, "t", a time; what stands behind another "t" is not looked at.
bool is_date_time(std::string_view text) {
  const std::size_t t = text.find_first_of("tT");
  if (t == std::string_view::npos || !is_date(text.substr(0, t))) {
    return false;
  }
  const std::string_view rest = text.substr(t + 1);
  const std::string_view time = rest.substr(0, rest.find_first_of("tT"));
  return matches(time,
                 "([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?([zZ]|([+-][0-9]{2}:[0-9]{2}))") &&
         time.substr(0, 2) <= "23" && time.substr(3, 2) <= "59" && time.substr(6, 2) <= "59";
}

void check_date_time(Arena& arena, Texts& problems, std::string_view text) {
  if (!is_date_time(text)) {
    say(arena, problems, {"invalid datetime"});
  }
}

struct Format {
  std::string_view function;  // "format.dns1123Label"
  std::string_view name;      // "DNS1123Label"
  Check check;
  std::uint64_t pattern_size;  // what upstream takes for the cost of validate()
};

constexpr std::string_view kFunctionPrefix = "format.";

constexpr auto kFormats = std::to_array<Format>({
    {"format.dns1123Label", "DNS1123Label", check_label, 30},
    {"format.dns1123Subdomain", "DNS1123Subdomain", check_subdomain, 60},
    {"format.dns1035Label", "DNS1035Label", check_rfc1035_label, 30},
    {"format.qualifiedName", "QualifiedName", check_qualified_name, 60},
    {"format.dns1123LabelPrefix", "DNS1123LabelPrefix", check_prefix<check_label>, 30},
    {"format.dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", check_prefix<check_subdomain>, 60},
    {"format.dns1035LabelPrefix", "DNS1035LabelPrefix", check_prefix<check_rfc1035_label>, 30},
    {"format.labelValue", "LabelValue", check_label_value, 40},
    {"format.uri", "URI", check_uri, 1103},
    {"format.uuid", "uuid", check_uuid, 70},
    {"format.byte", "byte", check_byte, 84},
    {"format.date", "date", check_date, 71},
    {"format.datetime", "datetime", check_date_time, 71},
});

bool equal_formats(const void* a, const void* b) { return a == b; }

std::string_view format_text(Arena& /*arena*/, const void* data) {
  return static_cast<const Format*>(data)->name;
}

std::uint64_t format_size(const void* data) {
  return static_cast<const Format*>(data)->pattern_size;
}

constexpr OpaqueKind kFormatKind{.type_name = "kubernetes.NamedFormat",
                                 .equal = equal_formats,
                                 .text = format_text,
                                 .size = format_size};

template <std::size_t kIndex>
constexpr OpaqueValue kFormatValue{&kFormatKind, &kFormats[kIndex]};

template <std::size_t kIndex>
Value constant_format(EvalContext& /*context*/, std::span<const Value> /*args*/) {
  return Value::opaque(&kFormatValue<kIndex>);
}

Value named(EvalContext& context, std::span<const Value> args) {
  for (const Format& format : kFormats) {
    if (format.function.substr(kFunctionPrefix.size()) == args[0].text()) {
      return make_optional(context.arena, make_opaque(context.arena, kFormatKind, &format));
    }
  }
  return Value::optional(nullptr);
}

Value validate(EvalContext& context, std::span<const Value> args) {
  ListBuilder problems(context.arena);
  opaque_data<Format>(args[0]).check(context.arena, problems, args[1].text());
  return problems.size() == 0 ? Value::optional(nullptr)
                              : make_optional(context.arena, problems.finish());
}

template <std::size_t kIndex>
constexpr std::array<Overload, 1> kConstant{{{.id = kFormats[kIndex].function,
                                              .signature = "() -> kubernetes.NamedFormat",
                                              .apply = constant_format<kIndex>}}};

template <std::size_t kIndex>
constexpr Function constant(std::string_view summary) {
  return {.name = kFormats[kIndex].function,
          .library = Library::KubernetesFormat,
          .overloads = kConstant<kIndex>,
          .summary = summary};
}

constexpr auto kNamed = std::to_array<Overload>({
    {.id = "format-named",
     .signature = "(string) -> optional_type(kubernetes.NamedFormat)",
     .apply = named},
});
constexpr auto kValidate = std::to_array<Overload>({
    {.id = "format-validate",
     .signature = "(kubernetes.NamedFormat, string) -> optional_type(list(string))",
     .apply = validate,
     .member = true},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "format.named",
     .library = Library::KubernetesFormat,
     .overloads = kNamed,
     .summary = "The format of a name; none if there is no such format.\n"
                "format.named('uuid').value() == format.uuid()"},
    {.name = "validate",
     .library = Library::KubernetesFormat,
     .overloads = kValidate,
     .summary = "What is wrong with a string in a format; none if nothing is.\n"
                "!format.dns1123Label().validate('my-label-name').hasValue()"},
    constant<0>("The format of an RFC 1123 label: namespaces, containers."),
    constant<1>("The format of an RFC 1123 subdomain: the names of most objects."),
    constant<2>("The format of an RFC 1035 label: a label that starts with a letter."),
    constant<3>("The format of the keys of labels and annotations."),
    constant<4>("The format of what an RFC 1123 label may be generated from."),
    constant<5>("The format of what an RFC 1123 subdomain may be generated from."),
    constant<6>("The format of what an RFC 1035 label may be generated from."),
    constant<7>("The format of the values of labels."),
    constant<8>("The format of an absolute URI."),
    constant<9>("The format of a UUID, with or without dashes."),
    constant<10>("The format of bytes in base64."),
    constant<11>("The format of a date: 2021-01-01."),
    constant<12>("The format of a time: 2021-01-01T00:00:00Z."),
});

}  // namespace

std::span<const Function> kubernetes_format_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
