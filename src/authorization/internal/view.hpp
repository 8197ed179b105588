#pragma once
// From a Request to what rules see of it.

#include "authorization/decide.hpp"
#include "authorization/internal/evaluate.hpp"
#include "authorization/internal/table.hpp"

namespace tally::authorization {

// What stops a request before any rule is asked.
struct Entry {
  View view;
  std::optional<Cause> refusal;
  const kube::Object* object = nullptr;  // that refuses
  AttributeMask missing = 0;             // facts on which it depends whether the request comes in
};

// The normalised path and the names of claims live in `scratch`.
[[nodiscard]] Entry enter(const PolicySet& set, const Request& request, Decision::Scratch& scratch);

// Whether the provider of a CUSTOM policy answers: Unknown if it may or may not exist.
enum class Provider : std::uint8_t { Usable, Bad, NotOnTcp, Unknown };
[[nodiscard]] Provider provider_state(const PolicySet::Table& table, const Policy& policy,
                                      std::span<const std::uint32_t> attached, bool is_http);

}  // namespace tally::authorization
