#include "store/testing/postgresql_server.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

#include "store/database.hpp"

namespace tally::store::testing {

namespace {

std::string problem;  // why there is no server

// "/usr/lib/postgresql/15/bin", the newest.
std::string find_programs() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (std::filesystem::exists(entry.path() / "bin/initdb")) {
      found.push_back((entry.path() / "bin").string());
    }
  }
  return found.empty() ? std::string{} : *std::ranges::max_element(found);
}

// The server refuses to run as root: Debian's package has made a user for it.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};
bool find_user(User& user) {
  if (geteuid() != 0) {
    user = {geteuid(), getegid()};
    return true;
  }
  const passwd* entry = getpwnam("postgres");  // NOLINT(concurrency-mt-unsafe): before any thread
  if (entry == nullptr) {
    return false;
  }
  user = {entry->pw_uid, entry->pw_gid};
  return true;
}

// Runs a program as that user; what it says goes to `output`.
pid_t spawn(const std::vector<std::string>& arguments, const User& user, int output) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: execv takes them so
  }
  pointers.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) {
    return child;
  }
  if (geteuid() == 0 &&
      (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (chdir("/") == 0) {
    execv(pointers[0], pointers.data());
  }
  _exit(127);
}

}  // namespace

PostgreSqlServer* PostgreSqlServer::get() {
  static const std::unique_ptr<PostgreSqlServer> server = [] {
    auto made = std::make_unique<PostgreSqlServer>();
    problem = made->start();
    return problem.empty() ? std::move(made) : nullptr;
  }();
  return server.get();
}

const std::string& PostgreSqlServer::why() { return problem; }

std::string PostgreSqlServer::start() {
  const std::string programs = find_programs();
  User user;
  if (programs.empty() || !find_user(user)) {
    return "there is no PostgreSQL server here (Debian: postgresql)";
  }
  if (chown(folder_.path().c_str(), user.uid, user.gid) != 0) {
    return "cannot give the folder to the server's user";
  }
  const std::string data = folder_.file("data");
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t initialise = spawn({programs + "/initdb", "-D", data, "-U", "tally", "-A", "trust",
                                  "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
                                 user, nowhere);
  close(nowhere);
  int status = 0;
  if (waitpid(initialise, &status, 0) != initialise || status != 0) {
    return "initdb failed";
  }
  std::array<int, 2> log{};
  if (pipe2(log.data(), O_CLOEXEC) != 0) {
    return "no pipe";
  }
  server_ = spawn({programs + "/postgres", "-D", data, "-c", "listen_addresses=", "-k",
                   folder_.path(), "-c", "fsync=off", "-c", "shared_buffers=32MB"},
                  user, log[1]);
  close(log[1]);
  // Its log says when it is ready; later lines are read so that the pipe never fills.
  std::string said;
  std::array<char, 4096> bytes{};
  while (said.find("ready to accept connections") == std::string::npos) {
    const ssize_t size = read(log[0], bytes.data(), bytes.size());
    if (size <= 0) {
      close(log[0]);
      return "the server did not start: " + said;
    }
    said.append(bytes.data(), static_cast<std::size_t>(size));
  }
  log_reader_ = std::jthread([descriptor = log[0]] {
    std::array<char, 4096> unread{};
    while (read(descriptor, unread.data(), unread.size()) > 0) {
    }
    close(descriptor);
  });
  return {};
}

PostgreSqlServer::~PostgreSqlServer() {
  if (server_ > 0) {
    kill(server_, SIGQUIT);
    waitpid(server_, nullptr, 0);
  }
}

std::string PostgreSqlServer::url(const std::string& database) const {
  std::string host;
  for (const char c : folder_.path()) {
    host += c == '/' ? std::string("%2F") : std::string(1, c);
  }
  return "postgresql://tally@" + host + "/" + database;
}

std::string PostgreSqlServer::new_database() {
  // The name of a database cannot be bound: each number is a literal of its own.
  static constexpr std::array<Sql, 24> kCreate{
      "CREATE DATABASE d0",  "CREATE DATABASE d1",  "CREATE DATABASE d2",  "CREATE DATABASE d3",
      "CREATE DATABASE d4",  "CREATE DATABASE d5",  "CREATE DATABASE d6",  "CREATE DATABASE d7",
      "CREATE DATABASE d8",  "CREATE DATABASE d9",  "CREATE DATABASE d10", "CREATE DATABASE d11",
      "CREATE DATABASE d12", "CREATE DATABASE d13", "CREATE DATABASE d14", "CREATE DATABASE d15",
      "CREATE DATABASE d16", "CREATE DATABASE d17", "CREATE DATABASE d18", "CREATE DATABASE d19",
      "CREATE DATABASE d20", "CREATE DATABASE d21", "CREATE DATABASE d22", "CREATE DATABASE d23"};
  auto database = Database::open(url("postgres"));
  const auto number = static_cast<std::size_t>(databases_++);
  if (!database || number >= kCreate.size() || !database->run_script(kCreate[number])) {
    std::abort();
  }
  return url("d" + std::to_string(number));
}

}  // namespace tally::store::testing
