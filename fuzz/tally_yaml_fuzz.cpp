// tally.yaml, exceptions and pasted text: three readers of hostile text that walk or guess at its
// lines. Whatever the text is, each ends with a value or with an error that has a message;
// diagnoses point into the text and are in order.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "document/read.hpp"
#include "input/config.hpp"
#include "input/pasted_text.hpp"

namespace {

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
  }
}

void check_diagnoses(const std::vector<tally::input::PastedDiagnosis>& found,
                     std::string_view text) {
  std::uint32_t last = 0;
  for (const auto& diagnosis : found) {
    require(diagnosis.offset <= text.size(), "offset behind the text");
    require(diagnosis.offset >= last, "order of diagnoses");
    require(!diagnosis.message.empty() && !diagnosis.remedy.empty(), "a diagnosis without words");
    last = diagnosis.offset;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto source = tally::document::Source::from_text("tally.yaml", text);
  if (const auto config = tally::input::parse_config(*source)) {
    for (const char* name : {"payments", "kube-system", ""}) {
      const auto known = config->tier_of(name, tally::document::Node{}, true);
      const auto unknown = config->tier_of(name, tally::document::Node{}, false);
      require(!known.conflict || known.tier.has_value(), "a conflict of no tiers");
      require(!known.unknown, "doubt although the labels are known");
      require(unknown.note.empty() == (!unknown.conflict && !unknown.unknown),
              "a note without a reason");
    }
  } else {
    require(!config.error().message.empty(), "an error without words");
  }
  const auto end = static_cast<std::uint32_t>(size);
  check_diagnoses(tally::input::diagnose_text(*source, 0, end, nullptr), text);
  tally::Arena arena;
  if (const auto root = tally::document::read_one(*source, arena)) {
    check_diagnoses(tally::input::diagnose_text(*source, 0, end, &*root), text);
    check_diagnoses(tally::input::diagnose_values(*source, *root), text);
  }
  return 0;
}
