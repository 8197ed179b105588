#pragma once
// A cluster as an input: its objects, read from its API server. Reads only.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "command_line.hpp"
#include "document/source.hpp"

namespace tally::app {

struct LiveCluster {
  // Lists of objects in JSON, as the server sent them.
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::vector<Error> problems;  // resources that could not be read: the judgement is not the whole
};

using SayProgress = std::function<void(const std::string& text)>;
[[nodiscard]] Result<LiveCluster> read_live_cluster(const ClusterFlags& flags,
                                                    const SayProgress& say);
// The ClusterRole that lets the above be read.
[[nodiscard]] Result<std::string> reading_role_of(const ClusterFlags& flags);

}  // namespace tally::app
