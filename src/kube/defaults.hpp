#pragma once
// Defaults: an object as the API server shows it to its admission policies (CONTRACTS.md section
// 1).
//
// Between the manifest and the policies, the server decodes the object into its Go types, fills in
// what nobody set (SetDefaults, content/api/defaults.tsv and defaults_*.cpp), converts it, lets the
// kind's strategy prepare it, and writes it out again by the encoding of those types
// (content/api/defaults_encoding.tsv): `hostNetwork: false` and unknown fields disappear,
// `resources: {}` is there, "1000m" reads "1". tests/cluster compares the result with a server.
//
// The object itself is not changed: sub-trees that need nothing are shared, the rest lies in the
// arena. What the server adds is marked (Node::is_defaulted) and has its parent's position.
//
// Not done, because it depends on more than the object: names for generateName, uid, timestamps and
// generation, a Job's selector, a Service's addresses, status, and what other admission plugins set
// (service accounts, priorities, tolerations, storage and ingress classes). Values of a wrong type
// stay as they are: the server refuses such an object.

#include <cstdint>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "kube/object.hpp"

namespace tally::kube {

// What has happened to the object before somebody looks at it.
enum class DefaultStage : std::uint8_t {
  Decoded,   // mutating policies and webhooks
  Prepared,  // validating ones, Pod Security: the kind's strategy has prepared the object for
             // creation as well
};

struct DefaultOptions {
  std::string_view name_space = "default";  // of the request, for namespaced objects that name none
  DefaultStage stage = DefaultStage::Prepared;
};

// The root of the object with its defaults. Of a kind without a type (custom resources, unknown
// kinds) only the metadata changes. Shares texts and sub-trees with the object, whose document must
// outlive the result. Thread-safe; one arena per thread.
[[nodiscard]] document::Node defaulted(const Object& object, Arena& arena,
                                       const DefaultOptions& options = {});

// Could Pod Security judge this workload differently with its defaults than as written? True for a
// pod whose ports become host ports, for volumes without a source, and for deprecated AppArmor
// annotations that the server copies into fields. Costs a glance at the pod spec.
[[nodiscard]] bool defaults_change_pod_security(const Object& object);

}  // namespace tally::kube
