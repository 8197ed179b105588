// envoy-golden/{http,tcp}/*: the RBAC filters that istiod makes of policies. Evaluated beside the
// library on requests that are made of the filters' own texts: every rule must match the same
// requests, in the same filter (enforced or shadow), and the verdict must be the same.
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

#include "conformance.hpp"
#include "envoy_rbac.hpp"

namespace tally::conformance {

using namespace authorization;
using document::Node;

namespace {

constexpr int kRequests = 4'000;

// A policy of a filter, by the rule that it was made of.
struct FilterRule {
  std::string key;  // "ACTION shadow ns[x]-policy[y]-rule[i]"
  const Node* policy = nullptr;
};

struct Filters {
  std::vector<FilterRule> rules;
  bool has_enforced_allow = false;
};

// "istio-ext-authz-P-ns[x]-policy[y]-rule[0]-deny-due-to-bad-CUSTOM-action" without its ends.
std::string_view rule_name(std::string_view name) {
  name = name.substr(std::min(name.find("ns["), name.size()));
  return name.substr(0, name.rfind(']') + 1);
}

void add_rules(const Node& rules, bool is_shadow, bool is_custom, Filters& filters) {
  if (!rules.is_object()) {
    return;
  }
  std::string action(text_of(rules, "action"));
  if (action.empty()) {
    action = "ALLOW";
  } else if (action == "LOG") {
    action = "AUDIT";
  } else if (is_custom) {
    action = "CUSTOM";
    is_shadow = false;  // evaluated in the shadow, enforced by the filter behind it
  }
  filters.has_enforced_allow = filters.has_enforced_allow || (action == "ALLOW" && !is_shadow);
  for (const document::Member policy : member(rules, "policies").members()) {
    filters.rules.push_back(
        {fmt::format("{}{} {}", action, is_shadow ? " shadow" : "", rule_name(policy.key)),
         &policy.value});
  }
}

Filters read_filters(const std::vector<std::unique_ptr<File>>& files, bool is_custom) {
  Filters out;
  for (const auto& file : files) {
    const Node& config = member(file->root(), "typedConfig");
    add_rules(member(config, "rules"), false, is_custom, out);
    add_rules(member(config, "shadowRules"), true, is_custom, out);
  }
  return out;
}

std::string key_of(const Hit& hit) {
  return fmt::format("{}{} ns[{}]-policy[{}]-rule[{}]", action_name(hit.action),
                     hit.is_dry_run ? " shadow" : "", hit.object->ref.name_space,
                     hit.object->ref.name, hit.rule);
}

std::string to_word(Ternary value) {
  return !value ? "unknown" : *value ? "matches" : "does not match";
}

std::optional<scalar::IpAddress> address(const std::string& text) {
  const auto parsed = scalar::IpAddress::parse(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::string shown(const OwnedRequest& request) {
  return fmt::format("principal={} from={} remote={} to={}:{} sni={} {} {} host={} claims={}",
                     request.principal, request.source_ip, request.remote_ip,
                     request.destination_ip, request.port, request.sni, request.method,
                     request.path, request.host, request.has_token ? request.claims : "none");
}

class Case {
 public:
  Case(const std::filesystem::path& folder, const Node& description, bool is_http)
      : input_(folder / "input.yaml"), description_(description), is_http_(is_http) {
    for (std::size_t n = 1;; ++n) {
      const auto path = folder / fmt::format("expected-{}.yaml", n);
      if (!std::filesystem::exists(path)) {
        break;
      }
      expected_.push_back(std::make_unique<File>(path));
    }
  }

  // What differs, or "the same".
  [[nodiscard]] std::string run() {
    const auto snapshot =
        kube::Snapshot::create(objects_of(input_.roots(), input_.source()), "default");
    MeshSettings settings;
    settings.trust_domain = text_of(description_, "trust_domain");
    for (const Node& alias : member(description_, "trust_domain_aliases").items()) {
      settings.trust_domain_aliases.emplace_back(alias.text());
    }
    settings.path_normalization = PathNormalization::None;
    const Loaded loaded = PolicySet::load(*snapshot, settings);
    const bool is_custom = member(description_, "custom_builder").boolean();
    const Filters filters = read_filters(expected_, is_custom);
    std::mt19937 random(20260101);
    const Node nothing;
    for (int i = 0; i < kRequests; ++i) {
      const Node& like =
          filters.rules.empty() ? nothing : *filters.rules[random() % filters.rules.size()].policy;
      const OwnedRequest request = make_request(like, is_http_, random);
      if (std::string difference = compare(loaded.set, filters, request, is_custom);
          !difference.empty()) {
        return difference + " of " + shown(request);
      }
    }
    return "the same";
  }

 private:
  std::string compare(const PolicySet& set, const Filters& filters, const OwnedRequest& owned,
                      bool is_custom) {
    Arena arena;
    const auto claims_source = document::Source::from_text("claims", owned.claims);
    const Node claims = document::read_one(*claims_source, arena).value_or(Node{});
    std::vector<Header> headers;
    for (const auto& [name, value] : owned.headers) {
      headers.push_back({name, value});
    }
    Request request;
    request.source = {owned.principal, address(owned.source_ip), address(owned.remote_ip)};
    request.destination.name_space = text_of(member(description_, "proxy"), "namespace");
    request.destination.labels = member(member(description_, "proxy"), "labels");
    request.destination.port = owned.port;
    request.destination.ip = address(owned.destination_ip);
    request.sni = owned.sni;
    request.is_http = is_http_;
    request.method = owned.method;
    request.path = owned.path;
    request.host = owned.host;
    request.headers = headers;
    request.token = owned.has_token ? Token::Valid : Token::Absent;
    request.claims = claims;

    find_hits(set, request, decision_);
    std::map<std::string, std::string> ours;
    for (const Hit& hit : decision_.chain) {
      if ((hit.action == Action::Custom) == is_custom) {
        ours[key_of(hit)] = hit.is_certain ? "matches" : "unknown";
      }
    }
    Ternary denies = false;
    Ternary allows = false;
    for (const FilterRule& rule : filters.rules) {
      const Ternary theirs = policy_matches(*rule.policy, owned, claims);
      const auto found = ours.find(rule.key);
      const std::string mine = found == ours.end() ? "does not match" : found->second;
      if (mine != to_word(theirs)) {
        return fmt::format("{}: Envoy says {}, we say {}", rule.key, to_word(theirs), mine);
      }
      if (found != ours.end()) {
        ours.erase(found);
      }
      if (rule.key.starts_with("DENY ns[")) {
        denies = denies == true || theirs == true ? Ternary(true)
                 : !denies || !theirs             ? std::nullopt
                                                  : denies;
      } else if (rule.key.starts_with("ALLOW ns[")) {
        allows = allows == true || theirs == true ? Ternary(true)
                 : !allows || !theirs             ? std::nullopt
                                                  : allows;
      }
    }
    if (!ours.empty()) {
      return fmt::format("{}: not among Envoy's rules, we say {}", ours.begin()->first,
                         ours.begin()->second);
    }
    if (is_custom) {
      return {};
    }
    allows = filters.has_enforced_allow ? allows : Ternary(true);
    const std::string_view expected = denies == true || allows == false   ? "deny"
                                      : denies == false && allows == true ? "allow"
                                                                          : "unknown";
    decide(set, request, decision_);
    const std::string_view actual = to_text(decision_.verdict);
    return expected == actual ? std::string{}
                              : fmt::format("verdict: Envoy says {}, we say {}", expected, actual);
  }

  File input_;
  const Node& description_;
  std::vector<std::unique_ptr<File>> expected_;
  bool is_http_;
  Decision decision_;
};

}  // namespace

void run_envoy(const std::filesystem::path& root, Report& report) {
  for (const std::string kind : {"http", "tcp"}) {
    const auto folder = root / "envoy-golden" / kind;
    if (!std::filesystem::is_directory(folder)) {
      continue;
    }
    std::set<std::filesystem::path> cases;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      cases.insert(entry.path());
    }
    for (const auto& one : cases) {
      const std::string name = "envoy-golden/" + kind + "/" + one.filename().string();
      const File description(one / "case.json");
      const std::string_view mesh = text_of(description.root(), "mesh_config");
      if (!mesh.empty()) {
        report.skip(name, fmt::format("names the mesh settings {} of a Go fixture, which are not "
                                      "in the pack",
                                      mesh));
        continue;
      }
      report.compare(name, "the same", Case(one, description.root(), kind == "http").run());
    }
  }
}

}  // namespace tally::conformance
