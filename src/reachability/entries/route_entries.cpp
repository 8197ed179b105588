// OpenShift's Route (route.openshift.io/v1): openshift/api route/v1/types.go; which endpoints are
// sent to as openshift/router pkg/router/template/router.go has it: spec.port.targetPort is the
// number of a port of the pods or the name of a port of the Service, without it all ports are
// meant, and a service of weight 0 gets nothing.

#include "reachability/entries/internal/controllers.hpp"
#include "reachability/entries/internal/entry_book.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using kube::Object;
using netpol_analyzer::field;
using netpol_analyzer::text_at;

namespace {

struct RouteDoor {
  Door* door = nullptr;
  EntryBook::Front front;
};

void send(EntryBook& book, const Object& object, const Entry& entry, const RouteDoor& door,
          const Node& to, const std::string& pointer) {
  const Place place{.object = &object, .pointer = pointer, .offset = to.offset()};
  const std::string_view kind = text_at(&to, "kind");
  const std::string_view name = text_at(&to, "name");
  if (!kind.empty() && kind != "Service") {
    book.problem(EntryProblem::Kind::NotFollowed, place,
                 "a target of kind " + std::string(kind) + " is not followed");
    return;
  }
  if (name.empty()) {
    book.problem(EntryProblem::Kind::Invalid, place, "a target needs the name of a Service");
    return;
  }
  const Node* weight = field(&to, "weight");
  if (weight != nullptr && weight->integer().value_or(1) <= 0) {
    return;
  }
  const Node* port = field(field(field(&object.root, "spec"), "port"), "targetPort");
  book.send(entry, place, *door.door, object.ref.name_space, name, read_port_wish(port),
            EntryBook::PortReading::OfPods);
}

void read_route(EntryBook& book, const Object& object, const RouteDoor& door) {
  const Node* spec = field(&object.root, "spec");
  const Node* tls = field(spec, "tls");
  const std::string_view termination = text_at(tls, "termination");
  Entry entry;
  entry.kind = EntryKind::Route;
  entry.via = "OpenShift router";
  entry.host = std::string(text_at(spec, "host"));
  if (text_at(spec, "wildcardPolicy") == "Subdomain" && entry.host.contains('.')) {
    entry.host = "*" + entry.host.substr(entry.host.find('.'));
  }
  if (const std::string_view path = text_at(spec, "path"); !path.empty()) {
    entry.path = "Prefix " + std::string(path);
  }
  entry.tls = termination == "passthrough" ? EntryTls::Passthrough
              : termination == "reencrypt" ? EntryTls::Reencrypt
              : tls != nullptr             ? EntryTls::Terminate
                                           : EntryTls::None;
  entry.port = tls == nullptr ? 80 : 443;
  entry.sources = door.front.sources;
  entry.internal = door.front.internal;
  if (const Node* to = field(spec, "to"); to != nullptr) {
    send(book, object, entry, door, *to, "/spec/to");
  }
  const Node* others = field(spec, "alternateBackends");
  for (std::size_t i = 0; others != nullptr && others->is_array() && i < others->size(); ++i) {
    send(book, object, entry, door, others->items()[i],
         "/spec/alternateBackends/" + std::to_string(i));
  }
}

}  // namespace

void read_openshift_routes(EntryBook& book) {
  RouteDoor door;
  book.for_each("route.openshift.io", "Route", [&](const Object& object) {
    if (door.door == nullptr) {
      door.door =
          &book.add_door(door_of(book, find_controllers("openshift.io/ingress-to-route", "")));
      door.front.sources = scalar::AddressSet::all();
      if (door.door->kind == Door::Kind::Pods) {
        door.front = book.front_of(door.door->pods);
      }
    }
    if (!book.is_full()) {
      read_route(book, object, door);
    }
  });
}

}  // namespace tally::reachability::entries
