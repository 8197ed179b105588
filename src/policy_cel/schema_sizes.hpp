#pragma once
// How large the values of a structural schema can be: what the API server assumes when it estimates
// the costs of a CustomResourceDefinition's rules (k8s.io/apiserver v0.36.3 pkg/cel/common/
// schemas.go, apiextensions-apiserver v0.36.3 pkg/apiserver/schema/cel/compilation.go). Where the
// schema sets no bound, the size of a request does.
//
// Threads: immutable once made. Lifetime: the schema must outlive it.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cel/static_cost.hpp"
#include "kube/custom_schema.hpp"
#include "policy_cel/schema_values.hpp"

namespace tally::policy_cel {

class SchemaSizes {
 public:
  explicit SchemaSizes(const kube::CustomSchema& schema);

  // DeclType of the server: nothing for what CEL does not see.
  struct Size {
    bool is_exposed = false;
    std::int64_t json_bytes_min = 0;  // MinSerializedSize
    std::int64_t elements_max = 0;    // MaxElements
  };
  [[nodiscard]] const Size& of(const kube::SchemaNode& node) const noexcept;
  // maxCardinality: how many values of a node fit into a request.
  [[nodiscard]] std::uint64_t per_request(const kube::SchemaNode& node) const noexcept;

  // Paths begin at a variable whose value stands at `self`.
  class Estimator final : public cel::SizeEstimator {
   public:
    Estimator(const SchemaSizes& sizes, const SchemaPlace& self) noexcept
        : sizes_(&sizes), self_(self) {}
    [[nodiscard]] std::optional<cel::SizeEstimate> size_of(std::span<const std::string_view> path,
                                                           const cel::Type& type) const override;

   private:
    const SchemaSizes* sizes_;
    SchemaPlace self_;
  };

 private:
  [[nodiscard]] Size measure(const kube::SchemaNode& node, bool is_root) const;
  [[nodiscard]] Size measure_object(const kube::SchemaNode& node, bool is_root) const;

  const kube::CustomSchema* schema_;
  std::vector<Size> sizes_;  // by position of the node
};

}  // namespace tally::policy_cel
