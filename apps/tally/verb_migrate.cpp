// `tally migrate POLICY...`: the CEL equivalent of classic Kyverno policies, with a proof.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file_writer.hpp"
#include "base/parallel.hpp"
#include "document/json_writer.hpp"
#include "document/yaml_writer.hpp"
#include "input/read_inputs.hpp"
#include "kube/api_kinds.hpp"
#include "migration/proof.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

std::string place_of(const kube::Object& policy, std::uint32_t offset) {
  if (policy.source == nullptr) {
    return std::string(policy.ref.name);
  }
  const Position at = policy.source->position(offset);
  return fmt::format("{}:{}:{}", policy.source->name(), at.line, at.column);
}

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("    {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string to_text(const migration::Difference& difference, std::string_view policy) {
  std::string out = fmt::format("tally migrate: {}: the policies differ on this object ({}):\n{}",
                                policy, difference.operation, indented(difference.object));
  out += fmt::format("  {}: {} {}\n", policy, to_text(difference.classic.decision),
                     difference.classic.message);
  out += fmt::format("  {} (translated): {} {}\n", difference.policy,
                     to_text(difference.translated.decision), difference.translated.message);
  if (difference.is_mutation && difference.classic_object != difference.translated_object) {
    out += fmt::format("  {} makes of it:\n{}  the translation:\n{}", policy,
                       indented(difference.classic_object), indented(difference.translated_object));
  }
  return out;
}

struct Tally {
  std::size_t proven = 0;
  std::size_t differing = 0;
  std::size_t refused = 0;
  std::size_t partial = 0;
};

class Migration {
 public:
  Migration(const MigrateFlags& flags, const input::Inputs& inputs,
            std::span<const kube::Object> with)
      : flags_(flags), inputs_(inputs), with_(with) {}

  int run() {
    bool is_failed = false;
    for (const kube::Object& policy : inputs_.objects) {
      if (migration::is_classic(policy)) {
        is_failed = !migrate(policy) || is_failed;
      }
    }
    if (flags_.output == "json" && flags_.out.empty()) {
      static_cast<void>(print(
          fmt::format("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{}]}}\n", items_)));
    }
    print_error(fmt::format(
        "{} translated and proven, {} differ, {} not translatable{}\n", count_.proven,
        count_.differing, count_.refused,
        count_.partial == 0 ? std::string() : fmt::format(", {} in part", count_.partial)));
    return is_failed || count_.refused + count_.partial != 0 ? 2 : count_.differing != 0 ? 1 : 0;
  }

 private:
  // False when what it makes cannot be written.
  bool migrate(const kube::Object& policy) {
    Arena arena;
    const migration::Translation translation =
        migration::translate(policy, arena, inputs_.custom_kinds.get());
    for (const migration::Obstacle& obstacle : translation.obstacles) {
      print_error(fmt::format(
          "{}: {}: cannot be translated: {}{}\n", place_of(policy, obstacle.offset),
          policy.ref.name,
          obstacle.rule.empty() ? std::string() : fmt::format("rule {}: ", obstacle.rule),
          obstacle.message));
    }
    const bool is_partial = !translation.obstacles.empty();
    if (translation.policies.empty() || (is_partial && !flags_.partial)) {
      ++count_.refused;
      return true;
    }
    const migration::Proof proof = migration::prove(policy, translation,
                                                    {.objects = flags_.objects,
                                                     .seed = flags_.seed,
                                                     .with = with_,
                                                     .kinds = inputs_.custom_kinds.get()});
    print_error(fmt::format("{}: {}\n", policy.ref.name, proof.summary()));
    if (proof.difference) {
      ++count_.differing;
      print_error(to_text(*proof.difference, policy.ref.name));
      return true;
    }
    ++(is_partial ? count_.partial : count_.proven);
    return write(policy, translation, proof);
  }

  bool write(const kube::Object& policy, const migration::Translation& translation,
             const migration::Proof& proof) {
    std::string out;
    std::string items;
    for (const migration::Translated& one : translation.policies) {
      out += "---\n";
      if (&one == &translation.policies.front()) {
        out += fmt::format("# {}: {}\n", policy.ref.name, proof.summary());
        for (const migration::Obstacle& obstacle : translation.obstacles) {
          out += fmt::format("# not translated: rule {}: {}\n", obstacle.rule, obstacle.message);
        }
      }
      for (const std::string& note : one.notes) {
        out += fmt::format("# note: {}\n", note);
      }
      document::append_yaml(out, one.policy, document::KeyOrder::Source);
      items += items.empty() ? "\n" : ",\n";
      document::append_json(items, one.policy);
    }
    const bool is_json = flags_.output == "json";
    if (flags_.out.empty()) {
      items_ += items_.empty() || items.empty() ? "" : ",";
      items_ += items;
      return is_json || print(out);
    }
    const std::string path =
        fmt::format("{}/{}.{}", flags_.out, policy.ref.name, is_json ? "json" : "yaml");
    auto writer = FileWriter::create(path);
    if (!writer) {
      print_error(fmt::format("tally migrate: {}\n", writer.error().to_string()));
      return false;
    }
    writer->write(is_json ? fmt::format("{{\"apiVersion\":\"v1\",\"kind\":\"List\","
                                        "\"items\":[{}]}}\n",
                                        items)
                          : out);
    if (const auto done = writer->commit(); !done) {
      print_error(fmt::format("tally migrate: {}\n", done.error().to_string()));
      return false;
    }
    return true;
  }

  const MigrateFlags& flags_;
  const input::Inputs& inputs_;
  std::span<const kube::Object> with_;
  std::string items_;
  Tally count_;
};

input::Inputs read(const std::vector<std::string>& paths) {
  input::InputOptions options;
  options.paths = paths;
  options.threads = hardware_threads();
  return input::read_inputs(options);
}

bool print_errors(const input::Inputs& inputs) {
  for (const Error& error : inputs.errors) {
    print_error(fmt::format("tally migrate: {}\n", error.to_string()));
  }
  return !inputs.errors.empty();
}

}  // namespace

int run_migrate(const MigrateFlags& flags) {
  kube::load_api_kinds();
  const input::Inputs inputs = read(flags.paths);
  const input::Inputs with = flags.with.empty() ? input::Inputs{} : read(flags.with);
  const bool has_errors = print_errors(inputs);
  if (print_errors(with) || has_errors) {
    return 2;
  }
  if (std::ranges::none_of(inputs.objects, migration::is_classic)) {
    print_error("tally migrate: found no ClusterPolicy and no Policy of kyverno.io\n");
    return 2;
  }
  if (!flags.out.empty()) {
    std::error_code error;
    std::filesystem::create_directories(flags.out, error);
    if (error) {
      print_error(fmt::format("tally migrate: {}: {}\n", flags.out, error.message()));
      return 2;
    }
  }
  return Migration(flags, inputs, with.objects).run();
}

}  // namespace tally::app
