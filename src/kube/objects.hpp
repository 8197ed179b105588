#pragma once
// From documents to Objects: the objects of a document, those of a List or a typed list (PodList:
// items may leave out apiVersion and kind), and what is no object, with the reason and what it
// looks like.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "document/read.hpp"
#include "document/source.hpp"
#include "kube/object.hpp"

namespace tally::kube {

// What a document without an identity looks like.
enum class Resemblance : std::uint8_t {
  Nothing,
  Kustomization,
  HelmChart,
  HelmValues,
  DockerCompose,
  GithubWorkflow,
  GitlabPipeline,
  JsonSchema,
  OpenApi,
  PlainList,
  Scalar,
};
// "a kustomization", "Helm values", ...; empty for Nothing.
[[nodiscard]] std::string_view resemblance_name(Resemblance resemblance) noexcept;

struct NotAnObject {
  std::uint32_t offset = 0;    // in the source
  std::uint32_t document = 0;  // ordinal in the source, from 1
  std::string pointer;         // "" for the document, "/items/3" for an item of a list
  std::string reason;          // one sentence
  Resemblance resemblance = Resemblance::Nothing;
};

// Appends to both. An object has a map as root, apiVersion and kind; metadata may be absent (the
// structure check reports a missing name). The Objects point into the document and the source.
// Thread-safe.
void append_objects(const document::Document& document, const document::Source& source,
                    std::vector<Object>& objects, std::vector<NotAnObject>& rejected);

// One node that is known to be an object (of an admission request), or the reason why it is none.
[[nodiscard]] Result<Object> object_from_node(const document::Node& root,
                                              const document::Source* source);

// The parts of "apps/v1" and "v1"; the text must not hold a second slash.
struct GroupVersion {
  std::string_view group;
  std::string_view version;
};
[[nodiscard]] std::optional<GroupVersion> split_api_version(std::string_view api_version) noexcept;

}  // namespace tally::kube
