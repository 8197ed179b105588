// Turns the system's time zone data into C++: one blob without duplicates, a sorted table of names.
//
//   embed FOLDER BLOB SOURCE
//
// FOLDER is /usr/share/zoneinfo. Of each TZif file (RFC 8536) only the data of version 2 is kept. A
// folder that does not exist gives an empty table: the program then says that it has no zone data.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

namespace {

std::size_t count_at(const std::string& data, std::size_t at) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    out = out << 8U | static_cast<unsigned char>(data[at + i]);
  }
  return out;
}

// Cuts off the data of version 1; empty when this is no file of version 2 or later.
std::string version_2_of(const std::string& data) {
  constexpr std::size_t kHeaderBytes = 44;
  if (data.size() < kHeaderBytes || !data.starts_with("TZif") || data[4] < '2') {
    return {};
  }
  const std::size_t first = kHeaderBytes + count_at(data, 32) * 5 + count_at(data, 36) * 6 +
                            count_at(data, 40) + count_at(data, 28) * 8 + count_at(data, 24) +
                            count_at(data, 20);
  return first < data.size() ? data.substr(first) : std::string{};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: embed FOLDER BLOB SOURCE\n";
    return 2;
  }
  namespace fs = std::filesystem;
  const fs::path root = argv[1];
  std::map<std::string, std::string> zones;
  std::error_code error;
  if (fs::is_directory(root, error)) {
    for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator();
         ++at) {
      const std::string name = fs::relative(at->path(), root).generic_string();
      if (at->is_directory() && (name == "posix" || name == "right")) {
        at.disable_recursion_pending();
        continue;
      }
      if (!at->is_regular_file() || name == "localtime" || name == "posixrules") {
        continue;
      }
      std::ifstream in(at->path(), std::ios::binary);
      const std::string data = version_2_of({std::istreambuf_iterator<char>(in), {}});
      if (!data.empty()) {
        zones[name] = data;
      }
    }
  }
  // Names that Debian keeps out of the folder (US/Central) are links in the source of the data.
  std::ifstream source(root / "tzdata.zi");
  for (std::string line; std::getline(source, line);) {
    if (line.starts_with("L ")) {
      const std::size_t space = line.find(' ', 2);
      const auto target = zones.find(line.substr(2, space - 2));
      if (space != std::string::npos && target != zones.end()) {
        zones.try_emplace(line.substr(space + 1), target->second);
      }
    }
  }
  std::string blob;
  std::map<std::string, std::size_t> offsets;
  for (const auto& [name, data] : zones) {
    if (offsets.emplace(data, blob.size()).second) {
      blob += data;
    }
  }
  std::ofstream(argv[2], std::ios::binary) << blob;
  std::ofstream out(argv[3]);
  out << "#include <array>\n#include <span>\n\n#include \"cel/internal/timezone.hpp\"\n\n";
  if (zones.empty()) {
    out << "namespace tally::cel {\nstd::span<const EmbeddedZone> embedded_zones() noexcept { "
           "return {}; }\n}\n";
    return 0;
  }
  out << "__asm__(\".section .rodata\\n.global tally_zone_data\\n.hidden tally_zone_data\\n"
         "tally_zone_data:\\n.incbin \\\""
      << argv[2] << "\\\"\\n.previous\\n\");\n"
      << "extern \"C\" __attribute__((visibility(\"hidden\"))) const char tally_zone_data[];\n\n"
      << "namespace tally::cel {\n\nstd::span<const EmbeddedZone> embedded_zones() noexcept {\n"
      << "  static const std::array<EmbeddedZone, " << zones.size() << "> kZones{{\n";
  for (const auto& [name, data] : zones) {
    out << "      {\"" << name << "\", {tally_zone_data + " << offsets[data] << ", " << data.size()
        << "}},\n";
  }
  out << "  }};\n  return kZones;\n}\n\n}  // namespace tally::cel\n";
  return out ? 0 : 1;
}
