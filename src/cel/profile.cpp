#include "cel/profile.hpp"

#include <charconv>

namespace tally::cel {

namespace {

constexpr std::uint8_t kNever = 0;
constexpr std::uint8_t kAlways = 1;
constexpr std::uint16_t kMinorFirst = 23;  // CEL came with 1.23 (CRD validation rules)
constexpr std::uint16_t kMinorLast = 36;

// Which version of a library who has. Rows of one library ascend; a version that has no row of its
// own counts as the next higher one.
//
// Kubernetes: k8s.io/apiserver v0.36.3 pkg/cel/environment/base.go; what the libraries of cel-go
// brought without a version is dated by the cel-go that a release vendors (1.28: 0.16, 1.33: 0.23).
// Kyverno 1.19: pkg/cel/compiler/env.go on top of the API server's environment
// (policies/*/compiler) with the libraries of github.com/kyverno/sdk extensions/cel/libs.
struct Row {
  Library library;
  std::uint8_t version;
  std::uint8_t kubernetes;  // first minor; kAlways, kNever
  bool kyverno;
  bool spec;
};

constexpr Row kRows[] = {
    {Library::Standard, 0, kAlways, true, true},
    {Library::Standard, 1, kNever, false,
     true},  // existsOne: in cel-go's parser, not in its environments
    {Library::Optional, 1, 28, true, true},
    {Library::Optional, 2, 33, true, true},
    {Library::Strings, 0, kAlways, true, true},
    {Library::Strings, 2, 29, true, true},
    {Library::Strings, 5, kNever, false, true},
    {Library::Math, 3, kNever, true, true},
    {Library::Encoders, 0, kNever, true, true},
    {Library::Encoders, 1, kNever, false, true},
    {Library::Lists, 3, 34, true, true},
    {Library::Sets, 0, 29, true, true},
    {Library::Bindings, 0, kNever, true, true},
    {Library::TwoVarComprehensions, 0, 32, true, true},
    {Library::Regex, 0, kNever, true, true},
    {Library::Network, 0, kNever, false, true},
    {Library::Block, 0, kNever, false, true},
    {Library::Protos, 0, kNever, true, true},
    {Library::KubernetesLists, 0, kAlways, true, false},
    {Library::KubernetesRegex, 0, kAlways, true, false},
    {Library::KubernetesUrl, 0, kAlways, true, false},
    {Library::KubernetesQuantity, 0, 28, true, false},
    {Library::KubernetesIp, 0, 30, true, false},
    {Library::KubernetesCidr, 0, 30, true, false},
    {Library::KubernetesFormat, 0, 31, true, false},
    {Library::KubernetesSemver, 1, 33, true, false},
    {Library::KubernetesAuthorizer, 0, 27, true, false},
    {Library::KubernetesAuthorizer, 1, 32, true, false},  // field and label selectors
    {Library::KubernetesJsonPatch, 0, 32, true, false},
    {Library::KyvernoResource, 0, kNever, true, false},
    {Library::KyvernoHttp, 0, kNever, true, false},
    {Library::KyvernoGlobalContext, 0, kNever, true, false},
    {Library::KyvernoImage, 0, kNever, true, false},
    {Library::KyvernoImageData, 0, kNever, true, false},
    {Library::KyvernoJson, 0, kNever, true, false},
    {Library::KyvernoYaml, 0, kNever, true, false},
    {Library::KyvernoX509, 0, kNever, true, false},
    {Library::KyvernoHash, 0, kNever, true, false},
    {Library::KyvernoTime, 0, kNever, true, false},
    {Library::KyvernoRandom, 0, kNever, true, false},
    {Library::KyvernoGenerator, 0, kNever, true, false},
    {Library::KyvernoEnvoy, 0, kNever, true, false},
    {Library::KyvernoJwt, 0, kNever, true, false},
    {Library::KyvernoMath, 0, kNever, true, false},
    {Library::KyvernoParse, 0, kNever, true, false},
    {Library::KyvernoUser, 0, kNever, true, false},
    {Library::KyvernoGzip, 0, kNever, true, false},
    {Library::KyvernoTransform, 0, kNever, true, false},
    {Library::KyvernoImageVerify, 0, kNever, true, false},
    {Library::KyvernoCluster, 0, kNever, true, false},
    {Library::KyvernoNamespaced, 0, kNever, true, false},
};

const Row* row_of(Library library, std::uint8_t version) noexcept {
  for (const Row& row : kRows) {
    if (row.library == library && row.version >= version) {
      return &row;
    }
  }
  return nullptr;
}

constexpr std::pair<std::string_view, Dialect> kDialects[] = {
    {"spec", Dialect::Spec},       {"kubernetes", Dialect::Kubernetes},
    {"kyverno", Dialect::Kyverno}, {"gatekeeper", Dialect::Gatekeeper},
    {"crd", Dialect::Crd},
};

constexpr std::string_view kNamespaced = ":namespaced";

bool follows_kubernetes(Dialect dialect) noexcept {
  return dialect == Dialect::Kubernetes || dialect == Dialect::Crd ||
         dialect == Dialect::Gatekeeper;
}

}  // namespace

Result<Profile> parse_profile(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  for (const auto& [known, dialect] : kDialects) {
    if (known != name) {
      continue;
    }
    Profile profile{.dialect = dialect, .minor = kMinorLast};
    if (colon == std::string_view::npos) {
      return profile;
    }
    if (dialect == Dialect::Kyverno && text.substr(colon) == kNamespaced) {
      profile.namespaced = true;
      return profile;
    }
    if (!follows_kubernetes(dialect)) {
      return content_error("profile '" + std::string(name) + "' has no versions");
    }
    std::string_view version = text.substr(colon + 1);
    unsigned minor = 0;
    if (version.starts_with("1.")) {
      version.remove_prefix(2);
      const auto [end, failed] =
          std::from_chars(version.data(), version.data() + version.size(), minor);
      if (failed == std::errc{} && end == version.data() + version.size() && minor >= kMinorFirst &&
          minor <= kMinorLast) {
        profile.minor = static_cast<std::uint16_t>(minor);
        return profile;
      }
    }
    return content_error("'" + std::string(text.substr(colon + 1)) +
                         "' is no version of a profile: expected 1." + std::to_string(kMinorFirst) +
                         " to 1." + std::to_string(kMinorLast));
  }
  return content_error("'" + std::string(name) +
                       "' is no profile: expected spec, kubernetes, crd, kyverno or gatekeeper");
}

std::string to_string(const Profile& profile) {
  for (const auto& [name, dialect] : kDialects) {
    if (dialect == profile.dialect) {
      return follows_kubernetes(dialect) && profile.minor != kMinorLast
                 ? std::string(name) + ":1." + std::to_string(profile.minor)
             : profile.namespaced ? std::string(name) + std::string(kNamespaced)
                                  : std::string(name);
    }
  }
  return "spec";
}

bool provides(const Profile& profile, Library library, std::uint8_t library_version) noexcept {
  const Row* row = row_of(library, library_version);
  if (row == nullptr) {
    return false;
  }
  switch (profile.dialect) {
    case Dialect::Spec:
      return row->spec;
    case Dialect::Kyverno:
      return row->kyverno &&
             library != (profile.namespaced ? Library::KyvernoCluster : Library::KyvernoNamespaced);
    case Dialect::Kubernetes:
    case Dialect::Crd:
    case Dialect::Gatekeeper:
      return row->kubernetes != kNever && profile.minor >= row->kubernetes;
  }
  return false;
}

std::string where_provided(Library library, std::uint8_t library_version) {
  const Row* row = row_of(library, library_version);
  if (row == nullptr) {
    return "in no profile";
  }
  if (row->kubernetes > kAlways) {
    return "since Kubernetes 1." + std::to_string(row->kubernetes);
  }
  if (row->kubernetes == kAlways) {
    return row->spec ? "in every profile" : "in the profiles of Kubernetes and in kyverno";
  }
  if (row->spec && row->kyverno) {
    return "only in the profiles spec and kyverno";
  }
  return row->spec ? "only in the profile spec" : "only in the profile kyverno";
}

Traits traits_of(const Profile& profile) noexcept {
  Traits traits;
  const bool kubernetes = follows_kubernetes(profile.dialect);
  const bool spec = profile.dialect == Dialect::Spec;
  traits.or_value_on_plain = profile.dialect == Dialect::Kyverno;
  traits.homogeneous_literals = !spec;
  traits.protobuf_names = true;
  traits.numeric_comparisons_across_types = !kubernetes || profile.minor >= 28;
  traits.null_joins_nullable = spec;
  traits.escaped_identifiers = !kubernetes;
  traits.literals_validated = !spec && (!kubernetes || profile.minor >= 29);
  traits.optional_macros_repeat_target = kubernetes;
  return traits;
}

}  // namespace tally::cel
