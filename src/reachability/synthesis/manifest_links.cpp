// Service addresses in manifests.
//
//   address = [ scheme "://" ] [ user "@" ] host [ ":" port ]
//   host    = service [ "." namespace [ ".svc" [ "." cluster domain ] ] ]
//           | pod "." host                                                  (of a headless Service)
//
// A single word is an address only if a scheme or a user stands before it, a port behind it, or
// nothing beside it: every word of a text is not the name of a Service.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "document/node.hpp"
#include "kube/object.hpp"
#include "reachability/synthesis/links.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {
namespace {

using document::Node;

constexpr std::size_t kTextBytesMax = std::size_t{1} << 20U;

bool is_host_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
}

// Where a text stands, for the reason.
struct Origin {
  const kube::Object* object = nullptr;
  std::uint32_t offset = 0;
  std::string what;  // "env CART_ADDR of container server"
};

class Scanner {
 public:
  Scanner(const kube::Snapshot& snapshot, const topology::Topology& topology, Links& links)
      : snapshot_(snapshot), topology_(topology), links_(links) {
    for (const topology::Service& service : topology.services()) {
      services_.emplace(std::pair(service.name_space, service.name), &service);
    }
  }

  void scan_unit(std::uint32_t unit) {
    unit_ = unit;
    std::set<const kube::Object*> done;
    for (const std::uint32_t position : links_.units[unit].endpoints) {
      const topology::Endpoint& endpoint = topology_.endpoints()[position];
      const auto pod = kube::pod_template(*endpoint.object);
      if (!pod || !done.insert(endpoint.object).second) {
        continue;
      }
      for (const std::string_view list : {"initContainers", "containers"}) {
        const Node* containers = pod->spec->find(list);
        for (std::size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
          scan_container(*endpoint.object, containers->items()[i]);
        }
      }
      scan_volumes(*pod->spec);
    }
  }

 private:
  static std::string_view text_at(const Node* node, std::string_view key) {
    const Node* found = node == nullptr ? nullptr : node->find(key);
    return found == nullptr ? std::string_view{} : found->text();
  }
  [[nodiscard]] std::string_view name_space() const {
    return topology_.namespaces()[links_.units[unit_].name_space].name;
  }

  void scan_container(const kube::Object& object, const Node& container) {
    const std::string name(text_at(&container, "name"));
    if (const Node* env = container.find("env"); env != nullptr) {
      for (const Node& item : env->items()) {
        const std::string what =
            fmt::format("env {} of container {}", text_at(&item, "name"), name);
        if (const Node* value = item.find("value"); value != nullptr) {
          scan(value->text(), {.object = &object, .offset = value->offset(), .what = what});
        }
        const Node* from = item.find("valueFrom");
        const Node* key = from == nullptr ? nullptr : from->find("configMapKeyRef");
        if (key != nullptr) {
          scan_config_map(text_at(key, "name"), text_at(key, "key"), what);
        }
      }
    }
    if (const Node* all = container.find("envFrom"); all != nullptr) {
      for (const Node& item : all->items()) {
        scan_config_map(text_at(item.find("configMapRef"), "name"), {},
                        fmt::format("envFrom of container {}", name));
      }
    }
    for (const std::string_view list : {"command", "args"}) {
      const Node* words = container.find(list);
      for (std::size_t i = 0; words != nullptr && i < words->size(); ++i) {
        const Node& word = words->items()[i];
        scan(word.text(), {.object = &object,
                           .offset = word.offset(),
                           .what = fmt::format("{} of container {}", list, name)});
      }
    }
  }

  void scan_volumes(const Node& spec) {
    const Node* volumes = spec.find("volumes");
    for (std::size_t i = 0; volumes != nullptr && i < volumes->size(); ++i) {
      const Node& volume = volumes->items()[i];
      const std::string what = fmt::format("volume {}", text_at(&volume, "name"));
      scan_config_map(text_at(volume.find("configMap"), "name"), {}, what);
      const Node* projected = volume.find("projected");
      const Node* sources = projected == nullptr ? nullptr : projected->find("sources");
      for (std::size_t j = 0; sources != nullptr && j < sources->size(); ++j) {
        scan_config_map(text_at(sources->items()[j].find("configMap"), "name"), {}, what);
      }
    }
  }

  // One key, or all of them.
  void scan_config_map(std::string_view name, std::string_view key, const std::string& what) {
    const kube::Object* map =
        name.empty() ? nullptr : snapshot_.find("", "ConfigMap", name_space(), name);
    const Node* data = map == nullptr ? nullptr : map->root.find("data");
    if (data == nullptr) {
      return;
    }
    for (const document::Member member : data->members()) {
      if (key.empty() || member.key == key) {
        scan(member.value.text(),
             {.object = map,
              .offset = member.value.offset(),
              .what = fmt::format("{} from ConfigMap {} key {}", what, name, member.key)});
      }
    }
  }

  void scan(std::string_view text, const Origin& origin) {
    text = text.substr(0, kTextBytesMax);
    for (std::size_t at = 0; at < text.size();) {
      if (!is_host_character(text[at])) {
        ++at;
        continue;
      }
      std::size_t end = at;
      while (end < text.size() && is_host_character(text[end])) {
        ++end;
      }
      std::uint16_t port = 0;
      std::size_t behind = end;
      if (end + 1 < text.size() && text[end] == ':') {
        const auto [rest, code] =
            std::from_chars(text.data() + end + 1, text.data() + text.size(), port);
        behind = code == std::errc() ? static_cast<std::size_t>(rest - text.data()) : end;
        port = code == std::errc() ? port : std::uint16_t{0};
      }
      const bool is_after_mark =
          at > 0 && (text[at - 1] == '@' || (at > 2 && text.substr(at - 3, 3) == "://"));
      const bool is_alone = at == 0 && behind == text.size();
      std::string_view host = text.substr(at, end - at);
      while (host.ends_with('.')) {
        host.remove_suffix(1);
      }
      take(host, port, is_after_mark || is_alone || port != 0, origin);
      at = std::max(behind, end);
    }
  }

  [[nodiscard]] const topology::Service* service_at(std::string_view name_space,
                                                    std::string_view name) const {
    const auto position = topology_.find_namespace(name_space);
    if (!position) {
      return nullptr;
    }
    const auto at = services_.find(std::pair(*position, name));
    return at == services_.end() ? nullptr : at->second;
  }

  void take(std::string_view host, std::uint16_t port, bool may_be_word, const Origin& origin) {
    std::vector<std::string_view> parts;
    for (std::string_view rest = host; !rest.empty();) {
      const std::size_t dot = rest.find('.');
      parts.push_back(rest.substr(0, dot));
      rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
    }
    const auto is_service_suffix = [&](std::size_t from) {
      return from == parts.size() || parts[from] == "svc";
    };
    const topology::Service* service = nullptr;
    if (parts.size() == 1 && may_be_word) {
      service = service_at(name_space(), parts[0]);
    } else if (parts.size() >= 2) {
      if (is_service_suffix(2)) {
        service = service_at(parts[1], parts[0]);
      }
      // "redis-0.redis", "redis-0.redis.shop.svc"
      if (service == nullptr && parts.size() == 2) {
        service = service_at(name_space(), parts[1]);
      } else if (service == nullptr && parts.size() >= 3 && is_service_suffix(3)) {
        service = service_at(parts[2], parts[1]);
      }
    }
    if (service == nullptr) {
      return;
    }
    const auto [known, is_new] = targets_.try_emplace(std::pair(service, port));
    if (is_new) {
      known->second = targets_of(topology_, links_, *service, port);
    }
    const std::vector<Target>& targets = known->second;
    const std::string where = place_of(*origin.object, origin.offset);
    if (targets.empty()) {
      links_.notes.push_back(fmt::format("{} ({}): Service {} has no pods behind {}", origin.what,
                                         where, service->name,
                                         port == 0 ? "it" : fmt::format("port {}", port)));
    }
    for (const Target& target : targets) {
      if (target.unit == unit_) {
        continue;
      }
      links_.add({.source = {.kind = LinkEnd::Kind::Unit, .unit = unit_, .block = {}},
                  .destination = {.kind = LinkEnd::Kind::Unit, .unit = target.unit, .block = {}},
                  .protocol = target.protocol,
                  .port = target.port},
                 fmt::format("{} ({})", origin.what, where));
    }
  }

  const kube::Snapshot& snapshot_;
  const topology::Topology& topology_;
  Links& links_;
  std::map<std::pair<std::uint32_t, std::string_view>, const topology::Service*> services_;
  std::map<std::pair<const topology::Service*, std::uint16_t>, std::vector<Target>> targets_;
  std::uint32_t unit_ = 0;
};

}  // namespace

void add_links_of_manifests(const kube::Snapshot& snapshot, const topology::Topology& topology,
                            Links& links) {
  Scanner scanner(snapshot, topology, links);
  for (std::uint32_t i = 0; i < links.units.size(); ++i) {
    scanner.scan_unit(i);
  }
}

}  // namespace tally::reachability
