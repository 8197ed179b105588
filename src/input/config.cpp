#include "input/config.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/arena.hpp"
#include "base/text.hpp"
#include "document/read.hpp"
#include "input/exceptions.hpp"
#include "input/internal/selector_reader.hpp"
#include "input/internal/serve_reader.hpp"
#include "input/internal/strict_reader.hpp"

namespace tally::input {

namespace {

using document::Member;
using document::Node;

constexpr std::size_t kConfigBytesMax = std::size_t{16} << 20U;
constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";

constexpr std::array<std::string_view, 3> kTierNames = {"privileged", "baseline", "restricted"};

Result<TierEntry> read_tier_entry(const Node& node, Tier tier, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 2> kKeys = {"names", "selector"};
  TALLY_CHECK(reader.map(node, "an entry of a tier", kKeys));
  TierEntry entry{.tier = tier, .names = {}, .selector = {}, .at = reader.position(node.offset())};
  const Node* names = node.find("names");
  const Node* selector = node.find("selector");
  if (names == nullptr && selector == nullptr) {
    return std::unexpected(reader.error(
        node.offset(),
        "found an entry of a tier that names nothing, expected 'names', 'selector' or both"));
  }
  if (names != nullptr) {
    TALLY_TRY(entry.names, reader.texts(*names, "names"));
  }
  if (selector != nullptr) {
    TALLY_TRY(entry.selector, read_selector(*selector, reader));
  }
  return entry;
}

Result<void> read_tiers(const Node& node, const StrictReader& reader, Config& config) {
  TALLY_CHECK(reader.map(node, "tiers", kTierNames));
  for (const Member member : node.members()) {
    const auto tier =
        static_cast<Tier>(std::ranges::find(kTierNames, member.key) - kTierNames.begin());
    TALLY_CHECK(reader.list(member.value, member.key));
    for (const Node& item : member.value.items()) {
      TALLY_TRY(TierEntry entry, read_tier_entry(item, tier, reader));
      config.tiers.push_back(std::move(entry));
    }
  }
  return {};
}

bool is_pod_security_version(std::string_view text) {
  if (text == "latest") {
    return true;
  }
  unsigned minor = 0;
  if (!text.starts_with("v1.")) {
    return false;
  }
  const std::string_view digits = text.substr(3);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), minor);
  return parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size() &&
         (digits == "0" || digits.front() != '0') && minor < 1000;
}

Result<void> read_exemptions(const Node& node, const StrictReader& reader,
                             PodSecurityExemptions& exemptions) {
  static constexpr std::array<std::string_view, 3> kKeys = {"usernames", "runtimeClasses",
                                                            "namespaces"};
  TALLY_CHECK(reader.map(node, "podSecurity.exemptions", kKeys));
  for (const Member member : node.members()) {
    TALLY_CHECK(reader.list(member.value, member.key));
    std::vector<std::string>& values = member.key == "usernames"        ? exemptions.usernames
                                       : member.key == "runtimeClasses" ? exemptions.runtime_classes
                                                                        : exemptions.namespaces;
    for (const Node& item : member.value.items()) {
      TALLY_TRY(std::string value, reader.text(item, member.key));
      if (member.key != "usernames" && value.find_first_of("*?") != std::string::npos) {
        return std::unexpected(
            reader.error(item.offset(),
                         fmt::format("found the wildcard '{}' in '{}', expected an exact name",
                                     excerpt(value, 40), member.key),
                         "Pod Security exemptions are exact, as in the API server; use `tiers` or "
                         "`exceptions` for patterns."));
      }
      values.push_back(std::move(value));
    }
  }
  return {};
}

Result<void> read_pod_security(const Node& node, const StrictReader& reader, Config& config) {
  static constexpr std::array<std::string_view, 2> kKeys = {"version", "exemptions"};
  TALLY_CHECK(reader.map(node, "podSecurity", kKeys));
  if (const Node* version = node.find("version"); version != nullptr) {
    TALLY_TRY(config.pod_security_version, reader.text(*version, "version"));
    if (!is_pod_security_version(config.pod_security_version)) {
      return std::unexpected(reader.error(
          version->offset(),
          fmt::format(
              "found the Pod Security version '{}', expected 'latest' or 'v1.30' and the like",
              excerpt(config.pod_security_version, 30))));
    }
  }
  if (const Node* exemptions = node.find("exemptions"); exemptions != nullptr) {
    TALLY_CHECK(read_exemptions(*exemptions, reader, config.pod_security_exemptions));
  }
  return {};
}

Result<void> read_exception_list(const Node& node, const StrictReader& reader, Config& config) {
  TALLY_CHECK(reader.list(node, "exceptions"));
  std::set<std::string, std::less<>> ids;
  for (const Node& item : node.items()) {
    TALLY_TRY(finding::Exception exception, read_exception(item, reader, ExceptionId::InEntry));
    if (!ids.insert(exception.id).second) {
      return std::unexpected(reader.error(
          item.offset(), fmt::format("found the exception id '{}' twice, expected each once",
                                     excerpt(exception.id, 40))));
    }
    config.exceptions.push_back(std::move(exception));
  }
  return {};
}

Result<Config::FailOn> read_fail_on(const Node& node, const StrictReader& reader) {
  static constexpr std::array kSeverities = {finding::Severity::Critical, finding::Severity::High,
                                             finding::Severity::Medium, finding::Severity::Low,
                                             finding::Severity::Info};
  TALLY_TRY(const std::string text, reader.text(node, "failOn"));
  if (text == "never") {
    return Config::FailOn{.severity = std::nullopt};
  }
  for (const finding::Severity severity : kSeverities) {
    if (finding::to_text(severity) == text) {
      return Config::FailOn{.severity = severity};
    }
  }
  return std::unexpected(reader.error(
      node.offset(),
      fmt::format("found '{}' for 'failOn', expected critical, high, medium, low, info or never",
                  excerpt(text, 30))));
}

Result<void> read_header(const Node& root, const StrictReader& reader) {
  const Node* version = root.find("apiVersion");
  const Node* kind = root.find("kind");
  if (version == nullptr || version->text() != kApiVersion) {
    return std::unexpected(reader.error(
        version == nullptr ? root.offset() : version->offset(),
        version == nullptr
            ? fmt::format("found no apiVersion, expected 'apiVersion: {}'", kApiVersion)
            : fmt::format("found {} for apiVersion, expected '{}'", found_text(*version),
                          kApiVersion)));
  }
  if (kind == nullptr || kind->text() != "Configuration") {
    return std::unexpected(reader.error(
        kind == nullptr ? root.offset() : kind->offset(),
        kind == nullptr
            ? std::string("found no kind, expected 'kind: Configuration'")
            : fmt::format("found {} for kind, expected 'Configuration'", found_text(*kind))));
  }
  return {};
}

Result<Config> read_root(const Node& root, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 10> kKeys = {
      "apiVersion",       "kind",        "tiers", "podSecurity", "exceptions", "failOn", "exclude",
      "defaultNamespace", "enforcement", "serve"};
  TALLY_CHECK(reader.map(root, "the configuration", kKeys));
  TALLY_CHECK(read_header(root, reader));
  Config config;
  config.file = reader.file();
  for (const Member member : root.members()) {
    if (member.key == "tiers") {
      TALLY_CHECK(read_tiers(member.value, reader, config));
    } else if (member.key == "podSecurity") {
      TALLY_CHECK(read_pod_security(member.value, reader, config));
    } else if (member.key == "exceptions") {
      TALLY_CHECK(read_exception_list(member.value, reader, config));
    } else if (member.key == "failOn") {
      TALLY_TRY(config.fail_on, read_fail_on(member.value, reader));
    } else if (member.key == "exclude") {
      TALLY_TRY(config.exclude, reader.texts(member.value, "exclude"));
    } else if (member.key == "defaultNamespace") {
      TALLY_TRY(config.default_namespace, reader.text(member.value, "defaultNamespace"));
    } else if (member.key == "enforcement") {
      TALLY_TRY(config.enforcement, read_enforcement(member.value, reader));
    } else if (member.key == "serve") {
      TALLY_TRY(config.serve, read_serve(member.value, reader));
    }
  }
  return config;
}

enum class Match : std::uint8_t { No, Perhaps, Yes };

Match match_selector(const scalar::LabelSelector& selector, std::string_view name,
                     const Node& labels, bool labels_known) {
  Match match = Match::Yes;
  for (const scalar::LabelRequirement& requirement : selector.requirements()) {
    std::optional<std::string_view> value;
    if (const Node* label = labels.find(requirement.key); label != nullptr && label->is_string()) {
      value = label->text();
    }
    // The API server sets this label on every namespace.
    if (requirement.key == kNameLabel) {
      value = name;
    } else if (!labels_known) {
      match = Match::Perhaps;
      continue;
    }
    if (!requirement.matches(value)) {
      return Match::No;
    }
  }
  return match;
}

Match match_entry(const TierEntry& entry, std::string_view name, const Node& labels,
                  bool labels_known) {
  const bool named =
      entry.names.empty() || std::ranges::any_of(entry.names, [&](const std::string& pattern) {
        return wildcard_match(pattern, name);
      });
  if (!named) {
    return Match::No;
  }
  return entry.selector ? match_selector(*entry.selector, name, labels, labels_known) : Match::Yes;
}

}  // namespace

std::string_view to_text(Tier tier) noexcept { return kTierNames[static_cast<std::size_t>(tier)]; }

TierAssignment Config::tier_of(std::string_view name, const Node& labels, bool labels_known) const {
  TierAssignment assignment;
  const TierEntry* strictest = nullptr;
  const TierEntry* laxest = nullptr;
  const TierEntry* perhaps = nullptr;
  for (const TierEntry& entry : tiers) {
    switch (match_entry(entry, name, labels, labels_known)) {
      case Match::Yes:
        strictest = strictest == nullptr || entry.tier > strictest->tier ? &entry : strictest;
        laxest = laxest == nullptr || entry.tier < laxest->tier ? &entry : laxest;
        break;
      case Match::Perhaps:
        perhaps = perhaps == nullptr || entry.tier > perhaps->tier ? &entry : perhaps;
        break;
      case Match::No:
        break;
    }
  }
  if (strictest != nullptr) {
    assignment.tier = strictest->tier;
    assignment.conflict = strictest->tier != laxest->tier;
  }
  if (assignment.conflict) {
    assignment.note = fmt::format(
        "namespace '{}' is in the tiers {} ({}:{}) and {} ({}:{}): the stricter one counts",
        excerpt(name, 63), to_text(strictest->tier), file, strictest->at.line,
        to_text(laxest->tier), file, laxest->at.line);
  }
  if (perhaps != nullptr && (!assignment.tier || perhaps->tier > *assignment.tier)) {
    assignment.unknown = true;
    assignment.note += fmt::format(
        "{}whether namespace '{}' is in the tier {} ({}:{}) is unknown: its labels are not in the "
        "input",
        assignment.note.empty() ? "" : "; ", excerpt(name, 63), to_text(perhaps->tier), file,
        perhaps->at.line);
  }
  return assignment;
}

Result<Config> parse_config(const document::Source& source) {
  Arena arena;
  auto root = document::read_one(source, arena);
  if (!root) {
    Error error = std::move(root).error();
    error.file = source.name();
    return std::unexpected(std::move(error));
  }
  return read_root(*root, StrictReader(source));
}

Result<Config> read_config(const std::string& path) {
  TALLY_TRY(const auto source, document::Source::read_file(path, kConfigBytesMax));
  return parse_config(*source);
}

Result<Config> read_config_of_folder(const std::string& folder) {
  const std::string path =
      folder == "." ? std::string(kConfigFile) : fmt::format("{}/{}", folder, kConfigFile);
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) {
    return Config{};
  }
  return read_config(path);
}

}  // namespace tally::input
