#pragma once
// Which requests of a source may reach a port of a workload, without a request: for static
// analysis. What decide() says of a single request agrees with it.
//
//   Reach reach = find_reach(set, {.source = {.principal = "cluster.local/ns/shop/sa/web"},
//                                  .destination = {.name_space = "bank", .labels = labels,
//                                                  .port = 8080},
//                                  .protocol = Protocol::Http});

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/decide.hpp"
#include "authorization/policy_set.hpp"
#include "authorization/request.hpp"

namespace tally::authorization {

enum class Protocol : std::uint8_t { Http, Tcp, Unknown };

struct ReachQuery {
  Point point = Point::Sidecar;
  Source source;
  // Where source.ip is not known: the addresses it may be of. Empty: any.
  std::span<const scalar::Cidr> source_blocks;
  Destination destination;
  Protocol protocol = Protocol::Unknown;
  std::optional<std::string_view> sni = std::string_view{};
};

// Values of one field, as written: one of `any_of`, if there is any, and none of `none_of`.
struct TextSet {
  std::vector<std::string_view> any_of;
  std::vector<std::string_view> none_of;
  [[nodiscard]] bool is_everything() const noexcept { return any_of.empty() && none_of.empty(); }
};

// Requests that one rule matches (one entry of its `to`).
struct HttpShape {
  Hit rule;
  TextSet methods;
  TextSet paths;                        // without their query, after normalisation
  TextSet hosts;                        // in any case
  std::vector<std::string> conditions;  // what must hold besides, in words; headers, tokens
  [[nodiscard]] bool is_everything() const noexcept {
    return methods.is_everything() && paths.is_everything() && hosts.is_everything() &&
           conditions.empty();
  }
};

struct Reach {
  enum class Kind : std::uint8_t {
    Always,   // whatever is sent
    Never,    // nothing
    Http,     // what `allowed` describes, without what `denied` describes
    Unknown,  // it depends on `missing`, or on an external authorizer
  };
  Kind kind = Kind::Unknown;
  std::vector<HttpShape> allowed;  // of Http and Unknown; empty: everything that is not denied
  std::vector<HttpShape> denied;
  std::vector<HttpShape> asked;  // what an external authorizer is asked about
  Hit decided_by;                // of Always and Never, as in a Decision
  Cause cause = Cause::MissingFacts;
  std::vector<std::string_view> missing;  // facts, in words; of Unknown
  std::string reason;                     // one sentence
};
[[nodiscard]] std::string_view to_text(Reach::Kind kind) noexcept;  // "always", ...

[[nodiscard]] Reach find_reach(const PolicySet& set, const ReachQuery& query);

}  // namespace tally::authorization
