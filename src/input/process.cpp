#include "input/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

extern char** environ;

namespace tally::input {

namespace {

constexpr std::size_t kErrBytesMax = std::size_t{64} << 10U;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void reset(int number) {
    close();
    number_ = number;
  }
  void close() {
    if (number_ >= 0) {
      static_cast<void>(::close(number_));
      number_ = -1;
    }
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
  [[nodiscard]] bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return false;
    }
    read.reset(ends[0]);
    write.reset(ends[1]);
    return true;
  }
};

// The actions of posix_spawn, freed with their scope.
class SpawnActions {
 public:
  SpawnActions() { static_cast<void>(::posix_spawn_file_actions_init(&actions_)); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { static_cast<void>(::posix_spawn_file_actions_destroy(&actions_)); }
  [[nodiscard]] posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// "NAME=VALUE" of our own variables, with those of `more` in their place.
std::vector<std::string> variables_with(const ProcessEnvironment& more) {
  std::vector<std::string> variables;
  for (char** own = environ; own != nullptr && *own != nullptr; ++own) {
    const std::string_view text(*own);
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::find(more, name, &std::pair<std::string, std::string>::first) == more.end()) {
      variables.emplace_back(text);
    }
  }
  for (const auto& [name, value] : more) {
    variables.push_back(name + "=" + value);
  }
  return variables;
}

// POSIX promises not to write to them.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const std::vector<std::string>& command, const ProcessEnvironment& environment,
                    const Pipe& out, const Pipe& err) {
  SpawnActions actions;
  static_cast<void>(
      ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0));
  static_cast<void>(
      ::posix_spawn_file_actions_adddup2(actions.get(), out.write.number(), STDOUT_FILENO));
  static_cast<void>(
      ::posix_spawn_file_actions_adddup2(actions.get(), err.write.number(), STDERR_FILENO));
  const std::vector<char*> arguments = pointers_to(command);
  const std::vector<std::string> variables = variables_with(environment);
  const std::vector<char*> pointers = pointers_to(variables);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], actions.get(), nullptr, arguments.data(),
                                    pointers.data());
  if (failed != 0) {
    return environment_error(fmt::format("cannot run '{}': {}", command.front(),
                                         std::generic_category().message(failed)));
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reads what is there; false at the end. What exceeds bytes_max is counted, not kept.
bool drain(Descriptor& from, std::string& to, std::size_t bytes_max, bool& exceeded) {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(from.number(), buffer.data(), buffer.size());
  if (count < 0) {
    return errno == EINTR || errno == EAGAIN;
  }
  const std::size_t kept =
      std::min(static_cast<std::size_t>(count), bytes_max - std::min(bytes_max, to.size()));
  to.append(buffer.data(), kept);
  exceeded = exceeded || kept < static_cast<std::size_t>(count);
  return count > 0;
}

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& command,
                                  const ProcessLimits& limits,
                                  const ProcessEnvironment& environment) {
  Pipe out;
  Pipe err;
  if (!out.open() || !err.open()) {
    return environment_error(fmt::format("cannot run '{}': {}", command.front(),
                                         std::generic_category().message(errno)));
  }
  TALLY_TRY(const pid_t child, spawn(command, environment, out, err));
  out.write.close();
  err.write.close();
  const auto deadline = std::chrono::steady_clock::now() + limits.time;
  ProcessOutput output;
  bool too_much = false;
  bool err_cut = false;
  bool late = false;
  while ((out.read.number() >= 0 || err.read.number() >= 0) && !too_much && !late) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    // A negative descriptor is passed over by poll.
    std::array<pollfd, 2> polled = {pollfd{out.read.number(), POLLIN, 0},
                                    pollfd{err.read.number(), POLLIN, 0}};
    const int ready = left.count() <= 0
                          ? 0
                          : ::poll(polled.data(), polled.size(), static_cast<int>(left.count()));
    late = ready == 0;
    if (ready > 0 && polled[0].revents != 0 &&
        !drain(out.read, output.out, limits.bytes, too_much)) {
      out.read.close();
    }
    if (ready > 0 && polled[1].revents != 0 &&
        !drain(err.read, output.err, kErrBytesMax, err_cut)) {
      err.read.close();
    }
  }
  if (too_much || late) {
    static_cast<void>(::kill(child, SIGKILL));
  }
  output.status = wait_for(child);
  if (late) {
    return environment_error(
        fmt::format("'{}' did not end within {} ms", command.front(), limits.time.count()));
  }
  if (too_much) {
    return limit_error(
        fmt::format("'{}' printed more than {} bytes", command.front(), limits.bytes));
  }
  return output;
}

}  // namespace tally::input
