#pragma once
// `pattern` and `anyPattern` as CEL, with the meaning that pattern/pattern.hpp documents.
//
// A pattern passes, fails or skips. Two conditions say which: `ok` holds if it does not fail,
// `skip` if it does not apply; skip implies ok.

#include "migration/internal/cel_text.hpp"
#include "migration/internal/place.hpp"
#include "migration/internal/refusal.hpp"

namespace tally::migration {

struct Judged {
  Cel ok = always(true);
  Cel skip = always(false);
};

struct PatternContext {
  Reads& reads;
  Names& names;
  std::vector<std::string>& notes;
};

[[nodiscard]] Outcome<Judged> translate_pattern(const document::Node& pattern, const Place& object,
                                                PatternContext& context);
[[nodiscard]] Outcome<Judged> translate_any_pattern(const document::Node& patterns,
                                                    const Place& object, PatternContext& context);

// One value against one pattern that is no tree.
[[nodiscard]] Outcome<Cel> translate_scalar(const document::Node& pattern, const Place& value);

}  // namespace tally::migration
