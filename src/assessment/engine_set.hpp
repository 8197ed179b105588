#pragma once
// EngineSet: the loaded programs of one run, listed by hand. An engine that is added becomes a
// member here and a call in assess.cpp; nothing registers itself.

#include <string>

#include "input/config.hpp"
#include "network_policy/policy_set.hpp"
#include "pod_security/pod_security.hpp"
#include "reachability/mesh/enrolment.hpp"

namespace tally::assessment {

class Admission;
class GatekeeperConstraints;
class KyvernoPolicies;

// How policies of a network are read, and what is assumed of its mesh.
struct NetworkOptions {
  network_policy::LoadOptions policies{};
  reachability::mesh::MeshMode mesh = reachability::mesh::MeshMode::Auto;
  std::string trust_domain{};  // empty: as the input's MeshConfig says
};

struct EngineSet {
  // Tiers, exemptions and defaults of tally.yaml. Never null; an empty configuration is the
  // default.
  const input::Config* config = nullptr;
  // Policies and the rules of CustomResourceDefinitions; null: none.
  const Admission* admission = nullptr;
  // Gatekeeper's constraints; null: none.
  const GatekeeperConstraints* gatekeeper = nullptr;
  // Kyverno's policies; null: none.
  const KyvernoPolicies* kyverno = nullptr;
  bool structure = true;     // what the API server would refuse
  bool pod_security = true;  // Pod Security Standards, by tier, label or default
  bool hygiene = true;       // limits, digests, tokens, probes
  bool tiers = true;         // labels of namespaces against their tier
  bool network = true;       // network policies, the mesh, and how the world gets in
  NetworkOptions network_options{};
};

}  // namespace tally::assessment
