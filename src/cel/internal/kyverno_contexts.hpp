#pragma once
// The kinds of Kyverno's namespace variables.

#include "cel/internal/library.hpp"

namespace tally::cel {

extern const OpaqueKind kResourceContextKind;
extern const OpaqueKind kHttpContextKind;
extern const OpaqueKind kGlobalContextKind;
extern const OpaqueKind kImageDataContextKind;
extern const OpaqueKind kGeneratorContextKind;
extern const OpaqueKind kJsonKind;
extern const OpaqueKind kYamlKind;

}  // namespace tally::cel
