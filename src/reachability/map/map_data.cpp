#include "reachability/map/internal/map_data.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "document/json_writer.hpp"
#include "network_policy/class_pairs.hpp"
#include "reachability/exposure.hpp"
#include "reachability/map/internal/json_text.hpp"
#include "reachability/map/internal/page_classes.hpp"
#include "reachability/map/internal/pair_reader.hpp"
#include "reachability/map/internal/tables.hpp"

namespace tally::reachability {
namespace {

using network_policy::ClassId;
using network_policy::Direction;
using network_policy::DirectionTable;
using network_policy::EndpointPeer;
using network_policy::kNone;
using network_policy::Match;
using network_policy::Policy;
using network_policy::PooledAnswer;
using topology::Endpoint;

constexpr Direction kDirections[] = {Direction::Ingress, Direction::Egress};

bool is_denied(const PooledAnswer& answer) {
  return answer.allowed == kNone && answer.unknown == kNone;
}

class MapData {
 public:
  MapData(World& world, const MapOptions& options)
      : world_(world),
        options_(options),
        analyser_(world.analyser()),
        classes_(world, options.mesh),
        pairs_(world, options.mesh, texts_) {}

  std::string run() {
    index_policies();
    for (const PageClass& one : classes_.list()) {
      knows_addresses_.push_back(!endpoint_of(first_of(one)).addresses.empty());
    }
    if (stores_reasons(world_.workloads().size())) {
      exposures_ = list_exposure(world_);
    }
    write_namespaces();
    write_workloads();
    write_policies();
    write_classes();
    write_rows();
    write_entries();
    write_tables();
    return without_tags(json_.take() + "}");
  }

 private:
  // By the one namespace that their subject names: a class asks those of its own, and the rest.
  void index_policies() {
    const auto& set = world_.policies();
    for (std::uint32_t i = 0; i < set.policies().size(); ++i) {
      const auto only = set.selectors().only_namespace(set.policies()[i].subject);
      policies_by_namespace_[std::string(only.value_or(std::string_view{}))].push_back(i);
    }
  }

  [[nodiscard]] const Workload& first_of(const PageClass& one) const {
    return world_.workloads()[one.workloads.front()];
  }
  [[nodiscard]] const Endpoint& endpoint_of(const Workload& workload) const {
    return world_.topology().endpoints()[workload.endpoints.front()];
  }

  void write_namespaces() {
    json_.key("inputs").open();
    for (const std::string& input : options_.inputs) {
      json_.text(input);
    }
    json_.close().key("notes").open();
    for (const std::string& note : options_.notes) {
      json_.text(note);
    }
    json_.close().key("namespaces").open();
    for (const topology::Namespace& name_space : world_.topology().namespaces()) {
      json_.open().text(name_space.name).number(name_space.is_known() ? 1 : 0).close();
    }
    json_.close();
  }

  void write_workloads() {
    json_.key("workloads").open();
    for (std::uint32_t i = 0; i < world_.workloads().size(); ++i) {
      const Workload& workload = world_.workloads()[i];
      const Endpoint& endpoint = endpoint_of(workload);
      // "shop/web[Deployment] web-7 and 2 more": what stands behind the kind.
      const std::size_t end = workload.label.rfind(']');
      json_.open()
          .number(endpoint.name_space)
          .number(texts_.number(workload.kind))
          .text(workload.name)
          .text(std::string_view(workload.label).substr(end + 1))
          .number(classes_.number_of(i))
          .number(workload.endpoints.size())
          .number(texts_.number(place_of(*endpoint.object, endpoint.object->root.offset())))
          .number(texts_.number(labels_text(endpoint)))
          .number(texts_.number(ports_text(endpoint)))
          .number(endpoint.is_on_host_network ? 1 : 0);
      if (options_.mesh != nullptr) {
        json_.number(texts_.number(mesh_words(workload)));
      }
      json_.close();
    }
    json_.close();
  }

  // "sidecar, cluster.local/ns/shop/sa/web, mutual TLS strict"
  [[nodiscard]] std::string mesh_words(const Workload& workload) const {
    const std::uint32_t endpoint = workload.endpoints.front();
    const mesh::DataPlane plane = options_.mesh->data_plane_of(workload);
    std::string text(mesh::to_text(plane));
    if (plane != mesh::DataPlane::None) {
      text.append(", ").append(options_.mesh->principal_of(endpoint)).append(", mutual TLS ");
      text += mesh::to_text(options_.mesh->mutual_tls_of(endpoint, std::nullopt).mode);
    }
    return text;
  }

  // As a matchLabels of YAML has them, without what marks one pod of a controller only.
  static std::string labels_text(const Endpoint& endpoint) {
    std::string text;
    for (const document::Member member : endpoint.labels.members()) {
      if (member.key.ends_with("pod-template-hash") || member.key == "controller-revision-hash" ||
          member.key == "statefulset.kubernetes.io/pod-name") {
        continue;
      }
      text.append(text.empty() ? "" : ", ").append(member.key).append(": ");
      document::append_json_string(text, member.value.text());
    }
    return text;
  }

  static std::string ports_text(const Endpoint& endpoint) {
    std::string text;
    for (const topology::ContainerPort& port : endpoint.ports) {
      text.append(text.empty() ? "" : ", ").append(scalar::protocol_name(port.protocol));
      text.append(" ").append(std::to_string(port.port));
      if (!port.name.empty()) {
        text.append(" (").append(port.name).append(")");
      }
    }
    return text;
  }

  void write_policies() {
    const auto& set = world_.policies();
    json_.key("policies").open();
    for (const Policy& policy : set.policies()) {
      const kube::Object& object = *policy.object;
      json_.open()
          .text(title_of(object))
          .number(texts_.number(place_of(object, object.root.offset())))
          .number(texts_.number(set.tiers()[policy.tier].name))
          .number((policy.isolates[0] ? 1U : 0U) + (policy.isolates[1] ? 2U : 0U))
          .close();
    }
    json_.close();
  }

  // Whether a pod that somebody may add tomorrow is let through: of very many workloads and
  // policies what nearly all others are answered.
  [[nodiscard]] bool is_open_to_any(const PageClass& one, Direction direction) const {
    if (exposures_.empty()) {
      return analyser_.table(one.class_id, direction).usual[1].allowed != kNone;
    }
    const std::size_t at = 2 * std::size_t{one.workloads.front()};
    return !exposures_[at + static_cast<std::size_t>(direction)].cluster.is_empty();
  }

  // Of a direction: flags (1: isolated, 2: open to any pod), the policies that select the class,
  // whom it lets through, the outside.
  void write_classes() {
    json_.key("classes").open();
    for (const PageClass& one : classes_.list()) {
      json_.open();
      const EndpointPeer own(world_.topology(), endpoint_of(first_of(one)));
      for (const Direction direction : kDirections) {
        const DirectionTable& table = analyser_.table(one.class_id, direction);
        json_.number((table.is_isolated ? 1U : 0U) + (is_open_to_any(one, direction) ? 2U : 0U));
        write_selecting(own, first_of(one).name_space, direction);
        json_.number(sets_.number(let_through(table)));
        write_outside(one, direction, table);
      }
      json_.close();
    }
    json_.close();
  }

  void write_selecting(const EndpointPeer& own, std::string_view name_space, Direction direction) {
    const auto& set = world_.policies();
    json_.open();
    for (const std::string_view where : {name_space, std::string_view{}}) {
      const auto found = policies_by_namespace_.find(where);
      if (found == policies_by_namespace_.end()) {
        continue;
      }
      for (const std::uint32_t i : found->second) {
        const Policy& policy = set.policies()[i];
        if (policy.applies[static_cast<int>(direction)] && !policy.is_staged &&
            own.selected_by(set.selectors(), policy.subject) != Match::No) {
          json_.number(i);
        }
      }
    }
    json_.close();
  }

  // Classes of which something may pass.
  Runs let_through(const DirectionTable& table) {
    std::vector<std::uint32_t> denied;
    std::vector<std::uint32_t> passing;
    for (const DirectionTable::Part& part : table.parts) {
      for (const ClassId other : part.classes) {
        const auto numbers = classes_.of_class(other);
        auto& into = is_denied(part.answer) ? denied : passing;
        into.insert(into.end(), numbers.begin(), numbers.end());
      }
    }
    if (!is_denied(table.usual[0]) || !is_denied(table.usual[1])) {
      std::vector<bool> is_other(classes_.list().size());
      for (const std::vector<std::uint32_t>* list : {&denied, &passing}) {
        for (const std::uint32_t number : *list) {
          is_other[number] = true;
        }
      }
      for (std::uint32_t i = 0; i < is_other.size(); ++i) {
        if (!is_other[i] && !is_denied(table.usual[knows_addresses_[i] ? 1 : 0])) {
          passing.push_back(i);
        }
      }
    }
    std::ranges::sort(passing);
    Runs runs;
    for (const std::uint32_t number : passing) {
      append_to_runs(runs, number);
    }
    return runs;
  }

  [[nodiscard]] bool stores_reasons(std::size_t pairs) const {
    return pairs * (world_.policies().policies().size() + 1) <= options_.reason_work_max;
  }

  void write_outside(const PageClass& one, Direction direction, const DirectionTable& table) {
    const bool with_reasons = stores_reasons(classes_.list().size());
    const PairEnd inside{.workload = one.workloads.front()};
    json_.open();
    for (const auto& [addresses, answer] : table.outside) {
      if (is_denied(answer)) {
        continue;
      }
      const PairEnd outside{.addresses = addresses};
      const bool is_ingress = direction == Direction::Ingress;
      const PairText pair = pairs_.read(is_ingress ? outside : inside,
                                        is_ingress ? inside : outside, answer, with_reasons);
      json_.open().number(texts_.number(to_words(addresses)));
      json_.number(pair.allowed).number(pair.unknown);
      json_.number(is_ingress ? pair.ingress : pair.egress).number(pair.mesh).close();
    }
    json_.close();
  }

  // Source, answer and reasons, destination.
  using PageRow = std::tuple<std::uint32_t, PairText, std::uint32_t>;

  // Pairs that the network policies keep apart, and that meet at a waypoint.
  void add_waypoint_rows(bool with_reasons, std::vector<PageRow>& rows) {
    const mesh::Mesh* mesh = options_.mesh;
    const auto classes = classes_.list();
    std::vector<std::uint32_t> behind;
    for (std::uint32_t i = 0; mesh != nullptr && i < classes.size(); ++i) {
      if (mesh->is_behind_waypoint(first_of(classes[i]).endpoints.front())) {
        behind.push_back(i);
      }
    }
    std::set<std::pair<std::uint32_t, std::uint32_t>> known;
    for (const auto& [source, pair, destination] : rows) {
      known.emplace(source, destination);
    }
    const std::uint32_t none = texts_.number("none");
    for (const std::uint32_t destination : behind) {
      const auto& members = classes[destination].workloads;
      for (std::uint32_t source = 0; source < classes.size(); ++source) {
        if (known.contains({source, destination}) ||
            (source == destination && members.size() < 2)) {
          continue;
        }
        const PairText pair = pairs_.read({.workload = classes[source].workloads.front()},
                                          {.workload = members[source == destination ? 1 : 0]},
                                          {.allowed = kNone, .unknown = kNone}, with_reasons);
        if (pair.allowed != none || pair.unknown != none) {
          rows.emplace_back(source, pair, destination);
        }
      }
    }
  }

  // Pairs of classes with a connection: grouped by source, answer and reasons.
  void write_rows() {
    std::vector<PageRow> rows;
    const auto pairs = network_policy::list_class_pairs(analyser_);
    const bool with_reasons = stores_reasons(pairs.size());
    rows.reserve(pairs.size());
    for (const network_policy::ClassPair& pair : pairs) {
      for (const std::uint32_t source : classes_.of_class(pair.source)) {
        for (const std::uint32_t destination : classes_.of_class(pair.destination)) {
          const auto& members = classes_.list()[destination].workloads;
          // Of a class to itself: between two workloads, where it has two.
          const bool is_second = source == destination && members.size() > 1;
          rows.emplace_back(
              source,
              pairs_.read({.workload = classes_.list()[source].workloads.front()},
                          {.workload = members[is_second ? 1 : 0]}, pair.answer, with_reasons),
              destination);
        }
      }
    }
    add_waypoint_rows(with_reasons, rows);
    std::ranges::sort(rows);
    json_.key("reasoned").number(with_reasons ? 1 : 0).key("rows").open();
    for (std::size_t begin = 0; begin < rows.size();) {
      const auto& [source, pair, unused] = rows[begin];
      std::size_t end = begin;
      Runs destinations;
      for (;
           end < rows.size() && std::get<0>(rows[end]) == source && std::get<1>(rows[end]) == pair;
           ++end) {
        append_to_runs(destinations, std::get<2>(rows[end]));
      }
      json_.open().number(source).number(pair.allowed).number(pair.unknown);
      json_.number(sets_.number(std::move(destinations)));
      if (with_reasons || pair.mesh != 0) {
        json_.number(pair.egress).number(pair.ingress).number(pair.mesh);
      }
      json_.close();
      begin = end;
    }
    json_.close();
  }

  // How the world gets in: in words, place, why it is internal, what it hangs on, and the workloads
  // behind with their ports and how far it is open to the world (2: for sure, 1: perhaps).
  void write_entries() {
    json_.key("entries").open();
    for (const Entry& entry :
         options_.entries == nullptr ? std::span<const Entry>() : options_.entries->entries) {
      json_.open()
          .text(to_words(entry))
          .number(texts_.number(entry.place))
          .number(texts_.number(entry.internal))
          .number(texts_.number(entry.missing))
          .number(texts_.number(entry.via))
          .number(texts_.number(to_text(entry.tls)))
          .open();
      for (const EntryBackend& backend : entry.backends) {
        const auto exposed = is_world_exposed(entry, backend);
        json_.open().number(backend.workload).number(texts_.number(backend.ports.to_string()));
        json_.number(texts_.number(backend.allowed.to_string()));
        json_.number(texts_.number(backend.unknown.to_string()));
        json_.number(exposed == network_policy::Verdict::Allowed   ? 2
                     : exposed == network_policy::Verdict::Unknown ? 1
                                                                   : 0);
        json_.number(texts_.number(backend.missing.empty() ? backend.denied_by : backend.missing))
            .close();
      }
      json_.close().close();
    }
    json_.close().key("meshed").number(options_.mesh != nullptr ? 1 : 0);
  }

  void write_tables() {
    json_.key("sets").open();
    for (const Runs* runs : sets_.list()) {
      json_.open();
      for (const std::uint32_t number : *runs) {
        json_.number(number);
      }
      json_.close();
    }
    json_.close().key("reasons").raw(joined(pairs_.reasons()));
    json_.key("meshes").raw(joined(pairs_.meshes()));
    json_.key("texts").open();
    for (const std::string* text : texts_.texts()) {
      json_.text(*text);
    }
    json_.close();
  }

  static std::string joined(const TextTable& table) {
    std::string text = "[";
    for (const std::string* one : table.texts()) {
      text.append(text.size() == 1 ? "" : ",\n").append(*one);
    }
    return text + "]";
  }

  // `<` stands in JSON inside of texts only, where \u003c means the same. HTML would end the block
  // at `</script`, and read on differently behind `<!--`.
  static std::string without_tags(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) {
      if (c == '<') {
        out += "\\u003c";
      } else {
        out += c;
      }
    }
    return out;
  }

  World& world_;
  const MapOptions& options_;
  network_policy::Analyser& analyser_;
  PageClasses classes_;
  std::vector<bool> knows_addresses_;  // by class
  std::vector<Exposure> exposures_;    // by workload, ingress before egress; or empty
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> policies_by_namespace_;
  JsonText json_;
  TextTable texts_;
  PairReader pairs_;
  RunsTable sets_;
};

}  // namespace

std::string map_data(World& world, const MapOptions& options) {
  return MapData(world, options).run();
}

}  // namespace tally::reachability
