#include "request.hpp"

#include <chrono>
#include <utility>

namespace tally::app {

kube::Operation operation_of(const std::string& name) {
  return name == "UPDATE"   ? kube::Operation::Update
         : name == "DELETE" ? kube::Operation::Delete
                            : kube::Operation::Create;
}

kube::UserInfo user_of(const std::string& name, const std::vector<std::string>& groups,
                       Arena& arena) {
  kube::UserInfo user;
  user.username = name;
  std::vector<document::Node> nodes;
  nodes.reserve(groups.size());
  for (const std::string& group : groups) {
    nodes.push_back(document::Node::make_string(group, 0));
  }
  if (!nodes.empty()) {
    user.groups = document::Node::make_array(arena, nodes, 0);
  }
  return user;
}

std::int64_t now_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())
      .time_since_epoch()
      .count();
}

Result<input::Inputs> read_beside(const std::vector<std::string>& paths,
                                  const std::string& default_namespace, unsigned threads) {
  input::InputOptions options;
  options.paths = paths;
  options.default_namespace = default_namespace;
  options.threads = threads;
  input::Inputs inputs = input::read_inputs(options);
  if (!inputs.errors.empty()) {
    return std::unexpected(std::move(inputs.errors.front()));
  }
  return inputs;
}

}  // namespace tally::app
