#pragma once
// Snapshot: an immutable, indexed set of Objects. Building is O(n log n); the indexes for
// namespace, label and owner are built on first use, once, safely from any thread. The same
// identity twice: the later one stands; the earlier is in shadowed().

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kube/object.hpp"

namespace tally::kube {

class Snapshot {
 public:
  // Objects in the order of the input. default_namespace is given to namespaced objects that name
  // none (their ref is completed; the text must outlive the snapshot).
  [[nodiscard]] static std::shared_ptr<const Snapshot> create(std::vector<Object> objects,
                                                              std::string_view default_namespace,
                                                              unsigned threads = 1);

  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

  // All objects, shadowed ones included, in the order of the input.
  [[nodiscard]] std::span<const Object> objects() const noexcept;
  // Positions in objects() of objects whose identity comes again later.
  [[nodiscard]] std::span<const std::uint32_t> shadowed() const noexcept;

  // The standing object of an identity (version is ignored), or null.
  [[nodiscard]] const Object* find(std::string_view group, std::string_view kind,
                                   std::string_view name_space, std::string_view name) const;
  // Positions of the standing objects, in the order of the input.
  [[nodiscard]] std::span<const std::uint32_t> by_kind(std::string_view group,
                                                       std::string_view kind) const;
  [[nodiscard]] std::span<const std::uint32_t> by_namespace(std::string_view name_space) const;
  [[nodiscard]] std::span<const std::uint32_t> by_label(std::string_view key,
                                                        std::string_view value) const;
  [[nodiscard]] std::span<const std::uint32_t> by_owner(std::string_view kind,
                                                        std::string_view name_space,
                                                        std::string_view name) const;
  // Every namespace that an object lives in or that is defined, sorted.
  [[nodiscard]] std::span<const std::string_view> namespaces() const;

 private:
  struct Index;
  explicit Snapshot(std::unique_ptr<Index> index) noexcept;
  std::unique_ptr<Index> index_;
};

}  // namespace tally::kube
