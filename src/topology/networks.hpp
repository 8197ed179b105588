#pragma once
// Networks: the networks beside the pod network (OVN-Kubernetes and Multus).
//
//   * A UserDefinedNetwork or ClusterUserDefinedNetwork with the role Primary takes the place of
//   the
//     pod network in its namespaces: pods of two such networks do not reach each other
//     (ovn-kubernetes go-controller/pkg/crd/userdefinednetwork/v1).
//   * A NetworkAttachmentDefinition gives pods that ask for it a second interface; definitions of
//   one
//     name in several namespaces are one network (Network Plumbing Working Group, "Kubernetes
//     Network Custom Resource Definition De-facto Standard" 1.3).
//
// Groups are not compared: several vendors serve the same kinds.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kube/object.hpp"
#include "kube/snapshot.hpp"
#include "scalar/ip_address.hpp"

namespace tally::topology {

struct PrimaryNetwork {
  enum class Kind : std::uint8_t { Namespaced, Cluster };
  Kind kind = Kind::Namespaced;
  // Of a UserDefinedNetwork its namespace, in which there is only one; else the object's name.
  std::string name;
  std::string resource;  // "namespace/name", or the name
  const kube::Object* object = nullptr;

  friend bool operator==(const PrimaryNetwork& a, const PrimaryNetwork& b) {
    return a.kind == b.kind && a.name == b.name;
  }
};

struct SecondaryNetwork {
  std::vector<std::string_view> namespaces;  // with a definition; sorted, unique
  [[nodiscard]] bool is_in(std::string_view name_space) const;
};

// An object that was passed over, and why.
struct NetworkNote {
  const kube::Object* object = nullptr;
  std::uint32_t offset = 0;
  std::string message;
};

struct Networks {
  std::map<std::string, PrimaryNetwork, std::less<>> primary;      // by namespace
  std::map<std::string, SecondaryNetwork, std::less<>> secondary;  // by name
  std::vector<NetworkNote> notes;

  // Refuses what the controllers would: an unknown topology or role, a second primary network for a
  // namespace. Texts point into the snapshot.
  [[nodiscard]] static Result<Networks> read(const kube::Snapshot& snapshot);
};

// The secondary networks that a pod or a virtual machine asks for.
struct Attachment {
  std::string network;
  std::string name_space;                    // empty: its own
  std::vector<scalar::IpAddress> addresses;  // that the manifest asks for

  friend bool operator==(const Attachment&, const Attachment&) = default;
};
// From the annotation k8s.v1.cni.cncf.io/networks: names with commas between them, or JSON.
[[nodiscard]] std::vector<Attachment> attachments_of_annotation(std::string_view text);
// From spec.template.spec.networks of a KubeVirt VirtualMachine. The addresses are those that its
// cloud-init data sets up, of whatever interface.
[[nodiscard]] std::vector<Attachment> attachments_of_machine(const kube::Object& machine);

// Namespaces must carry this label to take a primary network.
inline constexpr std::string_view kPrimaryNetworkLabel = "k8s.ovn.org/primary-user-defined-network";
inline constexpr std::string_view kNetworksAnnotation = "k8s.v1.cni.cncf.io/networks";

}  // namespace tally::topology
