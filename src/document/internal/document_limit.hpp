#pragma once
// What is said when a source holds more documents than ReadLimits allows. Three places count them:
// the splitter, the JSON reader's loop, and libyaml's documents inside one slice.

#include <fmt/format.h>

#include <string>

#include "document/read.hpp"

namespace tally::document {

[[nodiscard]] inline std::string too_many_documents(const ReadLimits& limits) {
  return fmt::format("the source holds more than {} documents; what follows is not read",
                     limits.documents);
}

inline constexpr const char* kTooManyDocumentsHint = "split the source into several files";

}  // namespace tally::document
