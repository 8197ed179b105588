#include "topology/networks.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/arena.hpp"
#include "base/text.hpp"
#include "document/read.hpp"
#include "kube/namespace_labels.hpp"
#include "kube/selectors.hpp"

namespace tally::topology {
namespace {

using document::Node;
using kube::Object;

const Node* field(const Node* node, std::string_view key) {
  const Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string_view text_at(const Node* node, std::string_view key) {
  const Node* found = field(node, key);
  return found == nullptr ? std::string_view{} : found->text();
}

Error error_at(const Object& object, std::uint32_t offset, std::string message) {
  Error error{
      .kind = ErrorKind::Content, .message = std::move(message), .file = {}, .at = {}, .hint = {}};
  if (object.source != nullptr) {
    error.file = object.source->name();
    error.at = object.source->position(offset);
  }
  return error;
}

std::string full_name(const Object& object) {
  return object.ref.name_space.empty()
             ? std::string(object.ref.name)
             : std::string(object.ref.name_space) + "/" + std::string(object.ref.name);
}

// What UserDefinedNetwork's spec and ClusterUserDefinedNetwork's spec.network share.
Result<bool> is_primary(const Object& object, const Node& network) {
  const std::string name = full_name(object);
  const std::string_view topology = text_at(&network, "topology");
  if (topology != "Layer2" && topology != "Layer3") {
    return std::unexpected(error_at(object, network.offset(),
                                    "user-defined network " + name + ": topology \"" +
                                        std::string(topology) + "\", expected Layer2 or Layer3"));
  }
  const Node* layer = field(&network, topology == "Layer2" ? "layer2" : "layer3");
  if (layer == nullptr || field(&network, topology == "Layer2" ? "layer3" : "layer2") != nullptr) {
    return std::unexpected(error_at(object, network.offset(),
                                    "user-defined network " + name + ": the topology is " +
                                        std::string(topology) +
                                        ", but the settings are those of another layer"));
  }
  const std::string_view role = text_at(layer, "role");
  if (role != "Primary" && role != "Secondary") {
    return std::unexpected(error_at(object, layer->offset(),
                                    "user-defined network " + name + ": role \"" +
                                        std::string(role) + "\", expected Primary or Secondary"));
  }
  return role == "Primary";
}

bool is_reserved(std::string_view name_space) {
  return name_space == "default" || name_space.starts_with("openshift-");
}

class Reader {
 public:
  explicit Reader(const kube::Snapshot& snapshot) : snapshot_(snapshot) {}

  Result<Networks> read() {
    for (const Object& object : snapshot_.objects()) {
      if (object.ref.kind == "UserDefinedNetwork") {
        TALLY_CHECK(read_namespaced(object));
      } else if (object.ref.kind == "ClusterUserDefinedNetwork") {
        TALLY_CHECK(read_cluster(object));
      } else if (object.ref.kind == "NetworkAttachmentDefinition") {
        read_secondary(object);
      }
    }
    return std::move(networks_);
  }

 private:
  void note(const Object& object, std::string message) {
    networks_.notes.push_back(
        {.object = &object, .offset = object.root.offset(), .message = std::move(message)});
  }

  Result<void> read_namespaced(const Object& object) {
    const std::string name_space(object.ref.name_space.empty() ? "default" : object.ref.name_space);
    if (object.ref.name == "default") {
      return std::unexpected(
          error_at(object, object.metadata.offset(),
                   "user-defined network " + full_name(object) + ": the name must not be default"));
    }
    static const Node kEmpty;
    const Node* spec = field(&object.root, "spec");
    TALLY_TRY(const bool primary, is_primary(object, spec == nullptr ? kEmpty : *spec));
    if (!primary) {
      note(object, "user-defined network " + full_name(object) +
                       " is left out: only the role Primary is analysed");
      return {};
    }
    const Object* owner = snapshot_.find("", "Namespace", "", name_space);
    if (owner == nullptr) {
      note(object, "user-defined network " + std::string(object.ref.name) +
                       " is left out: its namespace " + name_space + " is not in the input");
      return {};
    }
    if (!owner->label(kPrimaryNetworkLabel)) {
      note(object, "user-defined network " + std::string(object.ref.name) +
                       " is left out: its namespace " + name_space + " lacks the label " +
                       std::string(kPrimaryNetworkLabel));
      return {};
    }
    if (is_reserved(name_space)) {
      return std::unexpected(error_at(object, object.metadata.offset(),
                                      "user-defined network " + std::string(object.ref.name) +
                                          " must not be in namespace " + name_space));
    }
    return claim(object, name_space,
                 {.kind = PrimaryNetwork::Kind::Namespaced,
                  .name = name_space,
                  .resource = full_name(object),
                  .object = &object});
  }

  Result<void> read_cluster(const Object& object) {
    static const Node kEmpty;
    const Node* spec = field(&object.root, "spec");
    const Node* network = field(spec, "network");
    TALLY_TRY(const bool primary, is_primary(object, network == nullptr ? kEmpty : *network));
    if (!primary) {
      note(object, "user-defined network " + full_name(object) +
                       " is left out: only the role Primary is analysed");
      return {};
    }
    const Node* node = field(spec, "namespaceSelector");
    scalar::LabelSelector selector;
    if (node != nullptr) {
      auto read = kube::read_label_selector(*node);
      if (!read) {
        return std::unexpected(error_at(object, node->offset(), read.error().message));
      }
      selector = std::move(*read);
    }
    if (selector.is_empty() && !networks_.primary.empty()) {
      return std::unexpected(
          error_at(object, object.root.offset(),
                   "user-defined network " + full_name(object) +
                       " selects all namespaces, while some belong to another primary network"));
    }
    bool is_used = false;
    for (const std::string_view name : snapshot_.namespaces()) {
      const Object* owner = snapshot_.find("", "Namespace", "", name);
      if (owner == nullptr ||
          kube::match_namespace(snapshot_, name, selector) != kube::Match::Yes) {
        continue;
      }
      if (!owner->label(kPrimaryNetworkLabel) &&
          networks_.primary.find(name) == networks_.primary.end()) {
        note(object, "user-defined network " + full_name(object) + " selects namespace " +
                         std::string(name) + ", which lacks the label " +
                         std::string(kPrimaryNetworkLabel) + ": it stays in the pod network");
        continue;
      }
      if (is_reserved(name) && networks_.primary.find(name) == networks_.primary.end()) {
        return std::unexpected(error_at(object, object.metadata.offset(),
                                        "user-defined network " + full_name(object) +
                                            " must not be in namespace " + std::string(name)));
      }
      TALLY_CHECK(claim(object, std::string(name),
                        {.kind = PrimaryNetwork::Kind::Cluster,
                         .name = std::string(object.ref.name),
                         .resource = std::string(object.ref.name),
                         .object = &object}));
      is_used = true;
    }
    if (!is_used) {
      note(object, "user-defined network " + full_name(object) + " selects no namespace");
    }
    return {};
  }

  Result<void> claim(const Object& object, const std::string& name_space, PrimaryNetwork network) {
    const std::string resource = network.resource;
    const auto [at, is_new] = networks_.primary.try_emplace(name_space, std::move(network));
    if (!is_new) {
      return std::unexpected(error_at(object, object.metadata.offset(),
                                      "namespace " + name_space +
                                          " has two primary user-defined networks: " +
                                          at->second.resource + " and " + resource));
    }
    return {};
  }

  void read_secondary(const Object& object) {
    SecondaryNetwork& network = networks_.secondary[std::string(object.ref.name)];
    const std::string_view name_space =
        object.ref.name_space.empty() ? "default" : object.ref.name_space;
    const auto at = std::ranges::lower_bound(network.namespaces, name_space);
    if (at == network.namespaces.end() || *at != name_space) {
      network.namespaces.insert(at, name_space);
    }
  }

  const kube::Snapshot& snapshot_;
  Networks networks_;
};

// "name", "namespace/name", either with "@interface" behind.
Attachment parse_attachment(std::string_view text) {
  text = trim(text);
  text = text.substr(0, text.find('@'));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return {.network = std::string(text), .name_space = {}, .addresses = {}};
  }
  return {.network = std::string(text.substr(slash + 1)),
          .name_space = std::string(text.substr(0, slash)),
          .addresses = {}};
}

// "10.0.0.1" or "10.0.0.1/24", for each item that is one.
void add_addresses(std::vector<scalar::IpAddress>& addresses, const Node* list) {
  if (list == nullptr) {
    return;
  }
  for (const Node& item : list->items()) {
    const std::string_view text = item.text().substr(0, item.text().find('/'));
    if (const auto address = scalar::IpAddress::parse(text)) {
      addresses.push_back(*address);
    }
  }
}

// netplan's form in the cloud-init data of a volume: ethernets.NAME.addresses.
std::vector<scalar::IpAddress> cloud_init_addresses(const Node* spec) {
  std::vector<scalar::IpAddress> addresses;
  const Node* volumes = field(spec, "volumes");
  for (std::size_t i = 0; volumes != nullptr && i < volumes->size(); ++i) {
    for (const std::string_view kind : {"cloudInitNoCloud", "cloudInitConfigDrive"}) {
      const std::string_view text = text_at(field(&volumes->items()[i], kind), "networkData");
      if (text.empty()) {
        continue;
      }
      const auto source = document::Source::from_text("networkData", text);
      Arena arena;
      const auto root = document::read_one(*source, arena);
      const Node* ethernets = root ? field(&*root, "ethernets") : nullptr;
      for (std::size_t j = 0; ethernets != nullptr && j < ethernets->size(); ++j) {
        add_addresses(addresses, field(&ethernets->items()[j], "addresses"));
      }
    }
  }
  return addresses;
}

void add_once(std::vector<Attachment>& attachments, Attachment attachment) {
  if (!attachment.network.empty() && std::ranges::find(attachments, attachment.network,
                                                       &Attachment::network) == attachments.end()) {
    attachments.push_back(std::move(attachment));
  }
}

}  // namespace

bool SecondaryNetwork::is_in(std::string_view name_space) const {
  return std::ranges::binary_search(namespaces, name_space);
}

Result<Networks> Networks::read(const kube::Snapshot& snapshot) { return Reader(snapshot).read(); }

std::vector<Attachment> attachments_of_annotation(std::string_view text) {
  std::vector<Attachment> attachments;
  text = trim(text);
  if (!text.starts_with('[')) {
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      add_once(attachments, parse_attachment(text.substr(0, comma)));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return attachments;
  }
  const auto source = document::Source::from_text("annotation", text);
  Arena arena;
  if (const auto root = document::read_one(*source, arena)) {
    for (const Node& item : root->items()) {
      Attachment attachment{.network = std::string(text_at(&item, "name")),
                            .name_space = std::string(text_at(&item, "namespace")),
                            .addresses = {}};
      add_addresses(attachment.addresses, field(&item, "ips"));
      add_once(attachments, std::move(attachment));
    }
  }
  return attachments;
}

std::vector<Attachment> attachments_of_machine(const Object& machine) {
  std::vector<Attachment> attachments;
  const Node* spec = field(&machine.root, "spec");
  const Node* inner = field(field(spec, "template"), "spec");
  if (const Node* networks = field(inner, "networks"); networks != nullptr) {
    const std::vector<scalar::IpAddress> addresses = cloud_init_addresses(inner);
    for (const Node& network : networks->items()) {
      Attachment attachment = parse_attachment(text_at(field(&network, "multus"), "networkName"));
      attachment.addresses = addresses;
      add_once(attachments, std::move(attachment));
    }
  }
  return attachments;
}

}  // namespace tally::topology
