#pragma once
// EngineSet: the loaded programs of one run, listed by hand. An engine that is added becomes a
// member here and a call in assess.cpp; nothing registers itself.

#include "input/config.hpp"
#include "pod_security/pod_security.hpp"

namespace tally::assessment {

class Admission;
class GatekeeperConstraints;
class KyvernoPolicies;

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
};

}  // namespace tally::assessment
