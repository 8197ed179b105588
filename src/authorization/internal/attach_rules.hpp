#pragma once
// Rules that several kinds share.

#include "authorization/internal/checker.hpp"
#include "authorization/internal/table.hpp"

namespace tally::authorization {

// Of `selector`, `targetRef` and `targetRefs`.
void check_attachment(const document::Node& spec, Checker& checker);

// Of the annotation istio.io/dry-run, which ALLOW and DENY policies may have and nothing else
// (pkg/config/validation/validation.go checkDryRunAnnotation()).
void check_dry_run(const kube::Object& object, Checker& checker);

}  // namespace tally::authorization
