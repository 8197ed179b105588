#include "document/source.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace tally::document {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tally-source-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }
  [[nodiscard]] std::string write(std::string_view name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }

 private:
  std::string path_;
};

TEST(Source, HoldsTheBytesAndZeroPadding) {
  const Folder folder;
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 8UL << 20U}) {
    const std::string content(size, 'x');
    const auto source = Source::read_file(folder.write("file", content));
    ASSERT_TRUE(source) << size << ": " << source.error().to_string();
    EXPECT_EQ((*source)->text(), content) << size;
    EXPECT_EQ((*source)->name(), folder.file("file"));
    const char* end = (*source)->text().data() + size;
    EXPECT_TRUE(std::all_of(end, end + kSourcePadding, [](char c) { return c == 0; })) << size;
    const auto copied = Source::from_text("copied", content);
    EXPECT_EQ(copied->text(), content) << size;
    const char* copied_end = copied->text().data() + size;
    EXPECT_TRUE(std::all_of(copied_end, copied_end + kSourcePadding, [](char c) { return c == 0; }))
        << size;
  }
}

TEST(Source, RefusesWhatIsNoRegularFile) {
  const Folder folder;
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_GE(socket, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string socket_path = folder.file("socket");
  ASSERT_LT(socket_path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  struct Row {
    std::string path;
    std::string message;
  };
  const Row rows[] = {
      {folder.file(""), "is a directory; a regular file is expected"},
      {folder.file("pipe"), "is a named pipe; a regular file is expected"},
      {socket_path, "is a socket; a regular file is expected"},
      {"/dev/zero", "is a device; a regular file is expected"},
      {folder.file("missing"), "cannot be read: No such file or directory"},
      {folder.write("plain", "a") + "/below", "cannot be read: Not a directory"},
  };
  for (const Row& row : rows) {
    const auto source = Source::read_file(row.path);
    ASSERT_FALSE(source) << row.path;
    EXPECT_EQ(source.error().message, row.message) << row.path;
    EXPECT_EQ(source.error().file, row.path);
    EXPECT_EQ(source.error().kind, ErrorKind::Environment) << row.path;
  }
  ::close(socket);
}

TEST(Source, RefusesAnUnreadableFile) {
  const Folder folder;
  const std::string path = folder.write("closed", "a: 1");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  if (::access(path.c_str(), R_OK) == 0) {
    GTEST_SKIP() << "this user may read every file";
  }
  const auto source = Source::read_file(path);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().message, "cannot be read: Permission denied");
}

TEST(Source, RefusesWhatIsOverTheLimitWithoutReadingIt) {
  const Folder folder;
  const std::string path = folder.write("sparse", "a");
  ASSERT_EQ(::truncate(path.c_str(), off_t{2} << 30), 0);
  const auto sparse = Source::read_file(path);
  ASSERT_FALSE(sparse);
  EXPECT_EQ(sparse.error().message, "the input has 2048.0 MiB; the limit is 1024.0 MiB");
  EXPECT_EQ(sparse.error().kind, ErrorKind::Limit);

  const std::string small = folder.write("small", "12345678");
  EXPECT_TRUE(Source::read_file(small, 8));
  const auto over = Source::read_file(small, 7);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().message, "the input has 8 bytes; the limit is 7 bytes");
}

TEST(Source, ReadsADescriptorToItsEnd) {
  const Folder folder;
  const std::string content(600000, 'y');
  const std::string path = folder.write("stream", content);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  const auto source = Source::read_descriptor(file, "<stdin>");
  ::close(file);
  ASSERT_TRUE(source) << source.error().to_string();
  EXPECT_EQ((*source)->text(), content);
  EXPECT_EQ((*source)->name(), "<stdin>");

  const int directory = ::open(folder.file("").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(directory, 0);
  EXPECT_FALSE(Source::read_descriptor(directory, "<stdin>"));
  ::close(directory);
  EXPECT_FALSE(Source::read_descriptor(-1, "<stdin>"));
}

TEST(Source, LimitsAPipe) {
  for (const std::size_t bytes_max : {999UL, 1000UL}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const std::string content(1000, 'z');
    ASSERT_EQ(::write(ends[1], content.data(), content.size()), 1000);
    ::close(ends[1]);
    const auto source = Source::read_descriptor(ends[0], "<stdin>", bytes_max);
    ::close(ends[0]);
    if (bytes_max == 1000) {
      ASSERT_TRUE(source) << source.error().to_string();
      EXPECT_EQ((*source)->text(), content);
    } else {
      ASSERT_FALSE(source);
      EXPECT_EQ(source.error().message,
                "the input has more than 999 bytes; the limit is 999 bytes");
    }
  }
}

TEST(Source, KnowsLineAndColumn) {
  struct Row {
    std::string name;
    std::string text;
    std::uint32_t offset;
    Position at;
  };
  const std::string wide = std::string(5000, 'x') + "\xC3\xA9" + std::string(5000, 'y');
  const Row rows[] = {
      {"empty", "", 0, {1, 1}},
      {"first", "ab\ncd", 0, {1, 1}},
      {"newline itself", "ab\ncd", 2, {1, 3}},
      {"second line", "ab\ncd", 3, {2, 1}},
      {"end", "ab\ncd", 5, {2, 3}},
      {"past the end", "ab\ncd", 99, {2, 3}},
      {"after the last newline", "ab\n", 3, {2, 1}},
      {"CRLF", "ab\r\ncd", 4, {2, 1}},
      {"two bytes before", "\xC3\xA9x", 2, {1, 2}},
      {"inside a character", "a\xC3\xA9x", 2, {1, 2}},
      {"four bytes before", "a\n\xF0\x9F\x98\x80x", 6, {2, 2}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a: b",
       3,
       {1, 1}},
      {"byte order mark, further",
       "\xEF\xBB\xBF"
       "a: b",
       6,
       {1, 4}},
      {"byte order mark itself",
       "\xEF\xBB\xBF"
       "a: b",
       0,
       {1, 1}},
      {"byte order mark, line 2",
       "\xEF\xBB\xBF"
       "a\nb",
       5,
       {2, 1}},
      {"long line", wide, 5002, {1, 5002}},
      {"long line, end", wide, 10002, {1, 10002}},
  };
  for (const Row& row : rows) {
    const auto source = Source::from_text(row.name, row.text);
    EXPECT_EQ(source->position(row.offset), row.at)
        << row.name << ": " << source->position(row.offset).line << ":"
        << source->position(row.offset).column;
  }
}

// Every column of a random text, against counting one by one.
TEST(Source, CountsColumnsAcrossBlocks) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < 30000) {
    state = state * 1664525U + 1013904223U;
    constexpr std::string_view kPieces[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                            "bc"};
    text += state >> 24U == 7 ? "\n" : kPieces[(state >> 16U) % 5];
  }
  const auto source = Source::from_text("random", text);
  Position at{.line = 1, .column = 1};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) {
      continue;
    }
    ASSERT_EQ(source->position(static_cast<std::uint32_t>(i)), at) << i;
    at = text[i] == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
  }
}

}  // namespace
}  // namespace tally::document
