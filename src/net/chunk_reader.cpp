#include "net/internal/chunk_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace tally::net {

namespace {

constexpr std::size_t kLineBytesMax = 4096;  // of a chunk's own line, and of a trailer
constexpr std::size_t kSizeDigitsMax = 15;

std::unexpected<RequestFault> malformed(std::string text) {
  return std::unexpected(RequestFault{400, std::move(text)});
}

// chunk-size [ chunk-ext ], without the end of the line.
std::expected<std::uint64_t, RequestFault> read_size(std::string_view line) {
  std::uint64_t size = 0;
  const std::size_t digits =
      std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  const std::string_view rest = line.substr(digits);
  if (digits == 0 || digits > kSizeDigitsMax || (!rest.empty() && rest.front() != ';')) {
    return malformed(fmt::format("'{}' is no size of a chunk", excerpt(line)));
  }
  std::from_chars(line.data(), line.data() + digits, size, 16);
  return size;
}

}  // namespace

std::expected<bool, RequestFault> ChunkReader::collect(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t count = std::min(end == std::string_view::npos ? bytes.size() : end + 1,
                                     kLineBytesMax + 1 - line_.size());
  line_.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  if (line_.size() > kLineBytesMax) {
    return malformed("a line between the chunks of the body is too long");
  }
  if (!line_.ends_with('\n')) {
    return false;
  }
  if (line_.find_first_of(std::string_view("\r\0", 2)) + 2 != line_.size()) {
    return malformed("a line between the chunks of the body holds a bare CR, LF or NUL");
  }
  return true;
}

std::expected<void, RequestFault> ChunkReader::end_line(std::size_t body_bytes,
                                                        const RequestLimits& limits) {
  // A body of chunks of one byte has five around each; a bound on everything beyond.
  constexpr std::size_t kOverhead = 8;
  overhead_ += line_.size();
  if (overhead_ > limits.header_bytes + kOverhead * body_bytes) {
    return malformed("the body carries too many bytes around its content");
  }
  const std::string_view line = std::string_view(line_).substr(0, line_.size() - 2);
  if (step_ == Step::Size) {
    TALLY_TRY(left_, read_size(line));
    if (left_ > limits.body_bytes - body_bytes) {
      return std::unexpected(
          RequestFault{413, fmt::format("the body has more than {} bytes", limits.body_bytes)});
    }
    step_ = left_ == 0 ? Step::Trailer : Step::Data;
  } else if (step_ == Step::DataEnd) {
    if (!line.empty()) {
      return malformed("a chunk of the body is longer than its size");
    }
    step_ = Step::Size;
  } else if (line.empty()) {
    step_ = Step::Done;
  }
  line_.clear();
  return {};
}

std::expected<std::size_t, RequestFault> ChunkReader::feed(std::string_view bytes,
                                                           std::string& body,
                                                           const RequestLimits& limits) {
  const std::size_t all = bytes.size();
  while (!bytes.empty() && step_ != Step::Done) {
    if (step_ == Step::Data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      body.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      left_ -= count;
      step_ = left_ == 0 ? Step::DataEnd : Step::Data;
      continue;
    }
    TALLY_TRY(const bool is_complete, collect(bytes));
    if (is_complete) {
      TALLY_CHECK(end_line(body.size(), limits));
    }
  }
  return all - bytes.size();
}

}  // namespace tally::net
