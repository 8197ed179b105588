// The structure check allocates nothing while nothing is wrong; and real manifests have nothing
// wrong.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "base/testing/counted_allocations.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "kube/structure.hpp"

namespace tally::kube {
namespace {

std::string corpus_folder() {
  const char* given = std::getenv("TALLY_CORPUS");  // NOLINT(concurrency-mt-unsafe)
  return given != nullptr ? given : std::string(TALLY_SOURCE_DIR) + "/../shared/corpus";
}

TEST(StructureOfRealManifests, HasNoProblemAndCostsNoAllocation) {
  const std::filesystem::path apps = corpus_folder() + "/apps";
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"bank-of-anthos/kubernetes-manifests", "microservices-demo/release"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(apps / folder, error)) {
      if (entry.path().extension() == ".yaml") {
        files.push_back(entry.path());
      }
    }
  }
  if (files.empty()) {
    GTEST_SKIP() << "the manifests of real applications are not here";
  }
  load_api_kinds();
  Arena check_arena;
  StructureScratch scratch;
  std::size_t count = 0;
  for (const auto& file : files) {
    const auto source = document::Source::read_file(file.string());
    ASSERT_TRUE(source) << file;
    Arena arena;
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(**source)) {
      document::read_slice(**source, slice, arena, {}, documents, errors);
    }
    EXPECT_TRUE(errors.empty()) << file;
    std::vector<Object> objects;
    std::vector<NotAnObject> rejected;
    for (const document::Document& document : documents) {
      append_objects(document, **source, objects, rejected);
    }
    EXPECT_TRUE(rejected.empty()) << file;
    for (const Object& object : objects) {
      static_cast<void>(
          check_structure(object, check_arena, scratch));  // tables are built on first use
      const std::size_t before = allocations;
      const auto problems = check_structure(object, check_arena, scratch);
      EXPECT_EQ(allocations, before) << file << " " << object.ref.to_string();
      for (const StructureProblem& problem : problems) {
        ADD_FAILURE() << file << " " << object.ref.to_string() << ": " << problem.message;
      }
      ++count;
    }
  }
  EXPECT_EQ(count, 63U);
}

}  // namespace
}  // namespace tally::kube
