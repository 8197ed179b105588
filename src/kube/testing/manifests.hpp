#pragma once
// For tests: the objects of YAML texts, and what they live in.

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "kube/snapshot.hpp"

namespace tally::kube::testing {

class Manifests {
 public:
  explicit Manifests(std::string_view yaml) : Manifests(std::vector<std::string_view>{yaml}) {}

  // A text that cannot be read fails the test; what is no object is left out.
  explicit Manifests(const std::vector<std::string_view>& texts) {
    load_api_kinds();
    std::vector<Object> objects;
    std::vector<NotAnObject> rejected;
    for (const std::string_view text : texts) {
      const auto& source = sources_.emplace_back(document::Source::from_text("test.yaml", text));
      std::vector<document::Document> documents;
      std::vector<document::DocumentError> errors;
      for (const document::Slice& slice : document::split(*source)) {
        document::read_slice(*source, slice, arena_, {}, documents, errors);
      }
      for (const document::DocumentError& error : errors) {
        ADD_FAILURE() << error.error.to_string() << "\n" << text;
      }
      for (const document::Document& document : documents) {
        append_objects(document, *source, objects, rejected);
      }
    }
    snapshot_ = Snapshot::create(std::move(objects), "default");
  }

  [[nodiscard]] const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace tally::kube::testing
