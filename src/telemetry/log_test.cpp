#include "telemetry/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <concepts>
#include <thread>
#include <vector>

#include "base/arena.hpp"
#include "base/text.hpp"
#include "document/read.hpp"

namespace tally::telemetry {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kTime = 1'795'000'000 * kSecond + 123'456'789;

// What must not compile.
template <class T>
concept Loggable = std::constructible_from<LogField, std::string_view, T>;
static_assert(Loggable<const char*> && Loggable<std::string> && Loggable<int> && Loggable<bool>);
static_assert(!Loggable<crypto::SecretBytes> && !Loggable<const crypto::SecretBytes&>);
static_assert(!Loggable<const void*> && !Loggable<const crypto::SecretBytes*>);

// A pipe that is read without waiting.
struct Pipe {
  std::array<int, 2> ends{};
  Pipe() {
    EXPECT_EQ(::pipe(ends.data()), 0);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  [[nodiscard]] std::string take() const {
    std::string out;
    std::array<char, 65'536> bytes{};
    for (ssize_t count = 0; (count = ::read(ends[0], bytes.data(), bytes.size())) > 0;) {
      out.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return out;
  }
};

struct Fixture {
  Pipe pipe;
  std::int64_t now = kTime;
  LogOptions options{.descriptor = pipe.ends[1], .clock = [this] { return now; }};
};

std::string one_line(const LogOptions& options, const Pipe& pipe, std::string_view message,
                     std::vector<LogField> fields = {}, std::string_view request_id = {}) {
  Log log(options);
  log.write(LogLevel::Info, message, fields, request_id);
  return pipe.take();
}

// The line without its newline, read as JSON by the project's own reader; the texts of members.
std::string member_of(std::string_view line, std::string_view name) {
  EXPECT_TRUE(line.ends_with('\n'));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_FALSE(find_invalid_utf8(line));
  const auto source = document::Source::from_text("line", line);
  Arena arena;
  const auto root = document::read_one(*source, arena);
  if (!root || line.front() != '{') {
    ADD_FAILURE() << line;
    return "";
  }
  const document::Node* member = root->find(name);
  return member == nullptr ? "-" : std::string(member->text());
}

TEST(Log, Json) {
  const Fixture fixture;
  EXPECT_EQ(one_line(fixture.options, fixture.pipe, "policy loaded",
                     {{"policy", "require-team"},
                      {"rules", 3},
                      {"bytes", std::size_t{18'446'744'073'709'551'615U}},
                      {"delta", std::int64_t{-9'223'372'036'854'775'807 - 1}},
                      {"share", 0.25},
                      {"dry", true},
                      {"nan", std::nan("")}},
                     "r-1"),
            "{\"time\":\"2026-11-18T11:06:40.123456Z\",\"level\":\"info\","
            "\"message\":\"policy loaded\",\"request_id\":\"r-1\",\"policy\":\"require-team\","
            "\"rules\":3,\"bytes\":18446744073709551615,\"delta\":-9223372036854775808,"
            "\"share\":0.25,\"dry\":true,\"nan\":\"nan\"}\n");
}

TEST(Log, Text) {
  Fixture fixture;
  fixture.options.format = LogFormat::Text;
  EXPECT_EQ(
      one_line(fixture.options, fixture.pipe, "policy loaded",
               {{"policy", "a"}, {"path", "/a b"}, {"none", ""}, {"x", "a=b"}, {"n", -1.5}}, "r-1"),
      "2026-11-18T11:06:40.123456Z info    policy loaded request_id=r-1 policy=a "
      "path=\"/a b\" none=\"\" x=\"a=b\" n=-1.5\n");
  fixture.options.limits.line_bytes = 256;
  EXPECT_TRUE(one_line(fixture.options, fixture.pipe, "m",
                       {{"a", std::string(150, 'a')}, {"b", std::string(60, 'b')}, {"c", 1}})
                  .ends_with("bb…\" truncated=true\n"));
}

TEST(Log, HostileTexts) {
  struct Row {
    const char* name;
    std::string value;
    std::string raw;   // in the line
    std::string read;  // by a reader of JSON
  };
  const Row rows[] = {
      {"newline", "a\nb\r", R"("a\nb\r")", "a\nb\r"},
      {"a line of its own", "x\"}\n{\"level\":\"error\"", R"("x\"}\n{\"level\":\"error\"")",
       "x\"}\n{\"level\":\"error\""},
      {"NUL", std::string("a\0b", 3), R"("a\u0000b")", std::string("a\0b", 3)},
      {"escape sequence", "\x1B[2J", R"("\u001b[2J")", "\x1B[2J"},
      {"DEL", "a\x7F", R"("a\u007f")", "a\x7F"},
      {"CSI of C1", "\xC2\x9B[2J", R"("\u009b[2J")", "\xC2\x9B[2J"},
      {"right to left", "a\xE2\x80\xAE\x62", R"("a\u202eb")", "a\xE2\x80\xAE\x62"},
      {"isolate", "\xE2\x81\xA6", R"("\u2066")", "\xE2\x81\xA6"},
      {"line separator", "\xE2\x80\xA8", R"("\u2028")", "\xE2\x80\xA8"},
      {"no UTF-8", "a\xFF\xC3", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"ordinary UTF-8", "größe … 日本", "\"größe … 日本\"", "größe … 日本"},
  };
  for (const Row& row : rows) {
    Fixture fixture;
    const std::string json = one_line(fixture.options, fixture.pipe, "m", {{"value", row.value}});
    EXPECT_NE(json.find("\"value\":" + row.raw + "}"), std::string::npos) << row.name << json;
    EXPECT_EQ(member_of(json, "value"), row.read) << row.name;
    // As the message, the request, the name of a field; and in text.
    EXPECT_EQ(member_of(one_line(fixture.options, fixture.pipe, row.value), "message"), row.read);
    EXPECT_EQ(member_of(one_line(fixture.options, fixture.pipe, "m", {}, row.value), "request_id"),
              row.read);
    EXPECT_EQ(member_of(one_line(fixture.options, fixture.pipe, "m", {{row.value, "v"}}), row.read),
              "v")
        << row.name;
    fixture.options.format = LogFormat::Text;
    for (const std::string& text :
         {one_line(fixture.options, fixture.pipe, row.value),
          one_line(fixture.options, fixture.pipe, "m", {{"value", row.value}}),
          one_line(fixture.options, fixture.pipe, "m", {{row.value, 1}}, row.value)}) {
      EXPECT_NE(text.find(row.raw), std::string::npos) << row.name << text;
      EXPECT_EQ(text.find('\n'), text.size() - 1) << row.name;
    }
  }
}

TEST(Log, OwnNamesStandOnce) {
  const Fixture fixture;
  for (const char* name : {"time", "level", "message", "request_id", "truncated"}) {
    const std::string line = one_line(fixture.options, fixture.pipe, "m", {{name, "forged"}}, "r");
    EXPECT_EQ(member_of(line, std::string(name) + "_"), "forged") << line;
    EXPECT_NE(member_of(line, name), "forged");
  }
}

TEST(Log, Lengths) {
  Fixture fixture;
  fixture.options.limits = {.value_bytes = 10, .line_bytes = 300, .rate = 0};
  struct Row {
    const char* name;
    std::string value;
    std::string read;
  };
  const Row rows[] = {
      {"just fits", "0123456789", "0123456789"},
      {"too long", "0123456789a", "0123456789…"},
      {"cut at a character", "012345678ö", "012345678…"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(member_of(one_line(fixture.options, fixture.pipe, "m", {{"v", row.value}}), "v"),
              row.read)
        << row.name;
  }
  // However long, and however much longer by escapes: one whole line within its limit.
  fixture.options.limits.value_bytes = 100'000;
  for (const std::size_t line_bytes : {std::size_t{0}, std::size_t{256}, std::size_t{4096}}) {
    fixture.options.limits.line_bytes = line_bytes;
    for (const std::size_t size : {std::size_t{200}, std::size_t{60'000}}) {
      for (const char c : {'a', '\x01', '"', '\xFF'}) {
        const std::string text(size, c);
        const std::string line = one_line(fixture.options, fixture.pipe, text,
                                          {{"a", text}, {text, 1}, {"b", text}, {"c", 2}}, text);
        EXPECT_LE(line.size(), std::max(line_bytes, std::size_t{256}));
        EXPECT_NE(member_of(line, "time"), "-");
        EXPECT_EQ(line.find("\"truncated\":true") != std::string::npos,
                  member_of(line, "c") != std::string("2"));
      }
    }
  }
}

TEST(Log, Levels) {
  Fixture fixture;
  Log log(fixture.options);
  struct Row {
    LogLevel level;
    std::string expected;  // which of debug, info, warning, error are written
  };
  const Row rows[] = {{LogLevel::Debug, "diwe"},
                      {LogLevel::Info, "iwe"},
                      {LogLevel::Warning, "we"},
                      {LogLevel::Error, "e"}};
  for (const Row& row : rows) {
    log.set_level(row.level);
    log.debug("d");
    log.info("i");
    log.warning("w");
    log.error("e");
    std::string got;
    const std::string text = fixture.pipe.take();
    for (const char letter : {'d', 'i', 'w', 'e'}) {
      if (text.find(std::string("\"message\":\"") + letter) != std::string::npos) {
        got += letter;
      }
    }
    EXPECT_EQ(got, row.expected);
    EXPECT_EQ(parse_log_level(name_of(row.level)), row.level);
  }
  for (const char* text : {"", "INFO", "warn", "trace", "info "}) {
    EXPECT_FALSE(parse_log_level(text)) << text;
  }
}

TEST(Log, RatesAreOfOneMessage) {
  Fixture fixture;
  fixture.options.limits.rate = 2;
  fixture.options.format = LogFormat::Text;
  Log log(fixture.options);
  const auto lines = [&] {
    std::string out;
    std::string text = fixture.pipe.take();
    for (std::size_t at = 0; (at = text.find('Z')) != std::string::npos;) {
      text.erase(0, at + 2);
      out += text.substr(0, text.find('\n')) + "|";
    }
    return out;
  };
  for (int i = 0; i < 5; ++i) {
    log.warning("a");
  }
  log.info("b");
  EXPECT_EQ(lines(), "warning a|warning a|info    b|");
  fixture.now += kSecond;
  log.info("b");
  EXPECT_EQ(lines(), "warning suppressed of=a count=3|info    b|");
  // Back in time is another second too; what is left is said by flush().
  fixture.now -= 5 * kSecond;
  for (int i = 0; i < 3; ++i) {
    log.info("b");
  }
  EXPECT_EQ(lines(), "info    b|info    b|");
  log.flush();
  EXPECT_EQ(lines(), "info    suppressed of=b count=1|");
  log.flush();
  EXPECT_EQ(lines(), "");
}

TEST(Log, ManyMessagesShareWhatIsLeft) {
  Fixture fixture;
  fixture.options.limits.rate = 1;
  fixture.options.descriptor = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  {
    Log log(fixture.options);
    for (int i = 0; i < 2000; ++i) {
      log.info("message " + std::to_string(i));
    }
    ::dup2(fixture.pipe.ends[1], fixture.options.descriptor);
  }
  const std::string text = fixture.pipe.take();
  EXPECT_EQ(member_of(text, "of"), "other messages");
  EXPECT_NE(text.find("\"count\":1487}"), std::string::npos) << text;
  ::close(fixture.options.descriptor);
}

// Nobody reads: nothing waits, and what was lost is counted and said.
TEST(Log, FullPipe) {
  Fixture fixture;
  fixture.options.limits.rate = 0;
  Log log(fixture.options);
  const std::string value(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    log.info("m", {{"v", value}});
  }
  const std::uint64_t lost = log.lost();
  EXPECT_GT(lost, 0U);
  const std::string before = fixture.pipe.take();
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(before, '\n')), 1000 - lost);
  log.info("again");
  const std::string after = fixture.pipe.take();
  EXPECT_NE(after.find("\"message\":\"lines were lost\",\"count\":" + std::to_string(lost) + "}\n"),
            std::string::npos)
      << after;
  EXPECT_TRUE(after.ends_with("\"message\":\"again\"}\n"));
  EXPECT_EQ(log.lost(), lost);
}

TEST(Log, BrokenDescriptors) {
  Fixture fixture;
  ::close(fixture.pipe.ends[0]);  // the reader is gone: no SIGPIPE
  for (const LogPressure pressure : {LogPressure::Drop, LogPressure::Wait}) {
    fixture.options.pressure = pressure;
    Log log(fixture.options);
    log.info("m");
    EXPECT_EQ(log.lost(), 1U);
  }
  fixture.options.descriptor = -1;
  for (const LogPressure pressure : {LogPressure::Drop}) {
    fixture.options.pressure = pressure;
    Log log(fixture.options);
    log.info("m");
    EXPECT_EQ(log.lost(), 1U);
  }
  fixture.pipe.ends[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(Log, ManyThreads) {
  Fixture fixture;
  fixture.options.limits.rate = 50;
  std::atomic<std::int64_t> now = kTime;
  fixture.options.clock = [&now] { return now.fetch_add(kSecond / 100); };
  std::string text;
  {
    Log log(fixture.options);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&log, i] {
        for (int turn = 0; turn < 50; ++turn) {
          log.info("m", {{"thread", i}, {"turn", turn}});
          log.set_level(LogLevel::Info);
        }
      });
    }
  }
  text = fixture.pipe.take();
  EXPECT_EQ(std::ranges::count(text, '\n'), std::ranges::count(text, '{'));
  EXPECT_GE(std::ranges::count(text, '\n'), 100);
}

}  // namespace
}  // namespace tally::telemetry
