// Ingress: networking.k8s.io/v1, and its older groups, in which a backend is serviceName and
// servicePort (kubernetes.io/docs/concepts/services-networking/ingress).

#include <map>

#include "reachability/entries/internal/controllers.hpp"
#include "reachability/entries/internal/entry_book.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using kube::Object;
using netpol_analyzer::field;
using netpol_analyzer::text_at;

namespace {

std::span<const Node> items(const Node* list) {
  return list == nullptr || !list->is_array() ? std::span<const Node>{} : list->items();
}

// What all Ingresses of one class share.
struct IngressClass {
  const Object* object = nullptr;
  std::string via;
  Door* door = nullptr;
  scalar::AddressSet sources;
  std::string internal;
  bool is_alb = false;
};

class Reader {
 public:
  explicit Reader(EntryBook& book) : book_(book) {
    book.for_each("networking.k8s.io", "IngressClass", [this](const Object& object) {
      classes_by_name_[object.ref.name] = &object;
      // The API server gives the class that is marked as default to an Ingress that names none.
      if (default_ == nullptr &&
          object.annotation("ingressclass.kubernetes.io/is-default-class") == "true") {
        default_ = &object;
      }
    });
  }

  void read(const Object& object) {
    const Node* spec = field(&object.root, "spec");
    IngressClass& own = class_of(object, spec);
    Entry entry;
    entry.kind = EntryKind::Ingress;
    entry.gateway = own.object;
    entry.via = own.via;
    entry.sources = own.sources;
    entry.internal = internal_of(object, own);
    for (const std::string_view key : {"defaultBackend", "backend"}) {
      if (const Node* backend = field(spec, key); backend != nullptr) {
        set_tls(entry, object, "");
        send(object, entry, own, *backend, "/spec/" + std::string(key));
      }
    }
    const Node* rules = field(spec, "rules");
    for (std::size_t i = 0; i < items(rules).size(); ++i) {
      const Node& rule = items(rules)[i];
      const Node* paths = field(field(&rule, "http"), "paths");
      entry.host = std::string(text_at(&rule, "host"));
      set_tls(entry, object, entry.host);
      for (std::size_t j = 0; j < items(paths).size(); ++j) {
        const Node& path = items(paths)[j];
        const std::string pointer =
            "/spec/rules/" + std::to_string(i) + "/http/paths/" + std::to_string(j) + "/backend";
        const std::string_view type = text_at(&path, "pathType");
        entry.path = std::string(type == "ImplementationSpecific" ? "" : type);
        entry.path.append(entry.path.empty() ? "" : " ").append(text_at(&path, "path"));
        if (const Node* backend = field(&path, "backend"); backend != nullptr) {
          send(object, entry, own, *backend, pointer);
        } else {
          book_.problem(EntryProblem::Kind::Invalid,
                        {.object = &object, .pointer = pointer, .offset = path.offset()},
                        "a path needs a backend");
        }
      }
    }
  }

 private:
  // The annotation counts before the field (KEP-1453).
  IngressClass& class_of(const Object& object, const Node* spec) {
    const auto annotation = object.annotation("kubernetes.io/ingress.class");
    std::string_view name = annotation.value_or(text_at(spec, "ingressClassName"));
    if (name.empty() && default_ != nullptr) {
      name = default_->ref.name;
    }
    const auto [at, is_new] = classes_.try_emplace(name);
    IngressClass& own = at->second;
    if (!is_new) {
      return own;
    }
    const auto known = classes_by_name_.find(name);
    own.object = known == classes_by_name_.end() ? nullptr : known->second;
    own.via = name.empty() ? "no IngressClass" : "IngressClass " + std::string(name);
    const std::string_view controller =
        own.object == nullptr ? "" : text_at(field(&own.object->root, "spec"), "controller");
    std::vector<const Controller*> rows = find_controllers(controller, name);
    if (name.empty()) {
      for (const Controller& row : controllers()) {
        rows.push_back(&row);
      }
    }
    Door door = door_of(book_, rows);
    own.sources = scalar::AddressSet::all();
    if (door.kind == Door::Kind::Pods) {
      EntryBook::Front front = book_.front_of(door.pods);
      own.sources = std::move(front.sources);
      own.internal = std::move(front.internal);
    } else if (rows.size() == 1) {
      own.internal = std::string(rows.front()->internal);
      own.is_alb = rows.front()->usual_class == "alb";
    }
    own.door = &book_.add_door(std::move(door));
    return own;
  }

  static std::string internal_of(const Object& object, const IngressClass& own) {
    const auto scheme = object.annotation("alb.ingress.kubernetes.io/scheme");
    if (own.is_alb && scheme) {
      return *scheme == "internet-facing" ? std::string()
                                          : "the annotation alb.ingress.kubernetes.io/scheme";
    }
    if (object.annotation("appgw.ingress.kubernetes.io/use-private-ip") == "true") {
      return "the annotation appgw.ingress.kubernetes.io/use-private-ip";
    }
    return own.internal;
  }

  // A list of hosts in spec.tls, or a list of none, which is for every host.
  static void set_tls(Entry& entry, const Object& object, std::string_view host) {
    bool has_tls = false;
    for (const Node& item : items(field(field(&object.root, "spec"), "tls"))) {
      const auto hosts = items(field(&item, "hosts"));
      has_tls = has_tls || hosts.empty();
      for (const Node& one : hosts) {
        const bool is_wildcard = one.text().starts_with("*.") && host.contains('.') &&
                                 host.substr(host.find('.')) == one.text().substr(1);
        has_tls = has_tls || one.text() == host || is_wildcard;
      }
    }
    // kubernetes/ingress-nginx docs/user-guide/nginx-configuration/annotations.md
    const auto protocol = object.annotation("nginx.ingress.kubernetes.io/backend-protocol");
    const bool is_passed =
        object.annotation("nginx.ingress.kubernetes.io/ssl-passthrough") == "true";
    entry.tls = is_passed                                    ? EntryTls::Passthrough
                : !has_tls                                   ? EntryTls::None
                : protocol == "HTTPS" || protocol == "GRPCS" ? EntryTls::Reencrypt
                                                             : EntryTls::Terminate;
    entry.port = entry.tls == EntryTls::None ? 80 : 443;
  }

  void send(const Object& object, const Entry& entry, const IngressClass& own, const Node& backend,
            const std::string& pointer) {
    const Place place{.object = &object, .pointer = pointer, .offset = backend.offset()};
    const Node* service = field(&backend, "service");
    const std::string_view old_name = text_at(&backend, "serviceName");
    const std::string_view name = service == nullptr ? old_name : text_at(service, "name");
    if (name.empty()) {
      const bool is_resource = field(&backend, "resource") != nullptr;
      book_.problem(is_resource ? EntryProblem::Kind::NotFollowed : EntryProblem::Kind::Invalid,
                    place,
                    is_resource ? "a resource as backend is not followed"
                                : "a backend needs the name of a Service");
      return;
    }
    const Node* port = service == nullptr ? field(&backend, "servicePort") : field(service, "port");
    if (service != nullptr) {
      const Node* by_name = field(port, "name");
      port = by_name != nullptr ? by_name : field(port, "number");
    }
    PortWish wish = read_port_wish(port);
    wish.is_invalid = wish.is_invalid || wish.is_all;
    wish.is_all = false;
    // ingress-nginx (internal/ingress/controller/controller.go serviceEndpoints) compares with the
    // Service's port, its targetPort and its name: what it opens is open.
    book_.send(entry, place, *own.door, object.ref.name_space, name, wish,
               EntryBook::PortReading::Lenient);
  }

  EntryBook& book_;
  std::map<std::string_view, const Object*> classes_by_name_;
  const Object* default_ = nullptr;
  std::map<std::string_view, IngressClass> classes_;
};

}  // namespace

void read_ingresses(EntryBook& book) {
  Reader reader(book);
  for (const std::string_view group : {"networking.k8s.io", "extensions"}) {
    book.for_each(group, "Ingress", [&](const Object& object) {
      if (!book.is_full()) {
        reader.read(object);
      }
    });
  }
}

}  // namespace tally::reachability::entries
