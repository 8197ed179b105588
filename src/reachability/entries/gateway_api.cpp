// Routes of Gateway API (gateway.networking.k8s.io): to which listeners of which Gateways they
// attach, and to which Services they lead.
//
// gateway-api apis/v1/shared_types.go (ParentReference, BackendRef), httproute_types.go,
// gateway_types.go, referencegrant_types.go; the tests of its conformance suite that pin a step are
// named there.

#include <algorithm>
#include <map>
#include <set>

#include "reachability/entries/internal/gateways.hpp"
#include "reachability/entries/internal/host_names.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using kube::Match;
using kube::Object;
using netpol_analyzer::field;
using netpol_analyzer::text_at;

namespace {

constexpr std::string_view kGroup = "gateway.networking.k8s.io";
// At least as much as the API takes of parents, hosts, rules and backends.
constexpr std::size_t kListMax = 64;

std::span<const Node> items(const Node* list) {
  const auto all = list == nullptr || !list->is_array() ? std::span<const Node>{} : list->items();
  return all.first(std::min(all.size(), kListMax));
}

std::string pointer_of(std::string_view list, std::size_t i) {
  return std::string(list) + "/" + std::to_string(i);
}

// "GET Prefix /api with header x-canary", of one match of a rule.
std::string match_words(const Node& match) {
  std::string text(text_at(&match, "method"));
  const auto append = [&text](std::string_view word) {
    text.append(text.empty() || word.empty() ? "" : " ").append(word);
  };
  if (const Node* path = field(&match, "path"); path != nullptr) {
    const std::string_view type = text_at(path, "type");
    append(type.empty() || type == "PathPrefix" ? "Prefix" : type);
    append(text_at(path, "value"));
  }
  if (const Node* call = field(&match, "method"); call != nullptr && call->is_object()) {
    append(text_at(call, "service"));
    append(text_at(call, "method"));
  }
  for (const Node& header : items(field(&match, "headers"))) {
    append("with header");
    append(text_at(&header, "name"));
  }
  return text;
}

std::string path_words(const Node& rule) {
  std::string text;
  for (const Node& match : items(field(&rule, "matches"))) {
    const std::string one = match_words(match);
    if (!one.empty()) {
      text.append(text.empty() ? "" : " or ").append(one);
    }
  }
  return text;
}

// A listener that takes the route.
struct Attachment {
  const Gateway* gateway = nullptr;
  const Listener* listener = nullptr;
  std::string host;
  bool is_sure = true;
};

class Reader {
 public:
  explicit Reader(EntryBook& book) : book_(book), gateways_(book) {
    book.for_each(kGroup, "ReferenceGrant", [this](const Object& object) {
      grants_[object.ref.name_space].push_back(&object);
    });
    book.for_each(kGroup, "BackendTLSPolicy", [this](const Object& object) {
      for (const Node& target : items(field(field(&object.root, "spec"), "targetRefs"))) {
        if (text_at(&target, "kind") == "Service") {
          encrypted_.emplace(object.ref.name_space, text_at(&target, "name"));
        }
      }
    });
  }

  void read(const Object& object) {
    const Node* spec = field(&object.root, "spec");
    const auto parents = items(field(spec, "parentRefs"));
    const Node* rules = field(spec, "rules");
    for (const std::string_view list : {"parentRefs", "hostnames", "rules"}) {
      const Node* all = field(spec, list);
      if (all != nullptr && all->is_array() && all->size() > kListMax) {
        book_.problem(
            EntryProblem::Kind::TooMany,
            {.object = &object, .pointer = "/spec/" + std::string(list), .offset = all->offset()},
            "there are more than 64; the rest is left out");
      }
    }
    for (std::size_t i = 0; i < parents.size(); ++i) {
      const Place place{.object = &object,
                        .pointer = pointer_of("/spec/parentRefs", i),
                        .offset = parents[i].offset()};
      for (const Attachment& attachment : attach(object, spec, parents[i], place)) {
        for (std::size_t j = 0; j < items(rules).size(); ++j) {
          if (!read_rule(object, attachment, items(rules)[j], pointer_of("/spec/rules", j))) {
            return;
          }
        }
      }
    }
  }

 private:
  // How far a route came at the listeners of a parent.
  enum class Stage : std::uint8_t { Section, Kind, Namespace, Host, Attached };

  std::vector<Attachment> attach(const Object& object, const Node* spec, const Node& parent,
                                 const Place& place) {
    std::vector<Attachment> attached;
    const Node* group = field(&parent, "group");
    const std::string_view kind = text_at(&parent, "kind");
    if ((group != nullptr && group->text() != kGroup) || (!kind.empty() && kind != "Gateway")) {
      // A Service as parent is a rule of the mesh, not a way in (GAMMA).
      if (kind != "Service") {
        book_.problem(EntryProblem::Kind::NotFollowed, place,
                      "a parent of kind " + std::string(kind) + " is not followed");
      }
      return attached;
    }
    const std::string_view own = object.ref.name_space;
    const std::string_view named = text_at(&parent, "namespace");
    const std::string_view name_space = named.empty() ? own : named;
    const Gateway* gateway = gateways_.find(name_space, text_at(&parent, "name"));
    const std::string title =
        "Gateway " + std::string(name_space) + "/" + std::string(text_at(&parent, "name"));
    if (gateway == nullptr) {
      book_.problem(EntryProblem::Kind::ParentAbsent, place, title + " is not in the input");
      return attached;
    }
    if (gateway->is_waypoint) {
      return attached;
    }
    const std::string_view section = text_at(&parent, "sectionName");
    const PortWish port = read_port_wish(field(&parent, "port"));
    Stage stage = Stage::Section;
    for (const Listener& listener : gateway->listeners) {
      if ((!section.empty() && listener.name != section) ||
          (!port.is_all && listener.port != port.number)) {
        continue;
      }
      stage = std::max(stage, Stage::Kind);
      if (!allows_kind(listener, object.ref.kind)) {
        continue;
      }
      stage = std::max(stage, Stage::Namespace);
      const Match allowed = allows_namespace(book_.snapshot(), *gateway, listener, own);
      if (allowed == Match::No) {
        continue;
      }
      stage = std::max(stage, Stage::Host);
      const auto host = hosts(object, spec, listener);
      if (host) {
        stage = Stage::Attached;
        attached.push_back({.gateway = gateway,
                            .listener = &listener,
                            .host = *host,
                            .is_sure = allowed == Match::Yes});
      }
    }
    explain(stage, title, object, place);
    return attached;
  }

  void explain(Stage stage, const std::string& title, const Object& object, const Place& place) {
    using enum EntryProblem::Kind;
    switch (stage) {
      case Stage::Section:
        return book_.problem(ParentAbsent, place, title + " has no such listener");
      case Stage::Kind:
        return book_.problem(
            KindNotAllowed, place,
            "no listener of " + title + " takes a " + std::string(object.ref.kind));
      case Stage::Namespace:
        return book_.problem(NamespaceNotAllowed, place,
                             "no listener of " + title + " takes routes of namespace " +
                                 std::string(object.ref.name_space) + " (allowedRoutes)");
      case Stage::Host:
        return book_.problem(HostMismatch, place,
                             "no hostname of the route is one of a listener of " + title);
      case Stage::Attached:
        return;
    }
  }

  // The hosts that route and listener have in common (conformance: HTTPRouteHostnameIntersection);
  // routes of TCP and UDP have none.
  static std::optional<std::string> hosts(const Object& object, const Node* spec,
                                          const Listener& listener) {
    if (object.ref.kind == "TCPRoute" || object.ref.kind == "UDPRoute") {
      return std::string();
    }
    const auto own = items(field(spec, "hostnames"));
    if (own.empty()) {
      return std::string(listener.host);
    }
    std::string text;
    bool is_any = false;
    for (const Node& name : own) {
      if (const auto common = common_host(listener.host, name.text())) {
        text.append(is_any ? ", " : "").append(*common);
        is_any = true;
      }
    }
    return is_any ? std::optional(std::move(text)) : std::nullopt;
  }

  bool read_rule(const Object& object, const Attachment& attachment, const Node& rule,
                 const std::string& pointer) {
    const Gateway& gateway = *attachment.gateway;
    const Listener& listener = *attachment.listener;
    Entry entry;
    entry.kind = EntryKind::GatewayApi;
    entry.gateway = gateway.object;
    entry.via = title_of(*gateway.object) + ", listener " + std::string(listener.name);
    entry.host = attachment.host;
    entry.path = path_words(rule);
    entry.tls = listener.tls;
    entry.protocol = listener.protocol == "UDP" ? scalar::Protocol::Udp : scalar::Protocol::Tcp;
    entry.port = listener.port;
    entry.sources = gateway.sources;
    entry.internal = gateway.internal;
    if (!attachment.is_sure) {
      entry.missing =
          "the labels of namespace " + std::string(object.ref.name_space) + " (allowedRoutes)";
    }
    const auto backends = items(field(&rule, "backendRefs"));
    for (std::size_t i = 0; i < backends.size(); ++i) {
      const std::string own = pointer_of(pointer + "/backendRefs", i);
      if (!send(object, entry, *gateway.door, backends[i], own) ||
          !mirror(object, entry, *gateway.door, backends[i], own)) {
        return false;
      }
    }
    return mirror(object, entry, *gateway.door, rule, pointer);
  }

  // Filters of type RequestMirror send a copy of each request.
  bool mirror(const Object& object, const Entry& entry, const Door& door, const Node& holder,
              const std::string& pointer) {
    const auto filters = items(field(&holder, "filters"));
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const Node* backend = field(field(&filters[i], "requestMirror"), "backendRef");
      if (backend != nullptr &&
          !send(object, entry, door, *backend,
                pointer_of(pointer + "/filters", i) + "/requestMirror/backendRef")) {
        return false;
      }
    }
    return true;
  }

  bool send(const Object& object, Entry entry, const Door& door, const Node& backend,
            std::string pointer) {
    const Place place{.object = &object, .pointer = std::move(pointer), .offset = backend.offset()};
    const std::string_view kind = text_at(&backend, "kind");
    const std::string_view group = text_at(&backend, "group");
    if ((!kind.empty() && kind != "Service") || !group.empty()) {
      book_.problem(EntryProblem::Kind::NotFollowed, place,
                    "a backend of kind " + std::string(kind) + " is not followed");
      return true;
    }
    const Node* weight = field(&backend, "weight");
    if (weight != nullptr && weight->integer() == 0) {
      return true;  // "no traffic should be forwarded for this entry"
    }
    const std::string_view name = text_at(&backend, "name");
    const std::string_view named = text_at(&backend, "namespace");
    const std::string_view name_space = named.empty() ? object.ref.name_space : named;
    if (name.empty()) {
      book_.problem(EntryProblem::Kind::Invalid, place, "a backend needs the name of a Service");
      return true;
    }
    if (name_space != object.ref.name_space && !is_granted(object, name_space, name)) {
      // Conformance: HTTPRouteInvalidCrossNamespaceBackendRef: such requests get a 500.
      book_.problem(EntryProblem::Kind::NotGranted, place,
                    "no ReferenceGrant in namespace " + std::string(name_space) + " lets a " +
                        std::string(object.ref.kind) + " of namespace " +
                        std::string(object.ref.name_space) + " refer to Service " +
                        std::string(name));
      return true;
    }
    if (encrypted_.contains({name_space, name}) && entry.tls == EntryTls::Terminate) {
      entry.tls = EntryTls::Reencrypt;
    }
    const auto service = book_.services().find(name_space, name);
    if (service && book_.services().at(*service).type == "ExternalName") {
      // httproute_types.go: implementations should not support it (CVE-2021-25740).
      book_.problem(EntryProblem::Kind::NotFollowed, place,
                    "a Service of type ExternalName as backend: most implementations refuse it");
      entry.missing = "whether the implementation follows a Service of type ExternalName";
    }
    PortWish port = read_port_wish(field(&backend, "port"));
    port.is_invalid = port.is_invalid || port.is_all || port.number == 0;
    port.is_all = false;
    return book_.send(entry, place, door, name_space, name, port, EntryBook::PortReading::Strict);
  }

  // referencegrant_types.go: what stands in the namespace that is referred to; each of its from
  // goes with each of its to. Conformance: HTTPRouteReferenceGrant.
  bool is_granted(const Object& object, std::string_view name_space, std::string_view name) const {
    const auto grants = grants_.find(name_space);
    if (grants == grants_.end()) {
      return false;
    }
    return std::ranges::any_of(grants->second, [&](const Object* grant) {
      const Node* spec = field(&grant->root, "spec");
      const bool is_from = std::ranges::any_of(items(field(spec, "from")), [&](const Node& from) {
        return text_at(&from, "group") == kGroup && text_at(&from, "kind") == object.ref.kind &&
               text_at(&from, "namespace") == object.ref.name_space;
      });
      return is_from && std::ranges::any_of(items(field(spec, "to")), [&](const Node& to) {
               const std::string_view only = text_at(&to, "name");
               return text_at(&to, "group").empty() && text_at(&to, "kind") == "Service" &&
                      (only.empty() || only == name);
             });
    });
  }

  EntryBook& book_;
  Gateways gateways_;
  std::map<std::string_view, std::vector<const Object*>> grants_;      // by namespace
  std::set<std::pair<std::string_view, std::string_view>> encrypted_;  // Services
};

}  // namespace

void read_gateway_api(EntryBook& book) {
  Reader reader(book);
  for (const std::string_view kind :
       {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"}) {
    book.for_each(kGroup, kind, [&](const Object& object) {
      if (!book.is_full()) {
        reader.read(object);
      }
    });
  }
}

}  // namespace tally::reachability::entries
