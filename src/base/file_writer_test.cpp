#include "base/file_writer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace tally {
namespace {

namespace fs = std::filesystem;

class FileWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "file_writer_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const char* name) const { return (folder_ / name).string(); }
  static std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void put(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
};

TEST_F(FileWriterTest, ReplacesARegularFileAtCommitOnly) {
  put(path("a"), "old");
  auto writer = FileWriter::create(path("a"));
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->write("new"));
  EXPECT_EQ(text_of(path("a")), "old");
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(text_of(path("a")), "new");
  EXPECT_EQ(files(), 1U);
}

TEST_F(FileWriterTest, WithoutCommitTheOldFileStays) {
  put(path("a"), "old");
  {
    auto writer = FileWriter::create(path("a"));
    ASSERT_TRUE(writer);
    EXPECT_TRUE(writer->write("new"));
  }
  EXPECT_EQ(text_of(path("a")), "old");
  EXPECT_EQ(files(), 1U);
}

// A symbolic link stays a link, a pipe stays a pipe: only regular files are replaced.
TEST_F(FileWriterTest, WritesThroughASymbolicLink) {
  put(path("target"), "old and longer");
  fs::create_symlink(path("target"), path("link"));
  auto writer = FileWriter::create(path("link"));
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->write("new"));
  ASSERT_TRUE(writer->commit());
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(text_of(path("target")), "new");
}

TEST_F(FileWriterTest, ADeviceStaysADevice) {
  fs::create_symlink("/dev/null", path("null"));
  auto writer = FileWriter::create(path("null"));
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->write("x"));
  EXPECT_TRUE(writer->commit());
  EXPECT_TRUE(fs::is_character_file(fs::path("/dev/null")));
}

TEST_F(FileWriterTest, SaysWhyItCannot) {
  const auto absent = FileWriter::create(path("no/such/folder"));
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message.find("No such file"), std::string::npos);

  fs::create_symlink("/dev/full", path("full"));
  auto writer = FileWriter::create(path("full"));
  ASSERT_TRUE(writer);
  EXPECT_FALSE(writer->write("x"));
  const auto committed = writer->commit();
  ASSERT_FALSE(committed);
  EXPECT_NE(committed.error().message.find("No space"), std::string::npos);
}

}  // namespace
}  // namespace tally
