#pragma once
// What went wrong with text that was pasted from a web page, a chat or a document: its indentation
// is gone, its dashes and quotes were made pretty, its comments are those of another language,
// parts of it were never copied. YAML reports such text at the wrong line or, worse, accepts it as
// something else. The diagnosis names the true cause and its place.
//
// diagnose_text() is for documents that could not be read and for those that were read but are no
// proper object: it looks at the lines. diagnose_values() is for proper objects: it looks at keys
// and values, and reports only what cannot be meant. Both are pure and linear; each cause is
// reported once per document, at its first place, with the number of further places.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "document/source.hpp"

namespace tally::input {

struct PastedDiagnosis {
  std::uint32_t offset = 0;  // in the source
  std::string_view id;       // "lost-indentation", "typographic-dash" ...: every_pasted_id()
  std::string message;       // what is wrong, one sentence
  std::string remedy;        // what to do about it, full sentences
};

// Every id that a diagnosis can have, in the order of the documentation.
[[nodiscard]] std::vector<std::string_view> every_pasted_id();

// At most this many lines of a document are looked at.
inline constexpr std::uint32_t kPastedLinesMax = 20'000;

// The document at [begin, end) of the source. `root` is its value, or null if it could not be read.
// In order of position. A document that was read and has nothing of a manifest about it (no kind,
// apiVersion or metadata) has no diagnosis.
[[nodiscard]] std::vector<PastedDiagnosis> diagnose_text(const document::Source& source,
                                                         std::uint32_t begin, std::uint32_t end,
                                                         const document::Node* root);

// Keys and values of a proper object that hold characters which nobody means: a value in curly
// quotes, a no-break space in a key. Texts for people (annotations, descriptions) and opaque data
// are left alone. In order of position.
[[nodiscard]] std::vector<PastedDiagnosis> diagnose_values(const document::Source& source,
                                                           const document::Node& root);

}  // namespace tally::input
