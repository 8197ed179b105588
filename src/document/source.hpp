#pragma once
// Source: the bytes of one input (a file, standard input, a request body) and the way from an
// offset to a position.
//
// Invariants: at most 1 GiB; kSourcePadding zero bytes may be read after the end (scanners read
// whole vectors). Threads: immutable; position() builds its newline index on first use, once,
// safely from any thread.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::document {

inline constexpr std::size_t kSourceBytesMax = std::size_t{1} << 30U;
inline constexpr std::size_t kSourcePadding = 64;

class Source {
 public:
  // Reads a whole regular file. Refuses directories, devices, pipes and files over bytes_max
  // without reading them.
  [[nodiscard]] static Result<std::shared_ptr<const Source>> read_file(
      const std::string& path, std::size_t bytes_max = kSourceBytesMax);
  // Reads a file descriptor to its end (standard input).
  [[nodiscard]] static Result<std::shared_ptr<const Source>> read_descriptor(
      int descriptor, std::string name, std::size_t bytes_max = kSourceBytesMax);
  // Copies the text. Precondition: text.size() <= kSourceBytesMax.
  [[nodiscard]] static std::shared_ptr<const Source> from_text(std::string name,
                                                               std::string_view text);

  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source();

  [[nodiscard]] std::string_view text() const noexcept { return {bytes_, size_}; }
  // As the user gave it: a path, or "<stdin>".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  // Line and column of a byte offset; columns count characters. Offsets past the end give the end.
  [[nodiscard]] Position position(std::uint32_t offset) const;

 private:
  Source(std::string name, char* bytes, std::size_t size, std::size_t mapped) noexcept
      : name_(std::move(name)), bytes_(bytes), size_(size), mapped_(mapped) {}

  std::string name_;
  char* bytes_;
  std::size_t size_;
  std::size_t mapped_;  // bytes of the anonymous mapping behind bytes_
  mutable std::once_flag indexed_;
  // Lines, known at every kLineBlock bytes; the rest of the way is scanned. A table of all line
  // starts would take an eighth of the text, and one long line must not make a lookup slow.
  struct LineBlock {
    std::uint32_t newlines_before = 0;
    std::uint32_t line_start = 0;  // of the line to which the first byte of the block belongs
  };
  mutable std::vector<LineBlock> line_blocks_;
  // Characters before every block of kColumnBlock bytes; empty when the text is ASCII. A column on
  // a line of any length then costs one block, not the line.
  mutable std::vector<std::uint32_t> characters_before_;

  void build_index() const;
  [[nodiscard]] std::uint32_t characters_up_to(std::size_t offset) const;
};

}  // namespace tally::document
