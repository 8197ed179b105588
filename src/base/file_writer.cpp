#include "base/file_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace tally {

namespace {

std::unexpected<Error> cannot_write(const std::string& path, int code) {
  return environment_error(fmt::format("cannot write {}: {}", path,
                                       std::error_code(code, std::generic_category()).message()));
}

bool is_replaceable(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
}

}  // namespace

int write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

Result<FileWriter> FileWriter::create(std::string path) {
  constexpr mode_t kMode = 0644;
  std::string temporary;
  int descriptor = -1;
  if (is_replaceable(path)) {
    temporary = fmt::format("{}.{}.tmp", path, ::getpid());
    descriptor =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode);
  } else {
    descriptor = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
  }
  if (descriptor < 0) {
    return cannot_write(path, errno);
  }
  return FileWriter(std::move(path), std::move(temporary), descriptor);
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      failure_(other.failure_) {}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

bool FileWriter::write(std::string_view bytes) {
  if (failure_ == 0) {
    failure_ = write_all(descriptor_, bytes);
  }
  return failure_ == 0;
}

Result<void> FileWriter::commit() {
  if (::close(std::exchange(descriptor_, -1)) != 0 && failure_ == 0) {
    failure_ = errno;
  }
  if (failure_ == 0 && !temporary_.empty()) {
    failure_ = std::rename(temporary_.c_str(), path_.c_str()) == 0 ? 0 : errno;
    if (failure_ == 0) {
      temporary_.clear();
    }
  }
  return failure_ == 0 ? Result<void>{} : cannot_write(path_, failure_);
}

}  // namespace tally
