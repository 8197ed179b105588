// Objects and CustomResourceDefinitions of hostile text: whatever the schemas say, the structure
// check ends, and its problems have words, a pointer and a place inside the text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/keyed_pointer.hpp"
#include "kube/objects.hpp"
#include "kube/structure.hpp"

namespace {

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
  }
}

void check_object(const tally::kube::Object& object, std::size_t size, tally::Arena& arena) {
  tally::kube::StructureScratch scratch;
  const auto problems = tally::kube::check_structure(object, arena, scratch);
  require(problems.size() <= tally::kube::kStructureProblemsMax + 1, "too many problems");
  for (const auto& problem : problems) {
    require(!problem.message.empty(), "a problem without words");
    require(problem.pointer.empty() || problem.pointer.front() == '/', "no pointer");
    require(problem.offset <= size, "offset behind the text");
    std::string keyed;
    tally::kube::append_keyed_pointer(keyed, tally::kube::kind_of_lists(object), object.root,
                                      problem.pointer);
    require(keyed.empty() == problem.pointer.empty(), "a pointer that was lost");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  tally::kube::load_api_kinds();
  const auto source = tally::document::Source::from_text("fuzz", text);
  tally::Arena arena;
  std::vector<tally::document::Document> documents;
  std::vector<tally::document::DocumentError> errors;
  const tally::document::ReadOptions options{.limits = {.documents = 50, .nodes = 20'000}};
  for (const auto& slice : tally::document::split(*source, options.limits)) {
    tally::document::read_slice(*source, slice, arena, options, documents, errors);
  }
  std::vector<tally::kube::Object> objects;
  std::vector<tally::kube::NotAnObject> rejected;
  for (const auto& document : documents) {
    tally::kube::append_objects(document, *source, objects, rejected);
  }
  tally::kube::CustomKinds kinds;
  kinds.add(objects);
  kinds.resolve(objects);
  for (const auto& object : objects) {
    check_object(object, size, arena);
  }
  return 0;
}
