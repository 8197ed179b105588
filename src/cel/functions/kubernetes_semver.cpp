// The library kubernetes.Semver (k8s.io/apiserver v0.36, pkg/cel/library/semverlib.go), versions 0
// and 1.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "scalar/semver.hpp"

namespace tally::cel {

namespace {

using scalar::Semver;

// A version without memory of its own: what scalar::Semver says, as views of the arena.
struct Version {
  std::string_view text;  // parses
};

Semver read(const void* data) {
  return Semver::parse(static_cast<const Version*>(data)->text).value_or(Semver{});
}

bool equal_versions(const void* a, const void* b) { return read(a).compare(read(b)) == 0; }

std::string_view version_text(Arena& /*arena*/, const void* data) {
  return static_cast<const Version*>(data)->text;
}

constexpr OpaqueKind kSemverKind{
    .type_name = "kubernetes.Semver", .equal = equal_versions, .text = version_text};

Semver semver_of(const Value& value) { return read(value.as_opaque().data); }

bool wants_normalization(std::span<const Value> args) {
  return args.size() == 2 && args[1].as_bool();
}

Value parse(EvalContext& context, std::span<const Value> args) {
  std::string_view text = args[0].text();
  if (wants_normalization(args)) {
    const auto normalized = scalar::normalize_semver(text);
    if (!normalized) {
      return invalid(context, {normalized.error().message});
    }
    text = context.arena.copy(*normalized);
  }
  if (const auto version = Semver::parse(text); !version) {
    return invalid(context, {version.error().message});
  }
  return opaque_value(context.arena, kSemverKind, Version{text});
}

Value is_semver(EvalContext& /*context*/, std::span<const Value> args) {
  if (!wants_normalization(args)) {
    return Value::boolean(Semver::parse(args[0].text()).has_value());
  }
  const auto normalized = scalar::normalize_semver(args[0].text());
  return Value::boolean(normalized && Semver::parse(*normalized));
}

template <std::uint64_t (Semver::*kPart)() const noexcept>
Value part(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::integer(static_cast<std::int64_t>((semver_of(args[0]).*kPart)()));
}

Value compare_to(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::integer(semver_of(args[0]).compare(semver_of(args[1])));
}

Value is_greater(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(semver_of(args[0]).compare(semver_of(args[1])) > 0);
}

Value is_less(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(semver_of(args[0]).compare(semver_of(args[1])) < 0);
}

constexpr auto kParse = std::to_array<Overload>({
    {.id = "string_to_semver",
     .signature = "(string) -> kubernetes.Semver",
     .apply = parse,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kParseNormalized = std::to_array<Overload>({
    {.id = "string_bool_to_semver",
     .signature = "(string, bool) -> kubernetes.Semver",
     .apply = parse,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIsSemver = std::to_array<Overload>({
    {.id = "is_semver_string",
     .signature = "(string) -> bool",
     .apply = is_semver,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIsSemverNormalized = std::to_array<Overload>({
    {.id = "is_semver_string_bool",
     .signature = "(string, bool) -> bool",
     .apply = is_semver,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIsGreaterThan = std::to_array<Overload>({
    {.id = "semver_is_greater_than",
     .signature = "(kubernetes.Semver, kubernetes.Semver) -> bool",
     .apply = is_greater,
     .member = true},
});
constexpr auto kIsLessThan = std::to_array<Overload>({
    {.id = "semver_is_less_than",
     .signature = "(kubernetes.Semver, kubernetes.Semver) -> bool",
     .apply = is_less,
     .member = true},
});
constexpr auto kCompareTo = std::to_array<Overload>({
    {.id = "semver_compare_to",
     .signature = "(kubernetes.Semver, kubernetes.Semver) -> int",
     .apply = compare_to,
     .member = true},
});
constexpr auto kMajor = std::to_array<Overload>({
    {.id = "semver_major",
     .signature = "(kubernetes.Semver) -> int",
     .apply = part<&Semver::major>,
     .member = true},
});
constexpr auto kMinor = std::to_array<Overload>({
    {.id = "semver_minor",
     .signature = "(kubernetes.Semver) -> int",
     .apply = part<&Semver::minor>,
     .member = true},
});
constexpr auto kPatch = std::to_array<Overload>({
    {.id = "semver_patch",
     .signature = "(kubernetes.Semver) -> int",
     .apply = part<&Semver::patch>,
     .member = true},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "semver",
     .library = Library::KubernetesSemver,
     .overloads = kParse,
     .summary = "A semantic version, read from a string.\nsemver('1.2.3').major() == 1"},
    {.name = "semver",
     .library = Library::KubernetesSemver,
     .library_version = 1,
     .overloads = kParseNormalized,
     .summary = "The same; with true a leading 'v', leading zeros and missing parts are allowed.\n"
                "semver('v1.0', true) == semver('1.0.0')"},
    {.name = "isSemver",
     .library = Library::KubernetesSemver,
     .overloads = kIsSemver,
     .summary = "Whether a string is a semantic version.\nisSemver('1.0.0-rc.1')"},
    {.name = "isSemver",
     .library = Library::KubernetesSemver,
     .library_version = 1,
     .overloads = kIsSemverNormalized,
     .summary = "The same, for what semver() with normalization reads.\nisSemver('v1.0', true)"},
    {.name = "isGreaterThan",
     .library = Library::KubernetesSemver,
     .overloads = kIsGreaterThan,
     .summary = "Whether a version comes after another one.\n"
                "semver('1.2.3').isGreaterThan(semver('1.2.3-rc.1'))"},
    {.name = "isLessThan",
     .library = Library::KubernetesSemver,
     .overloads = kIsLessThan,
     .summary = "Whether a version comes before another one.\n"
                "semver('1.2.3').isLessThan(semver('1.10.0'))"},
    {.name = "compareTo",
     .library = Library::KubernetesSemver,
     .overloads = kCompareTo,
     .summary = "-1, 0 or 1 as a version comes before, is or comes after another one.\n"
                "semver('1.2.3').compareTo(semver('1.2.3+build')) == 0"},
    {.name = "major",
     .library = Library::KubernetesSemver,
     .overloads = kMajor,
     .summary = "The first number.\nsemver('1.2.3').major() == 1"},
    {.name = "minor",
     .library = Library::KubernetesSemver,
     .overloads = kMinor,
     .summary = "The second number.\nsemver('1.2.3').minor() == 2"},
    {.name = "patch",
     .library = Library::KubernetesSemver,
     .overloads = kPatch,
     .summary = "The third number.\nsemver('1.2.3').patch() == 3"},
});

}  // namespace

std::span<const Function> kubernetes_semver_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
