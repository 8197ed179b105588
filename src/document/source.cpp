// The bytes live in an anonymous mapping, not in a mapping of the file: a file that is truncated
// while we read it would otherwise end the process with SIGBUS. Fresh pages are zero, which gives
// the padding for nothing.
#include "document/source.hpp"

#include <emmintrin.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/assert.hpp"
#include "base/parallel.hpp"

namespace tally::document {

namespace {

constexpr std::size_t kColumnBlock = 4096;
constexpr std::size_t kHugePagesFrom = std::size_t{4} << 20U;
constexpr std::size_t kStreamBytesFirst = std::size_t{256} << 10U;
constexpr std::size_t kReadBytesMax = std::size_t{16} << 20U;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string system_message(int error) { return std::generic_category().message(error); }

std::string human_bytes(std::uint64_t bytes) {
  if (bytes >= (1U << 20U)) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1U << 20U));
  }
  return fmt::format("{} bytes", bytes);
}

std::unexpected<Error> too_large(const std::string& name, std::string_view found,
                                 std::size_t bytes_max) {
  auto failure =
      limit_error(fmt::format("the input has {}; the limit is {}", found, human_bytes(bytes_max)));
  failure.error().file = name;
  failure.error().hint = "split it into smaller files";
  return failure;
}

std::unexpected<Error> refused(const std::string& name, std::string message,
                               std::string hint = {}) {
  auto failure = environment_error(std::move(message));
  failure.error().file = name;
  failure.error().hint = std::move(hint);
  return failure;
}

class Descriptor {
 public:
  explicit Descriptor(int value) noexcept : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  [[nodiscard]] int value() const noexcept { return value_; }

 private:
  int value_;
};

constexpr std::size_t kLineBlock = 512;
constexpr std::size_t kPieceBytes = std::size_t{2} << 20U;
constexpr std::size_t kPiecesFrom = 2 * kPieceBytes;

// An anonymous mapping that grows; released to the Source that takes it.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (bytes_ != nullptr) {
      ::munmap(bytes_, mapped_);
    }
  }

  // Room for `capacity` bytes and the padding. False when the system has none.
  [[nodiscard]] bool reserve(std::size_t capacity) {
    const std::size_t page = 4096;
    const std::size_t wanted = (capacity + kSourcePadding + page - 1) / page * page;
    if (wanted <= mapped_) {
      return true;
    }
    void* at = bytes_ == nullptr ? ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                 : ::mremap(bytes_, mapped_, wanted, MREMAP_MAYMOVE);
    if (at == MAP_FAILED) {
      return false;
    }
    bytes_ = static_cast<char*>(at);
    mapped_ = wanted;
    if (wanted >= kHugePagesFrom) {
      ::madvise(bytes_, mapped_,
                MADV_HUGEPAGE);  // advice only: a kernel without huge pages says no
    }
    return true;
  }
  [[nodiscard]] char* bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t mapped() const noexcept { return mapped_; }
  [[nodiscard]] std::size_t capacity() const noexcept {
    return mapped_ < kSourcePadding ? 0 : mapped_ - kSourcePadding;
  }
  char* release() noexcept { return std::exchange(bytes_, nullptr); }

 private:
  char* bytes_ = nullptr;
  std::size_t mapped_ = 0;
};

// Reads the beginning of a big regular file by all processors: most of the time goes into fresh
// pages, not into the disk. Returns how much was read without a gap; who calls goes on from there.
std::size_t read_in_pieces(int descriptor, std::size_t expected, char* bytes) {
  const std::size_t pieces = (expected + kPieceBytes - 1) / kPieceBytes;
  std::vector<std::size_t> got(pieces);
  parallel_for(pieces, hardware_threads(), [&](std::size_t piece, unsigned) {
    const std::size_t begin = piece * kPieceBytes;
    const std::size_t wanted = std::min(kPieceBytes, expected - begin);
    while (got[piece] < wanted) {
      const ssize_t more = ::pread(descriptor, bytes + begin + got[piece], wanted - got[piece],
                                   static_cast<off_t>(begin + got[piece]));
      if (more <= 0) {
        return;  // a short file or an error: the caller's loop finds out which
      }
      got[piece] += static_cast<std::size_t>(more);
    }
  });
  std::size_t size = 0;
  for (std::size_t piece = 0; piece < pieces && size == piece * kPieceBytes; ++piece) {
    size += got[piece];
  }
  return size;
}

// Reads a descriptor to its end, at most bytes_max bytes; `expected` is a guess of the size.
Result<std::size_t> read_all(int descriptor, const std::string& name, std::size_t expected,
                             std::size_t bytes_max, Mapping& into) {
  std::size_t size = 0;
  if (!into.reserve(std::min(expected, bytes_max) + 1)) {
    return refused(name, fmt::format("no memory for {} of input", human_bytes(expected)));
  }
  if (expected >= kPiecesFrom && expected <= bytes_max) {
    size = read_in_pieces(descriptor, expected, into.bytes());
    if (::lseek(descriptor, static_cast<off_t>(size), SEEK_SET) < 0) {
      return refused(name, fmt::format("cannot be read: {}", system_message(errno)));
    }
  }
  for (;;) {
    if (size == into.capacity() && !into.reserve(size * 2)) {
      return refused(name, fmt::format("no memory for {} of input", human_bytes(size * 2)));
    }
    const std::size_t room = std::min(into.capacity() - size, kReadBytesMax);
    const ssize_t got = ::read(descriptor, into.bytes() + size, room);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return refused(name, fmt::format("cannot be read: {}", system_message(errno)));
    }
    if (got == 0) {
      return size;
    }
    size += static_cast<std::size_t>(got);
    if (size > bytes_max) {
      return too_large(name, fmt::format("more than {}", human_bytes(bytes_max)), bytes_max);
    }
  }
}

// What stands at a path instead of a regular file.
std::string_view file_type(mode_t mode) {
  if (S_ISDIR(mode)) {
    return "a directory";
  }
  if (S_ISFIFO(mode)) {
    return "a named pipe";
  }
  if (S_ISSOCK(mode)) {
    return "a socket";
  }
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "no regular file";
}

Result<std::size_t> check_regular(const std::string& path, const struct stat& status,
                                  std::size_t bytes_max) {
  if (!S_ISREG(status.st_mode)) {
    return refused(path,
                   fmt::format("is {}; a regular file is expected", file_type(status.st_mode)),
                   S_ISFIFO(status.st_mode) ? "pass its content on standard input" : "");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > bytes_max) {
    return too_large(path, human_bytes(size), bytes_max);
  }
  return static_cast<std::size_t>(size);
}

// Bytes that begin a character, that is, all but continuation bytes (10xxxxxx, as signed numbers
// below -64). May read up to 15 bytes more than it counts, which the padding allows.
std::size_t count_characters(const char* bytes, std::size_t size) {
  const __m128i limit = _mm_set1_epi8(-65);
  std::size_t characters = 0;
  for (std::size_t at = 0; at < size; at += 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    auto starts = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpgt_epi8(here, limit)));
    if (size - at < 16) {
      starts &= (1U << (size - at)) - 1U;
    }
    characters += starts == 0xFFFFU ? 16U : static_cast<unsigned>(std::popcount(starts));
  }
  return characters;
}

// Calls `take` with the offset of every newline. May read up to 15 bytes more than it looks at, as
// the padding allows.
template <class Take>
void for_each_newline(const char* bytes, std::size_t size, Take take) {
  const __m128i newline = _mm_set1_epi8('\n');
  for (std::size_t at = 0; at < size; at += 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(here, newline)));
    if (size - at < 16) {
      found &= (1U << (size - at)) - 1U;
    }
    for (; found != 0; found &= found - 1) {
      take(at + static_cast<unsigned>(std::countr_zero(found)));
    }
  }
}

}  // namespace

Result<std::shared_ptr<const Source>> Source::read_file(const std::string& path,
                                                        std::size_t bytes_max) {
  bytes_max = std::min(bytes_max, kSourceBytesMax);
  // Looked at before it is opened: opening a device can have effects of its own.
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return refused(path, fmt::format("cannot be read: {}", system_message(errno)));
  }
  TALLY_CHECK(check_regular(path, status, bytes_max));
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (file.value() < 0) {
    return refused(path, fmt::format("cannot be read: {}", system_message(errno)));
  }
  if (::fstat(file.value(), &status) != 0) {
    return refused(path, fmt::format("cannot be read: {}", system_message(errno)));
  }
  TALLY_TRY(const std::size_t expected, check_regular(path, status, bytes_max));
  Mapping mapping;
  TALLY_TRY(const std::size_t size, read_all(file.value(), path, expected, bytes_max, mapping));
  const std::size_t mapped = mapping.mapped();
  return std::shared_ptr<const Source>(new Source(path, mapping.release(), size, mapped));
}

Result<std::shared_ptr<const Source>> Source::read_descriptor(int descriptor, std::string name,
                                                              std::size_t bytes_max) {
  bytes_max = std::min(bytes_max, kSourceBytesMax);
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    return refused(name, fmt::format("cannot be read: {}", system_message(errno)));
  }
  std::size_t expected = kStreamBytesFirst;
  if (S_ISREG(status.st_mode)) {
    TALLY_TRY(expected, check_regular(name, status, bytes_max));
  } else if (S_ISDIR(status.st_mode)) {
    return refused(name, "is a directory; a stream of bytes is expected");
  }
  Mapping mapping;
  TALLY_TRY(const std::size_t size, read_all(descriptor, name, expected, bytes_max, mapping));
  const std::size_t mapped = mapping.mapped();
  return std::shared_ptr<const Source>(
      new Source(std::move(name), mapping.release(), size, mapped));
}

std::shared_ptr<const Source> Source::from_text(std::string name, std::string_view text) {
  TALLY_ASSERT(text.size() <= kSourceBytesMax);
  Mapping mapping;
  const bool reserved = mapping.reserve(text.size());
  TALLY_ASSERT(reserved);
  std::copy(text.begin(), text.end(), mapping.bytes());
  const std::size_t mapped = mapping.mapped();
  return std::shared_ptr<const Source>(
      new Source(std::move(name), mapping.release(), text.size(), mapped));
}

Source::~Source() { ::munmap(bytes_, mapped_); }

void Source::build_index() const {
  line_blocks_.reserve(size_ / kLineBlock + 1);
  LineBlock block_start;
  for (std::size_t begin = 0; begin <= size_; begin += kLineBlock) {
    line_blocks_.push_back(block_start);
    for_each_newline(bytes_ + begin, std::min(kLineBlock, size_ - begin), [&](std::size_t at) {
      ++block_start.newlines_before;
      block_start.line_start = static_cast<std::uint32_t>(begin + at + 1);
    });
  }
  std::size_t characters = 0;
  characters_before_.reserve(size_ / kColumnBlock + 1);
  for (std::size_t block = 0; block <= size_; block += kColumnBlock) {
    characters_before_.push_back(static_cast<std::uint32_t>(characters));
    characters += count_characters(bytes_ + block, std::min(kColumnBlock, size_ - block));
  }
  if (characters == size_) {
    characters_before_ = {};
  }
}

std::uint32_t Source::characters_up_to(std::size_t offset) const {
  const std::size_t block = offset / kColumnBlock;
  return characters_before_[block] + static_cast<std::uint32_t>(count_characters(
                                         bytes_ + block * kColumnBlock, offset % kColumnBlock));
}

Position Source::position(std::uint32_t offset) const {
  std::call_once(indexed_, [this] { build_index(); });
  const std::uint32_t at = std::min(offset, static_cast<std::uint32_t>(size_));
  const std::size_t begin = at / kLineBlock * kLineBlock;
  LineBlock here = line_blocks_[at / kLineBlock];
  for_each_newline(bytes_ + begin, at - begin, [&](std::size_t newline) {
    ++here.newlines_before;
    here.line_start = static_cast<std::uint32_t>(begin + newline + 1);
  });
  const std::uint32_t line = here.newlines_before + 1;
  const std::uint32_t start = here.line_start;
  if (characters_before_.empty()) {
    return {.line = line, .column = at - start + 1};
  }
  std::uint32_t before = characters_up_to(at) - characters_up_to(start);
  // The bytes of a character belong to its column.
  if (at < size_ && (static_cast<unsigned char>(bytes_[at]) & 0xC0U) == 0x80U && before > 0) {
    --before;
  }
  if (line == 1 && before > 0 && text().starts_with(kByteOrderMark)) {
    --before;  // editors do not show the mark
  }
  return {.line = line, .column = before + 1};
}

}  // namespace tally::document
