#pragma once
// What the checks read: the pod spec and one container, each field looked up once.

#include <array>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "workload/workload.hpp"

namespace tally::workload {

struct ContainerView {
  const document::Node* node = nullptr;
  std::string_view name;
  std::string_view list;  // "containers" or "initContainers"
  std::size_t index = 0;
  bool init = false;  // runs to completion before the others (a restartable one counts as regular)
  const document::Node* image = nullptr;
  const document::Node* resources = nullptr;
  const document::Node* security_context = nullptr;
  bool has_readiness_probe = false;
  bool has_liveness_probe = false;
};

class Reporter {
 public:
  Reporter(const Workload& workload, Arena& arena, std::vector<Site>& sites)
      : workload_(&workload), arena_(&arena), sites_(&sites) {}

  struct Objection {
    std::string_view
        field;  // below the container ("/image") or, without a container, below the spec
    std::uint32_t offset = 0;
    std::string_view found;
    std::string_view allowed;
    std::string_view message;
  };
  void object(const finding::Check& check, const ContainerView* container,
              const Objection& objection);

  [[nodiscard]] const Workload& workload() const noexcept { return *workload_; }

 private:
  const Workload* workload_;
  Arena* arena_;
  std::vector<Site>* sites_;
};

// One entry of the list in checks/all.cpp: a check looks at the pod, at each container, or at both.
struct Entry {
  const finding::Check* check = nullptr;
  void (*pod)(const Workload& workload, Reporter& reporter) = nullptr;
  void (*container)(const ContainerView& container, Reporter& reporter) = nullptr;
};
[[nodiscard]] std::span<const Entry> entries();

// "sha256:..." after an `@`.
[[nodiscard]] bool has_digest(std::string_view image) noexcept;
// The tag of an image reference, or nothing. A port of the registry is no tag.
[[nodiscard]] std::optional<std::string_view> image_tag(std::string_view image) noexcept;
// Does resources.limits carry this resource?
[[nodiscard]] bool has_limit(const ContainerView& container, const document::Name& resource);

}  // namespace tally::workload
