#include "kube/recognised.hpp"

#include <array>
#include <vector>

#include "base/text.hpp"
#include "kube/internal/embedded.hpp"
#include "kube/internal/tsv.hpp"

namespace tally::kube {

namespace {

std::vector<RecognisedKind> parse() {
  std::vector<RecognisedKind> rows;
  internal::for_each_line(internal::recognised_text(), [&rows](std::string_view line) {
    const auto columns = internal::columns<5>(line);
    RecognisedKind row{.group = columns[0],
                       .kind = columns[1],
                       .scope = RecognisedScope::Namespaced,
                       .what = columns[3],
                       .engine = columns[4]};
    row.scope = columns[2] == "C"   ? RecognisedScope::Cluster
                : columns[2] == "-" ? RecognisedScope::File
                                    : RecognisedScope::Namespaced;
    rows.push_back(row);
  });
  return rows;
}

}  // namespace

std::span<const RecognisedKind> recognised_kinds() {
  static const std::vector<RecognisedKind> kRows = parse();
  return kRows;
}

const RecognisedKind* recognise(const scalar::ObjectRef& ref) {
  // Workloads are asked about by the hundred thousand: groups without a dot are Kubernetes' own,
  // but for one.
  if (!ref.group.contains('.') && ref.group != "skaffold") {
    return nullptr;
  }
  for (const RecognisedKind& row : recognised_kinds()) {
    if (wildcard_match(row.group, ref.group) && wildcard_match(row.kind, ref.kind)) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace tally::kube
