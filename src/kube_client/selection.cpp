#include "kube_client/selection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "kube/api_kinds.hpp"
#include "kube/recognised.hpp"

namespace tally::kube_client {
namespace {

using Name = std::pair<std::string_view, std::string_view>;  // group, kind

// Records of what happens, by the million, and secrets.
constexpr std::array<Name, 10> kLeftOut{{{"", "Secret"},
                                         {"", "Event"},
                                         {"events.k8s.io", "Event"},
                                         {"coordination.k8s.io", "Lease"},
                                         {"apps", "ControllerRevision"},
                                         {"", "ComponentStatus"},
                                         {"certificates.k8s.io", "CertificateSigningRequest"},
                                         {"storage.k8s.io", "VolumeAttachment"},
                                         {"storage.k8s.io", "CSINode"},
                                         {"storage.k8s.io", "CSIStorageCapacity"}}};

bool is_left_out(const Resource& resource) {
  return std::ranges::find(kLeftOut, Name(resource.group, resource.kind)) != kLeftOut.end();
}

}  // namespace

bool is_read(const Resource& resource) {
  if (is_left_out(resource)) {
    return false;
  }
  scalar::ObjectRef ref;
  ref.group = resource.group;
  ref.kind = resource.kind;
  return kube::find_kind_any_version(resource.group, resource.kind) != nullptr ||
         kube::recognise(ref) != nullptr;
}

std::vector<Resource> parameters_of(std::span<const document::Node> policies,
                                    std::span<const Resource> resources) {
  std::vector<Resource> wanted;
  for (const document::Node& policy : policies) {
    const document::Node* spec = policy.find("spec");
    const document::Node* kind = spec == nullptr ? nullptr : spec->find("paramKind");
    const document::Node* name = kind == nullptr ? nullptr : kind->find("kind");
    const document::Node* version = kind == nullptr ? nullptr : kind->find("apiVersion");
    if (name == nullptr || version == nullptr || !name->is_string() || !version->is_string()) {
      continue;
    }
    const std::string_view text = version->text();
    const std::size_t slash = text.find('/');
    const std::string_view group =
        slash == std::string_view::npos ? std::string_view{} : text.substr(0, slash);
    const auto found = std::ranges::find_if(resources, [&](const Resource& resource) {
      return resource.group == group && resource.kind == name->text();
    });
    const bool is_new = found != resources.end() && !is_read(*found) && !is_left_out(*found) &&
                        std::ranges::none_of(wanted, [&](const Resource& resource) {
                          return resource.path() == found->path();
                        });
    if (is_new) {
      wanted.push_back(*found);
    }
  }
  return wanted;
}

}  // namespace tally::kube_client
