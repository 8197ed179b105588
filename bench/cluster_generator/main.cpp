// cluster_generator --workloads N [--files K] [--seed S] [--uniform] OUT
//
// Writes the manifests of N workloads to the file OUT; with --files K to OUT/part-000.yaml ...
// instead, as even as can be.

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "cluster_generator.hpp"

namespace {

constexpr std::size_t kFlushBytes = std::size_t{4} << 20U;

struct Arguments {
  tally::bench::ClusterOptions cluster;
  std::uint32_t files = 0;  // 0: one file named `out`
  std::string out;
};

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<Arguments> parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::string_view value = i + 1 < words.size() ? words[i + 1] : std::string_view{};
    if (word == "--uniform") {
      arguments.cluster.uniform = true;
    } else if (word == "--workloads" || word == "--files" || word == "--seed") {
      const bool read = word == "--workloads" ? read_number(value, arguments.cluster.workloads)
                        : word == "--files"   ? read_number(value, arguments.files)
                                              : read_number(value, arguments.cluster.seed);
      if (!read) {
        return std::nullopt;
      }
      ++i;
    } else if (arguments.out.empty() && !word.starts_with('-')) {
      arguments.out = word;
    } else {
      return std::nullopt;
    }
  }
  if (arguments.out.empty() || arguments.cluster.workloads == 0) {
    return std::nullopt;
  }
  return arguments;
}

// Writes the next `count` workloads to one file.
bool write_file(tally::bench::ClusterGenerator& generator, std::uint32_t count,
                const std::filesystem::path& path) {
  std::ofstream file{path, std::ios::binary};
  std::string yaml;
  for (std::uint32_t i = 0; i < count && !generator.done(); ++i) {
    generator.append_next(yaml);
    if (yaml.size() > kFlushBytes) {
      file << yaml;
      yaml.clear();
    }
  }
  file << yaml;
  file.close();
  return !file.fail();
}

bool write_all(const Arguments& arguments) {
  tally::bench::ClusterGenerator generator{arguments.cluster};
  const std::uint32_t total = arguments.cluster.workloads;
  if (arguments.files == 0) {
    return write_file(generator, total, arguments.out);
  }
  std::error_code ignored;
  std::filesystem::create_directories(arguments.out, ignored);
  for (std::uint32_t i = 0; i < arguments.files; ++i) {
    const auto share = static_cast<std::uint32_t>(std::uint64_t{total} * (i + 1) / arguments.files -
                                                  std::uint64_t{total} * i / arguments.files);
    if (!write_file(generator, share,
                    std::filesystem::path{arguments.out} / fmt::format("part-{:03}.yaml", i))) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parse({argv, static_cast<std::size_t>(argc)});
  if (!arguments) {
    fmt::print(stderr,
               "usage: cluster_generator --workloads N [--files K] [--seed S] [--uniform] OUT\n");
    return 2;
  }
  if (!write_all(*arguments)) {
    fmt::print(stderr, "cluster_generator: cannot write {}\n", arguments->out);
    return 2;
  }
  return 0;
}
