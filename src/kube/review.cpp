// k8s.io/api/admission/v1, AdmissionRequest.
#include "kube/review.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kube/api_kinds.hpp"

namespace tally::kube {

namespace {

using document::Name;
using document::Node;
using document::NodeKind;

const Name kRequest{"request"};
const Name kApiVersion{"apiVersion"};

constexpr std::array<std::string_view, 4> kOperations{"CREATE", "UPDATE", "DELETE", "CONNECT"};

std::unexpected<Error> wrong(std::string_view pointer, const Node* found,
                             std::string_view expected) {
  const std::string what = found == nullptr ? std::string{"nothing"}
                           : found->is_string()
                               ? fmt::format("\"{}\"", excerpt(found->text()))
                               : fmt::format("a {}", document::kind_name(found->kind()));
  return content_error(fmt::format("{}: found {}, expected {}", pointer, what, expected));
}

// An optional text: absent and null are empty.
Result<std::string_view> text_at(const Node& map, std::string_view where, std::string_view key) {
  const Node* found = map.find(key);
  if (found == nullptr || found->is_null()) {
    return std::string_view{};
  }
  if (!found->is_string()) {
    return wrong(fmt::format("{}/{}", where, key), found, "a string");
  }
  return found->text();
}

// An optional map (or list): absent and null are Null.
Result<Node> node_at(const Node& map, std::string_view where, std::string_view key, NodeKind kind) {
  const Node* found = map.find(key);
  if (found == nullptr || found->is_null()) {
    return Node{};
  }
  if (found->kind() != kind) {
    return wrong(fmt::format("{}/{}", where, key), found,
                 kind == NodeKind::Array ? "a list" : "a map");
  }
  return *found;
}

Result<GroupVersionKind> kind_at(const Node& request, std::string_view key) {
  const std::string where = fmt::format("/request/{}", key);
  TALLY_TRY(const Node node, node_at(request, "/request", key, NodeKind::Object));
  GroupVersionKind kind;
  TALLY_TRY(kind.group, text_at(node, where, "group"));
  TALLY_TRY(kind.version, text_at(node, where, "version"));
  TALLY_TRY(kind.kind, text_at(node, where, "kind"));
  return kind;
}

Result<GroupVersionResource> resource_at(const Node& request, std::string_view key) {
  const std::string where = fmt::format("/request/{}", key);
  TALLY_TRY(const Node node, node_at(request, "/request", key, NodeKind::Object));
  GroupVersionResource resource;
  TALLY_TRY(resource.group, text_at(node, where, "group"));
  TALLY_TRY(resource.version, text_at(node, where, "version"));
  TALLY_TRY(resource.resource, text_at(node, where, "resource"));
  return resource;
}

bool is_texts(const Node& list) {
  return std::all_of(list.items().begin(), list.items().end(),
                     [](const Node& item) { return item.is_string(); });
}

Result<UserInfo> user_at(const Node& request) {
  constexpr std::string_view kWhere = "/request/userInfo";
  TALLY_TRY(const Node node, node_at(request, "/request", "userInfo", NodeKind::Object));
  UserInfo user;
  TALLY_TRY(user.username, text_at(node, kWhere, "username"));
  TALLY_TRY(user.uid, text_at(node, kWhere, "uid"));
  TALLY_TRY(user.groups, node_at(node, kWhere, "groups", NodeKind::Array));
  TALLY_TRY(user.extra, node_at(node, kWhere, "extra", NodeKind::Object));
  if (!is_texts(user.groups)) {
    return wrong("/request/userInfo/groups", &user.groups, "a list of strings");
  }
  for (const document::Member member : user.extra.members()) {
    if (!member.value.is_array() || !is_texts(member.value)) {
      return wrong(fmt::format("/request/userInfo/extra/{}", excerpt(member.key)), &member.value,
                   "a list of strings");
    }
  }
  return user;
}

Result<Operation> operation_at(const Node& request) {
  const Node* found = request.find("operation");
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    if (found != nullptr && found->is_string() && found->text() == kOperations[i]) {
      return static_cast<Operation>(i);
    }
  }
  return wrong("/request/operation", found, "CREATE, UPDATE, DELETE or CONNECT");
}

}  // namespace

std::string_view operation_name(Operation operation) noexcept {
  return kOperations[static_cast<std::size_t>(operation)];
}

Result<Review> Review::parse(const Node& admission_review) {
  if (!admission_review.is_object()) {
    return wrong("/", &admission_review, "an AdmissionReview");
  }
  const Node* api_version = admission_review.find(kApiVersion);
  if (api_version == nullptr || api_version->text() != "admission.k8s.io/v1") {
    return wrong("/apiVersion", api_version, "admission.k8s.io/v1");
  }
  const Node* kind = admission_review.find("kind");
  if (kind == nullptr || kind->text() != "AdmissionReview") {
    return wrong("/kind", kind, "AdmissionReview");
  }
  const Node* request = admission_review.find(kRequest);
  if (request == nullptr || !request->is_object()) {
    return wrong("/request", request, "a map");
  }
  Review review;
  TALLY_TRY(review.uid, text_at(*request, "/request", "uid"));
  if (review.uid.empty()) {
    return wrong("/request/uid", request->find("uid"), "the identifier of the request");
  }
  TALLY_TRY(review.operation, operation_at(*request));
  TALLY_TRY(review.kind, kind_at(*request, "kind"));
  if (review.kind.kind.empty()) {
    return content_error("/request/kind/kind: found nothing, expected the kind of the object");
  }
  TALLY_TRY(review.resource, resource_at(*request, "resource"));
  TALLY_TRY(review.subresource, text_at(*request, "/request", "subResource"));
  TALLY_TRY(review.request_kind, kind_at(*request, "requestKind"));
  TALLY_TRY(review.request_resource, resource_at(*request, "requestResource"));
  TALLY_TRY(review.request_subresource, text_at(*request, "/request", "requestSubResource"));
  TALLY_TRY(review.name, text_at(*request, "/request", "name"));
  TALLY_TRY(review.name_space, text_at(*request, "/request", "namespace"));
  TALLY_TRY(review.user_info, user_at(*request));
  TALLY_TRY(review.object, node_at(*request, "/request", "object", NodeKind::Object));
  TALLY_TRY(review.old_object, node_at(*request, "/request", "oldObject", NodeKind::Object));
  TALLY_TRY(review.options, node_at(*request, "/request", "options", NodeKind::Object));
  if (const Node* dry_run = request->find("dryRun"); dry_run != nullptr && !dry_run->is_null()) {
    if (!dry_run->is_bool()) {
      return wrong("/request/dryRun", dry_run, "a boolean");
    }
    review.dry_run = dry_run->boolean();
  }
  return review;
}

Review Review::from_file_object(const Object& object, std::string_view default_namespace,
                                Arena& names) {
  Review review;
  review.operation = Operation::Create;
  review.kind = {.group = object.ref.group, .version = object.ref.version, .kind = object.ref.kind};
  review.resource = {.group = object.ref.group,
                     .version = object.ref.version,
                     .resource = object.kind != nullptr && !object.kind->plural.empty()
                                     ? object.kind->plural
                                     : names.copy(guess_plural(object.ref.kind))};
  review.request_kind = review.kind;
  review.request_resource = review.resource;
  review.name = object.ref.name;
  review.name_space = object.ref.name_space;
  if (review.name_space.empty() && is_namespaced(object)) {
    review.name_space = default_namespace;
  }
  // A namespace's own requests carry its name as their namespace.
  if (object.ref.group.empty() && object.ref.kind == "Namespace") {
    review.name_space = object.ref.name;
  }
  review.object = object.root;
  return review;
}

}  // namespace tally::kube
