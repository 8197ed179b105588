// `-o yaml`: the structure of `-o json` as YAML.
#include "report/internal/structure.hpp"
#include "report/internal/writers.hpp"
#include "report/internal/yaml_out.hpp"

namespace tally::report {

bool write_yaml(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  Output output(sink);
  YamlOut out(output);
  emit_assessment(
      out, assessment, options, [&] { emit_findings_in_turn(out, assessment); },
      [&] { emit_workloads_in_turn(out, assessment); });
  out.end();
  return output.finish();
}

}  // namespace tally::report
