#pragma once
// tally.yaml: which tier each namespace belongs to, what is excepted, and the defaults of the
// command line. docs/configuration.md documents every key; docs/schema/tally.v1alpha1.json is its
// schema.
//
// It is read from --config or the working directory, never from the judged input. Reading is
// strict: an unknown key, a wrong type or a key without effect is an error that names the place,
// what was found and what was expected. A Config is a value without references into its file;
// immutable after reading, share freely.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "document/source.hpp"
#include "finding/exception.hpp"
#include "finding/finding.hpp"
#include "input/serve_config.hpp"
#include "scalar/label_selector.hpp"

namespace tally::input {

inline constexpr std::string_view kConfigFile = "tally.yaml";
inline constexpr std::string_view kApiVersion = "tallystick.dev/v1alpha1";

// From lax to strict. The tier of a namespace is the Pod Security level that its workloads must
// meet.
enum class Tier : std::uint8_t { Privileged, Baseline, Restricted };
[[nodiscard]] std::string_view to_text(
    Tier tier) noexcept;  // "privileged", "baseline", "restricted"

// One entry of a tier's list. A namespace belongs to it if one of the names matches and the
// selector matches; what is absent matches everything, but not both can be absent.
struct TierEntry {
  Tier tier = Tier::Privileged;
  std::vector<std::string> names;  // wildcards * and ?
  std::optional<scalar::LabelSelector> selector;
  Position at;
};

struct TierAssignment {
  std::optional<Tier> tier;  // nothing: no entry matches
  bool conflict = false;     // entries of different tiers match; `tier` is the strictest of them
  bool unknown =
      false;  // a stricter entry would match if the namespace had labels that are not in the input
  std::string note;  // a sentence about the conflict or the doubt; empty if there is neither
};

// Pod Security exemptions, as in the API server's PodSecurityConfiguration: exact texts, no
// wildcards.
struct PodSecurityExemptions {
  std::vector<std::string> usernames;
  std::vector<std::string> runtime_classes;
  std::vector<std::string> namespaces;
};

struct Config {
  std::string file;              // empty: there is none
  std::vector<TierEntry> tiers;  // in the order of the file
  std::string pod_security_version = "latest";
  PodSecurityExemptions pod_security_exemptions;
  std::vector<finding::Exception> exceptions;
  // failOn: nothing when absent; `never` is a severity that is absent.
  struct FailOn {
    std::optional<finding::Severity> severity;  // nothing: never
  };
  std::optional<FailOn> fail_on;
  std::vector<std::string> exclude;
  std::optional<std::string> default_namespace;
  Enforcement enforcement;
  Serve serve;

  // The tier of a namespace. `labels` are those of its Namespace object (Null: it has none).
  // Without such an object in the input, labels_known is false: the namespace then has the one
  // label kubernetes.io/metadata.name, and whether a selector that asks for another one matches is
  // unknown. Entries are independent of their order: the strictest that matches counts.
  [[nodiscard]] TierAssignment tier_of(std::string_view name, const document::Node& labels,
                                       bool labels_known) const;
};

[[nodiscard]] Result<Config> read_config(const std::string& path);
[[nodiscard]] Result<Config> parse_config(const document::Source& source);

// tally.yaml of the folder if it has one, else an empty Config.
[[nodiscard]] Result<Config> read_config_of_folder(const std::string& folder = ".");

}  // namespace tally::input
