#pragma once
// Writes a file that a reader sees whole or not at all: the bytes go to a new file beside `path`,
// and commit() renames it over the old one. What exists and is no regular file (a device, a pipe, a
// symbolic link) is written in place: to rename a file over /dev/null would replace the device
// itself. A writer that is destroyed without commit() leaves the old file as it was.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally {

// Writes all of `bytes`, continuing after short and interrupted writes. Returns 0 or errno.
[[nodiscard]] int write_all(int descriptor, std::string_view bytes) noexcept;

class FileWriter {
 public:
  static Result<FileWriter> create(std::string path);
  ~FileWriter();
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;

  // False after a failure, which commit() reports; then every further write is ignored.
  bool write(std::string_view bytes);
  Result<void> commit();

 private:
  FileWriter(std::string path, std::string temporary, int descriptor)
      : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

  std::string path_;
  std::string temporary_;  // empty: written in place
  int descriptor_;
  int failure_ = 0;
};

}  // namespace tally
