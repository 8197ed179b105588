#include "authorization/testing/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::authorization::testing {

World::World(std::string_view yaml, MeshSettings settings) {
  kube::load_api_kinds();
  sources_.push_back(document::Source::from_text("test", yaml));
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*sources_.back())) {
    document::read_slice(*sources_.back(), slice, *arena_, {}, documents, errors);
  }
  EXPECT_TRUE(errors.empty()) << errors.front().error.to_string() << "\n" << yaml;
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  for (const document::Document& document : documents) {
    kube::append_objects(document, *sources_.back(), objects, rejected);
  }
  EXPECT_TRUE(rejected.empty()) << rejected.front().reason << "\n" << yaml;
  snapshot_ = kube::Snapshot::create(std::move(objects), "default");
  loaded_ = std::make_unique<Loaded>(PolicySet::load(*snapshot_, std::move(settings)));
}

std::vector<kube::Object> World::objects() const {
  std::vector<kube::Object> out;
  for (const kube::Object& object : snapshot_->objects()) {
    const bool is_refused =
        std::any_of(problems().begin(), problems().end(), [&](const Problem& problem) {
          return problem.kind == Problem::Kind::Refused && problem.object == &object;
        });
    if (!is_refused) {
      out.push_back(object);
    }
  }
  return out;
}

document::Node World::labels(std::string_view yaml) {
  sources_.push_back(document::Source::from_text("labels", yaml));
  const auto node = document::read_one(*sources_.back(), *arena_);
  EXPECT_TRUE(node.has_value()) << yaml;
  return node.value_or(document::Node{});
}

}  // namespace tally::authorization::testing
