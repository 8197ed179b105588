#pragma once
// Runs the queries of a scheme. The caller reads files: the engine knows paths as texts only.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "reachability/query/queries.hpp"

namespace tally::reachability::query {

// The documents of a file, of a folder, or of a folder and those below it ("folder/**").
using ReadDocuments = std::function<Result<std::vector<LoadedDocument>>(std::string_view path)>;

struct QueryResult {
  std::string name;
  std::vector<QueryKind> kinds{};
  std::int64_t number = 0;
  std::int64_t not_executed = 0;
  std::string output{};                    // as the tool prints it; empty where that is not done
  std::vector<std::string> texts{};        // one sentence for each configuration or pair
  std::string error{};                     // why it could not be asked; or empty
  std::optional<std::int64_t> expected{};  // what the scheme says is right
  bool is_as_expected = true;              // of the number
  std::string expected_output{};           // a path from the scheme's folder, or empty
};

[[nodiscard]] std::vector<QueryResult> run_scheme(const Scheme& scheme, const ReadDocuments& read);

}  // namespace tally::reachability::query
