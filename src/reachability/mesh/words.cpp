// Requests, and who decides, in short words.

#include "reachability/mesh/layers.hpp"

namespace tally::reachability::mesh {

namespace {

void add_list(const std::vector<std::string_view>& values, std::string_view before,
              std::string& out) {
  if (values.empty()) {
    return;
  }
  out.append(out.empty() ? "" : " ").append(before);
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.append(i == 0 ? "" : ", ").append(values[i]);
  }
}

}  // namespace

// "GET, HEAD /api/* not /api/admin on *.example if request.headers[x] is one of a"
std::string to_words(const authorization::HttpShape& shape) {
  std::string out;
  add_list(shape.methods.any_of, "", out);
  add_list(shape.methods.none_of, "not ", out);
  add_list(shape.paths.any_of, "", out);
  add_list(shape.paths.none_of, "not ", out);
  add_list(shape.hosts.any_of, "on ", out);
  add_list(shape.hosts.none_of, "not on ", out);
  for (std::size_t i = 0; i < shape.conditions.size(); ++i) {
    out.append(out.empty() ? "" : " ").append(i == 0 ? "if " : "and ").append(shape.conditions[i]);
  }
  return out;
}

std::string to_words(const MeshReach& reach) {
  std::string out =
      reach.route.routed == Routing::Answer::ByRequest ? "as a VirtualService routes it" : "";
  for (const authorization::Reach& stage : reach.stages) {
    const auto add = [&](const std::vector<authorization::HttpShape>& shapes,
                         std::string_view before) {
      std::string list;
      for (const authorization::HttpShape& shape : shapes) {
        const std::string words = to_words(shape);
        list.append(list.empty() ? "" : "; or ").append(words.empty() ? "everything" : words);
      }
      if (!list.empty()) {
        out.append(out.empty() ? "" : "; ").append(before).append(list);
      }
    };
    add(stage.allowed, "");
    add(stage.denied, "without ");
    add(stage.asked, "asked: ");
  }
  return out;
}

std::string deciding_layer(const LayeredAnswer& answer) {
  using network_policy::Verdict;
  const WayAnswer& way = answer.way;
  const Step& by = way.mesh.decided_by;
  std::string of_mesh = "the mesh";
  if (!by.title.empty()) {
    of_mesh.append(": ").append(by.title).append(" ");
    of_mesh += by.rule.empty() ? "(" + by.what + ")" : by.rule;
    of_mesh.append(", ").append(by.place);
  } else if (!by.what.empty()) {
    of_mesh.append(": ").append(by.what);
  }
  if (answer.verdict == Verdict::Denied) {
    return way.network == Verdict::Denied ? " by the network policies" : " by " + of_mesh;
  }
  if (answer.verdict == Verdict::Unknown) {
    return answer.missing.empty() ? "" : ", not known: " + answer.missing.front();
  }
  return way.mesh.is_asked ? " by the network policies and by " + of_mesh
                           : " by the network policies; no proxy is on the way";
}

}  // namespace tally::reachability::mesh
