#include "telemetry/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "telemetry/testing/exposition_reader.hpp"

namespace tally::telemetry {
namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "process_testXXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const char* name, const std::string& text) const {
    std::ofstream(path / name) << text;
  }
  [[nodiscard]] ProcessFiles files() const { return {path.string(), (path / "machine").string()}; }
};

std::map<std::string, std::string> values_of(const ProcessFiles& files) {
  Registry registry;
  register_process_metrics(registry, files);
  std::map<std::string, std::string> out;
  const auto families = testing::ExpositionReader().read(registry.expose());
  EXPECT_TRUE(families);
  for (const auto& [name, family] : *families) {
    for (const auto& [sample, value] : family.samples) {
      out[sample] = value;
    }
  }
  return out;
}

TEST(Process, ReadsTheFields) {
  const Folder folder;
  const long ticks = ::sysconf(_SC_CLK_TCK);
  // A name that looks like the end of itself; fields 3 to 24.
  folder.write("stat", "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 " + std::to_string(3 * ticks) + " " +
                           std::to_string(2 * ticks) + " 13 14 15 16 17 18 " +
                           std::to_string(100 * ticks) + " 4096000 12 99 98\n");
  folder.write("limits", "Limit   Soft Limit\nMax open files            1024    4096   files\n");
  folder.write("machine", "cpu 1 2\nbtime 1700000000\nprocesses 5\n");
  std::filesystem::create_directory(folder.path / "fd");
  folder.write("fd/0", "");
  folder.write("fd/1", "");
  EXPECT_EQ(values_of(folder.files()),
            (std::map<std::string, std::string>{
                {"process_cpu_seconds_total", "5"},
                {"process_max_fds", "1024"},
                {"process_open_fds", "2"},
                {"process_resident_memory_bytes", std::to_string(12 * ::sysconf(_SC_PAGESIZE))},
                {"process_start_time_seconds", "1700000100"},
                {"process_threads", "17"},
                {"process_virtual_memory_bytes", "4096000"}}));
}

TEST(Process, LeavesOutWhatIsNotThere) {
  const Folder folder;
  EXPECT_TRUE(values_of(folder.files()).empty());
  folder.write("stat", "7 (name");
  folder.write("limits", "Max open files unlimited");
  EXPECT_TRUE(values_of(folder.files()).empty());
  folder.write("stat", "7 (name) S 1 2");
  EXPECT_TRUE(values_of(folder.files()).empty());
}

TEST(Process, OfThisProcess) {
  const auto values = values_of({});
  EXPECT_EQ(values.size(), 7U);
  EXPECT_GT(std::stod(values.at("process_resident_memory_bytes")), 1e6);
  EXPECT_GE(std::stod(values.at("process_open_fds")), 3);
  EXPECT_GT(std::stod(values.at("process_start_time_seconds")), 1.6e9);
}

}  // namespace
}  // namespace tally::telemetry
