// defaulted [NAMESPACE]: reads objects from standard input, one JSON object a line, and writes each
// as the API server would show it to validating policies, one a line. The referee compares them
// with the server's.
#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/defaults.hpp"
#include "kube/objects.hpp"

int main(int count, char** arguments) {
  using namespace tally;
  kube::load_api_kinds();
  const auto source = document::Source::read_descriptor(STDIN_FILENO, "<stdin>");
  if (!source) {
    fmt::print(stderr, "defaulted: {}\n", source.error().message);
    return 2;
  }
  const kube::DefaultOptions options{.name_space = count > 1 ? arguments[1] : "default"};
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(**source)) {
    document::read_slice(**source, slice, arena, {}, documents, errors);
  }
  if (!errors.empty()) {
    fmt::print(stderr, "defaulted: {}\n", errors.front().error.message);
    return 2;
  }
  std::string out;
  for (const document::Document& document : documents) {
    const auto object = kube::object_from_node(document.root, source->get());
    if (!object) {
      fmt::print(stderr, "defaulted: {}\n", object.error().message);
      return 2;
    }
    document::append_json(out, kube::defaulted(*object, arena, options));
    out += '\n';
  }
  fmt::print("{}", out);
  return 0;
}
