#pragma once
// The path of an HTTP request as rules see it: MeshConfig.pathNormalization, done by Envoy before
// any filter (source/common/http/path_utility.cc, conn_manager_utility.cc; the canonical form is
// Chromium's: source/common/chromium_url/url_canon_path.cc). A fragment is cut in every mode.
//
//   NONE                      as sent
//   BASE                      "\" is "/", dot segments are resolved, escaped unreserved characters
//                             are unescaped (this is Istio's DEFAULT)
//   MERGE_SLASHES             BASE, then runs of slashes become one
//   DECODE_AND_MERGE_SLASHES  "%2F" and "%5C" in any case are decoded first, then MERGE_SLASHES
//
// The query, from the first "?", stays as it is.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tally::authorization {

enum class PathNormalization : std::uint8_t { None, Base, MergeSlashes, DecodeAndMergeSlashes };

// "NONE", "BASE", "DEFAULT", ...; nothing for other words.
[[nodiscard]] std::optional<PathNormalization> parse_path_normalization(
    std::string_view word) noexcept;

// The path with its query. Nothing: Envoy answers 400. `buffer` is where a changed path is put; an
// unchanged one is the argument itself.
[[nodiscard]] std::optional<std::string_view> normalize_path(std::string_view path,
                                                             PathNormalization mode,
                                                             std::string& buffer);

// Without query and fragment: what `paths` are compared with.
[[nodiscard]] std::string_view path_without_query(std::string_view path) noexcept;

}  // namespace tally::authorization
