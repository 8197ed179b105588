#include "policy_test/internal/test_world.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "input/file_walk.hpp"
#include "kube/objects.hpp"
#include "policy_test/internal/nodes.hpp"
#include "policy_test/internal/select_value.hpp"
#include "policy_test/internal/subjects.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return out;
}

}  // namespace

Result<void> TestWorld::load_cluster(Files& files, const TestCase& test) {
  is_cluster_ = !test.cluster_resources.empty();
  std::vector<kube::Object> found;
  for (const std::string& path : test.cluster_resources) {
    const std::string file = input::join_path(test.folder, path);
    TALLY_TRY(const std::span<const Root> roots, files.documents(file));
    for (const Root& root : roots) {
      if (text_at(root.node, "kind") != "ClusterResource") {
        return std::unexpected(
            file_error(file, "expected cli.kyverno.io/v1alpha1 ClusterResource"));
      }
      for (const Node& crd : list_at(root.node, "spec.crds")) {
        TALLY_TRY(const auto expanded,
                  files.expand(input::join_path(test.folder, text_of(&crd)), Files::Depth::Tree));
        for (const std::string& one : expanded) {
          TALLY_TRY(auto objects, files.objects(one));
          found.insert(found.end(), objects.begin(), objects.end());
        }
      }
      for (const Node& resource : list_at(root.node, "spec.resources")) {
        TALLY_TRY(auto object, kube::object_from_node(resource, root.source.get()));
        found.push_back(object);
      }
    }
  }
  kinds_.add(found);
  for (const kube::Object& object : found) {
    objects_.push_back(as_tested(files, object, kinds_));
  }
  return {};
}

// A Context of cli.kyverno.io: objects and images that CEL expressions may ask for.
Result<void> TestWorld::load_context(Files& files, const TestCase& test) {
  if (test.context.empty()) {
    return {};
  }
  const std::string file = input::join_path(test.folder, test.context);
  TALLY_TRY(const std::span<const Root> roots, files.documents(file));
  for (const Root& root : roots) {
    for (const Node& resource : list_at(root.node, "spec.resources")) {
      TALLY_TRY(auto object, kube::object_from_node(resource, root.source.get()));
      objects_.push_back(object);
    }
    for (const Node& image : list_at(root.node, "spec.images")) {
      images_.insert_or_assign(std::string(text_at(image, "image")), image);
    }
  }
  return {};
}

Result<void> TestWorld::load_global_entry(Files& files, const TestCase& test, const Node& entry) {
  const auto wrong = [&](std::string_view what) {
    return std::unexpected(file_error(
        test.path, fmt::format("globalContextEntries: {}: {}", text_at(entry, "name"), what)));
  };
  const std::string name(trim(text_at(entry, "name")));
  if (name.empty() || globals_.contains(name)) {
    return wrong(name.empty() ? "an entry needs a name" : "the name stands twice");
  }
  const Node* data = entry.find("data");
  const Node* resources = entry.find("resources");
  const Node* resource_files = entry.find("resourceFiles");
  if ((data != nullptr) + (resources != nullptr) + (resource_files != nullptr) != 1) {
    return wrong("one of data, resources and resourceFiles is needed");
  }
  Node root = data != nullptr ? *data : Node{};
  if (resources != nullptr) {
    root = *resources;
  } else if (resource_files != nullptr) {
    std::vector<Node> items;
    for (const Node& path : resource_files->items()) {
      TALLY_TRY(const std::span<const Root> roots,
                files.documents(input::join_path(test.folder, text_of(&path))));
      for (const Root& one : roots) {
        items.push_back(one.node);
      }
    }
    root = Node::make_array(files.arena(), items, 0);
  }
  if (const std::string_view path = text_at(entry, "fieldPath"); !path.empty()) {
    TALLY_TRY(root, select_value(files.arena(), root, path));
  }
  const std::span<const Node> projections = list_at(entry, "projections");
  if (!projections.empty()) {
    std::vector<Field> fields;
    for (const Node& projection : projections) {
      TALLY_TRY(const Node value, select_value(files.arena(), root, text_at(projection, "path")));
      fields.push_back({.key = text_at(projection, "name"), .value = value});
    }
    root = make_map(files.arena(), fields);
  }
  globals_.emplace(name, root);
  return {};
}

Result<void> TestWorld::load(Files& files, const TestCase& test) {
  TALLY_CHECK(load_cluster(files, test));
  TALLY_CHECK(load_context(files, test));
  for (const Node& entry : test.global_context_entries.items()) {
    TALLY_CHECK(load_global_entry(files, test, entry));
  }
  for (const Node& entry : test.api_call_responses.items()) {
    const std::string_view url = trim(text_at(entry, "url"));
    const std::string_view path = trim(text_at(entry, "urlPath"));
    const Node* body = find_path(entry, "response.body");
    if (url.empty() == path.empty() || body == nullptr || !body->is_object()) {
      return std::unexpected(file_error(
          test.path, "apiCallResponses: an entry needs url or urlPath, and a map response.body"));
    }
    const std::string method = upper(trim(text_at(entry, "method")));
    const Node* status = find_path(entry, "response.statusCode");
    const std::string key =
        (method.empty() ? "" : method + ":") + std::string(url.empty() ? path : url);
    const auto inserted = calls_.emplace(
        key, CannedAnswer{.body = *body,
                          .status = status == nullptr ? 200 : status->integer().value_or(200)});
    if (!inserted.second) {
      return std::unexpected(
          file_error(test.path, fmt::format("apiCallResponses: '{}' stands twice", excerpt(key))));
    }
  }
  return {};
}

void TestWorld::add(std::span<const kube::Object> objects) {
  objects_.insert(objects_.end(), objects.begin(), objects.end());
}

const TestWorld::CannedAnswer* TestWorld::canned(std::string_view method,
                                                 std::string_view url) const {
  auto found = calls_.find(fmt::format("{}:{}", method, url));
  if (found == calls_.end()) {
    found = calls_.find(url);
  }
  return found == calls_.end() ? nullptr : &found->second;
}

std::vector<const kube::Object*> TestWorld::select(std::string_view api_version,
                                                   std::string_view plural,
                                                   std::string_view name_space) const {
  std::vector<const kube::Object*> found;
  const auto wanted = kube::split_api_version(api_version);
  for (const kube::Object& object : objects_) {
    const std::string own = object.kind != nullptr && !object.kind->plural.empty()
                                ? std::string(object.kind->plural)
                                : kube::guess_plural(object.ref.kind);
    if (wanted && object.ref.group == wanted->group && object.ref.version == wanted->version &&
        own == plural && (name_space.empty() || object.ref.name_space == name_space)) {
      found.push_back(&object);
    }
  }
  return found;
}

}  // namespace tally::policy_test
