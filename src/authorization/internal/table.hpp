#pragma once
// What a PolicySet holds.

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "authorization/internal/program.hpp"
#include "authorization/mutual_tls.hpp"
#include "authorization/policy_set.hpp"
#include "authorization/request.hpp"
#include "authorization/ztunnel.hpp"

namespace tally::authorization {

// Positions of attachable things of one namespace, by what attaches them.
struct AttachmentIndex {
  using Label = std::pair<std::string_view, std::string_view>;
  struct LabelHash {
    [[nodiscard]] std::size_t operator()(const Label& label) const noexcept {
      const std::hash<std::string_view> hash;
      return hash(label.first) * 31U + hash(label.second);
    }
  };
  std::vector<std::uint32_t> unselective;                                     // no labels
  std::unordered_map<Label, std::vector<std::uint32_t>, LabelHash> by_label;  // under one of theirs
  std::unordered_map<std::string_view, std::vector<std::uint32_t>>
      by_target;  // name of each target

  void add(const Attachment& attachment, std::uint32_t position);
};
using NamespaceIndex = std::unordered_map<std::string_view, AttachmentIndex>;

struct PeerPolicy {
  const kube::Object* object = nullptr;
  bool is_selective = false;  // it has labels
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::optional<MutualTls> mode;  // nothing: UNSET
  std::vector<std::pair<std::uint16_t, std::optional<MutualTls>>> ports;
  std::string_view created;  // RFC 3339 in UTC: compares as text
};

struct JwtRule {
  std::string_view issuer;
  std::vector<std::string_view> audiences;
  std::vector<std::string_view> space_delimited;
  std::vector<std::pair<std::string_view, std::string_view>> from_headers;  // name, prefix
  std::vector<std::string_view> from_parameters;
  std::vector<std::string_view> from_cookies;
  std::string_view jwks;
  std::string_view jwks_uri;
};

struct RequestPolicy {
  const kube::Object* object = nullptr;
  Attachment attachment;
  std::vector<JwtRule> rules;
};

struct PolicySet::Table {
  MeshSettings settings;
  Program program;
  NamespaceIndex policies;  // into program.policies

  std::vector<PeerPolicy> peers;  // oldest first
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> peers_by_namespace;
  std::vector<std::optional<ZtunnelAuthorization>> peer_exceptions;  // of each of peers

  std::vector<RequestPolicy> requests;
  NamespaceIndex requests_by_namespace;

  // What a ztunnel gets of program.policies, at the same positions; object null: nothing.
  std::vector<ZtunnelAuthorization> ztunnel;

  std::deque<std::string> texts;  // that stand in no source: principals of aliases
};

// The policies that the proxy of a request reads: positions, ascending. `out` is cleared.
void collect_policies(const PolicySet::Table& table, const Request& request,
                      std::vector<std::uint32_t>& out);
void collect_request_policies(const PolicySet::Table& table, const Request& request,
                              std::vector<std::uint32_t>& out);
// Whether labels hold all of the pairs.
[[nodiscard]] bool has_labels(
    const document::Node& labels,
    const std::vector<std::pair<std::string_view, std::string_view>>& wanted) noexcept;

// `selector`, `targetRef` and `targetRefs` of a spec.
[[nodiscard]] Attachment read_attachment(const document::Node& spec);

}  // namespace tally::authorization
