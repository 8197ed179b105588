#pragma once
// What decides about policies and stands in no policy: MeshConfig, from the ConfigMap `istio` of
// the control plane's namespace (or `istio-REVISION`).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/path_normalization.hpp"
#include "authorization/problem.hpp"
#include "kube/snapshot.hpp"

namespace tally::authorization {

// An external authorizer that CUSTOM policies name (meshConfig.extensionProviders).
struct ExtensionProvider {
  enum class Protocol : std::uint8_t { Http, Grpc };
  std::string name;
  Protocol protocol = Protocol::Grpc;
};

struct MeshSettings {
  std::string root_namespace = "istio-system";  // its policies hold in every namespace
  std::string trust_domain = "cluster.local";
  std::vector<std::string> trust_domain_aliases;
  PathNormalization path_normalization = PathNormalization::Base;
  std::vector<ExtensionProvider> extension_providers;
  // False: no MeshConfig was seen, so a provider that is not listed may exist.
  bool are_providers_known = false;
  // PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: without it, CUSTOM policies of two providers on
  // one workload deny.
  bool allows_several_providers = false;
  // ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY: policies without targetRefs may select a gateway of
  // the Gateway API by its labels.
  bool selects_gateways_by_label = true;
  // outboundTrafficPolicy.mode REGISTRY_ONLY: sidecars send only to what the mesh knows.
  bool is_registry_only = false;
  // enableAutoMtls: sidecars use mutual TLS towards sidecars without being told.
  bool has_auto_mutual_tls = true;
  // How certain the rest is: nobody gave these settings and no ConfigMap was found.
  bool is_assumed = true;
};

// The settings of the ConfigMap; the defaults above for what it does not say, and if there is none.
[[nodiscard]] MeshSettings read_mesh_settings(const kube::Snapshot& snapshot,
                                              std::vector<Problem>& problems);

}  // namespace tally::authorization
