#pragma once
// What a check is: a record for people (finding::Check), rows of versions, and two pure functions a
// row.
//
//   test      walks the PodView and names every offence; none: the pod passes. Runs for every pod.
//   describe  writes upstream's reason and detail for a set of offences. Runs for failing pods
//   only: once with all
//             offences of the pod, and once for each site as if it were the only one.
//
// A check file holds the rule in prose, the record, the functions and one `const PodCheck` that
// all.cpp lists.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "finding/finding.hpp"
#include "pod_security/internal/description.hpp"
#include "pod_security/internal/pod_view.hpp"
#include "pod_security/pod_security.hpp"

namespace tally::pod_security {

inline constexpr std::string_view kEngine = "pod-security";

// Where a restricted field stands. `*` in the path is the element that Offence::index names.
struct Place {
  enum class Root : std::uint8_t { Metadata, Spec, Container };
  Root root = Root::Spec;
  std::string_view path;     // "securityContext/capabilities/add", "ports/*/hostPort"
  std::string_view allowed;  // "false or not set"
};

// One reason why a pod fails a check. Consecutive offences of one place (same place, container and
// index) make one site.
struct Offence {
  const Place* place = nullptr;  // the place also tells a check's kinds of offences apart
  const ContainerView* container = nullptr;  // nullptr: of the pod
  const document::Node* value = nullptr;     // nullptr: not set
  std::string_view text;    // what upstream's text names: the value, the name of the volume
  std::string_view found;   // what a site shows, where it is not `text`
  std::string_view key;     // of an annotation
  std::uint32_t index = 0;  // the element or member for `*` of the path
};

// The offences of one check, and room for sorting that tests may use.
struct Offences {
  std::vector<Offence> list;
  std::vector<const ContainerView*> by_name;

  void add(const Offence& offence) { list.push_back(offence); }
  void add_pod(const Place& place, const document::Node* value) {
    list.push_back({.place = &place,
                    .container = nullptr,
                    .value = value,
                    .text = value == nullptr ? std::string_view{} : display_text(*value),
                    .found = {},
                    .key = {},
                    .index = 0});
  }
  void add_container(const Place& place, const ContainerView& container,
                     const document::Node* value, std::uint32_t index = 0) {
    list.push_back({.place = &place,
                    .container = &container,
                    .value = value,
                    .text = value == nullptr ? std::string_view{} : display_text(*value),
                    .found = {},
                    .key = {},
                    .index = index});
  }
};

using Test = void (*)(const PodView& pod, Offences& offences);
using Describe = void (*)(std::span<const Offence> offences, Description& description);

// A revision of a check: valid from v1.`since` until the next row.
struct Row {
  std::uint16_t since = 0;
  Test test = nullptr;
  Describe describe = nullptr;
};

struct PodCheck {
  finding::Check record;
  Level level = Level::Baseline;
  std::span<const Row> rows;
  // Id of the baseline check that this restricted check replaces from its first row on; or empty.
  std::string_view overrides;
};

// The list of all.cpp.
[[nodiscard]] std::span<const PodCheck* const> pod_checks();

}  // namespace tally::pod_security
