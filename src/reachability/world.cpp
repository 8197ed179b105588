#include "reachability/world.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace tally::reachability {
namespace {

using network_policy::ClassId;
using topology::Endpoint;

std::string joined(const std::vector<scalar::Cidr>& cidrs) {
  std::string text;
  for (const scalar::Cidr& cidr : cidrs) {
    text.append(text.empty() ? "" : ", ").append(cidr.to_string());
  }
  return text;
}

// Of one family: by what it holds or by what it lacks, whichever is shorter.
std::string family_words(const scalar::AddressSet& addresses, const scalar::AddressSet& whole,
                         std::string_view name) {
  if (addresses == whole) {
    return "every " + std::string(name) + " address";
  }
  const auto held = addresses.cidrs();
  const auto lacking = whole.minus(addresses).cidrs();
  return lacking.size() < held.size()
             ? "every " + std::string(name) + " address except " + joined(lacking)
             : joined(held);
}

std::vector<Workload> group(const topology::Topology& topology,
                            const network_policy::Analyser& analyser) {
  using Key = std::tuple<std::string_view, std::string_view, std::string_view, ClassId>;
  std::map<Key, std::vector<std::uint32_t>> groups;
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::size_t> parts;
  const auto endpoints = topology.endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    const Endpoint& endpoint = endpoints[i];
    groups[{topology.name_space_of(endpoint).name, endpoint.workload_name, endpoint.workload_kind,
            analyser.class_of(i)}]
        .push_back(i);
  }
  for (const auto& [key, members] : groups) {
    ++parts[{std::get<0>(key), std::get<1>(key), std::get<2>(key)}];
  }
  std::vector<Workload> workloads;
  for (auto& [key, members] : groups) {
    const auto& [name_space, name, kind, class_id] = key;
    std::string label(name_space);
    label.append("/").append(name).append("[").append(kind).append("]");
    if (parts[{name_space, name, kind}] > 1) {
      label.append(" ").append(endpoints[members.front()].name);
      if (members.size() > 1) {
        label.append(" and ").append(std::to_string(members.size() - 1)).append(" more");
      }
    }
    workloads.push_back({.name_space = name_space,
                         .kind = kind,
                         .name = name,
                         .class_id = class_id,
                         .endpoints = std::move(members),
                         .label = std::move(label)});
  }
  std::ranges::sort(workloads, {}, &Workload::label);
  return workloads;
}

}  // namespace

World::World(const kube::Snapshot& snapshot, const network_policy::LoadOptions& options)
    : topology_(topology::Topology::read(snapshot)),
      policies_(network_policy::PolicySet::load(snapshot, options)),
      analyser_(topology_, policies_),
      workloads_(group(topology_, analyser_)),
      by_class_(analyser_.class_count()) {
  for (std::uint32_t i = 0; i < workloads_.size(); ++i) {
    by_class_[workloads_[i].class_id].push_back(i);
  }
}

Result<std::uint32_t> World::find(std::string_view text) const {
  const std::size_t slash = text.find('/');
  const std::size_t bracket = text.find('[');
  const std::string_view name_space =
      slash == std::string_view::npos ? std::string_view{} : text.substr(0, slash);
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view name =
      text.substr(begin, bracket == std::string_view::npos ? bracket : bracket - begin);
  const std::string_view kind = bracket == std::string_view::npos || !text.ends_with(']')
                                    ? std::string_view{}
                                    : text.substr(bracket + 1, text.size() - bracket - 2);
  std::vector<std::uint32_t> found;
  for (const bool by_pod : {false, true}) {
    for (std::uint32_t i = 0; i < workloads_.size(); ++i) {
      const Workload& workload = workloads_[i];
      const bool is_named =
          by_pod ? std::ranges::any_of(
                       workload.endpoints,
                       [&](std::uint32_t at) { return topology_.endpoints()[at].name == name; })
                 : workload.name == name;
      // "ledger-0" is a pod of the StatefulSet ledger, whether or not it is in the input.
      const bool is_ordinal =
          by_pod && workload.kind == "StatefulSet" && name.starts_with(workload.name) &&
          name.size() > workload.name.size() + 1 && name[workload.name.size()] == '-' &&
          name.find_first_not_of("0123456789", workload.name.size() + 1) == std::string_view::npos;
      if ((is_named || is_ordinal) &&
          (slash == std::string_view::npos || workload.name_space == name_space) &&
          (kind.empty() || workload.kind == kind)) {
        found.push_back(i);
      }
    }
    if (!found.empty()) {
      break;
    }
  }
  if (found.size() == 1) {
    return found.front();
  }
  std::string message = found.empty()
                            ? "no workload is named \"" + std::string(text) + "\""
                            : "\"" + std::string(text) + "\" may be one of several workloads";
  std::string hint;
  constexpr std::size_t kShownMax = 5;
  if (found.empty()) {
    for (std::uint32_t i = 0; i < workloads_.size(); ++i) {
      if (workloads_[i].name.contains(name) || name.contains(workloads_[i].name)) {
        found.push_back(i);
      }
    }
  }
  for (std::size_t i = 0; i < std::min(found.size(), kShownMax); ++i) {
    hint.append(hint.empty() ? "Perhaps " : ", ").append(workloads_[found[i]].label);
  }
  return std::unexpected(Error{.kind = ErrorKind::Content,
                               .message = std::move(message),
                               .file = {},
                               .at = {},
                               .hint = std::move(hint)});
}

std::string title_of(const kube::Object& object) {
  std::string text(object.ref.kind);
  text += ' ';
  if (!object.ref.name_space.empty()) {
    text.append(object.ref.name_space).append("/");
  }
  return text.append(object.ref.name);
}

std::string place_of(const kube::Object& object, std::uint32_t offset) {
  if (object.source == nullptr) {
    return title_of(object);
  }
  const Position at = object.source->position(offset);
  return std::string(object.source->name()) + ":" + std::to_string(at.line);
}

std::string to_words(const scalar::AddressSet& addresses) {
  using scalar::AddressSet;
  if (addresses.is_empty()) {
    return "no address";
  }
  if (addresses == AddressSet::all()) {
    return "every address";
  }
  const AddressSet v4 = addresses.intersect(AddressSet::all_v4());
  const AddressSet v6 = addresses.intersect(AddressSet::all_v6());
  std::string text;
  if (!v4.is_empty()) {
    text = family_words(v4, AddressSet::all_v4(), "IPv4");
  }
  if (!v6.is_empty()) {
    text.append(text.empty() ? "" : ", ").append(family_words(v6, AddressSet::all_v6(), "IPv6"));
  }
  return text;
}

}  // namespace tally::reachability
