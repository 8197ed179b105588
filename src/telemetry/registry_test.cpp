#include "telemetry/registry.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <thread>

#include "telemetry/testing/exposition_reader.hpp"

namespace tally::telemetry {
namespace {

using testing::Exposed;
using testing::ExpositionReader;
using SampleTexts = std::map<std::string, std::string>;

std::map<std::string, Exposed> read_back(const Registry& registry) {
  ExpositionReader reader;
  const std::string text = registry.expose();
  const auto families = reader.read(text);
  EXPECT_TRUE(families) << reader.broken() << "\n" << text;
  return families.value_or(std::map<std::string, Exposed>());
}

TEST(Registry, WritesTheFormat) {
  Registry registry;
  constexpr double kBounds[] = {0.005, 1};
  registry.histogram({"tally_seconds", "Time.", {"verdict"}}, kBounds).with({"deny"}).observe(0.5);
  registry.gauge({"tally_age_seconds", "Age."}).get().set(1.5);
  registry.counter({"tally_total", "All.", {"kind", "verdict"}}).with({"Pod", "allow"}).add(3);
  registry.counter({"tally_total", "All.", {"kind", "verdict"}}).with({"Job", "deny"}).add();
  EXPECT_EQ(registry.expose(),
            "# HELP tally_age_seconds Age.\n"
            "# TYPE tally_age_seconds gauge\n"
            "tally_age_seconds 1.5\n"
            "# HELP tally_seconds Time.\n"
            "# TYPE tally_seconds histogram\n"
            "tally_seconds_bucket{verdict=\"deny\",le=\"0.005\"} 0\n"
            "tally_seconds_bucket{verdict=\"deny\",le=\"1\"} 1\n"
            "tally_seconds_bucket{verdict=\"deny\",le=\"+Inf\"} 1\n"
            "tally_seconds_sum{verdict=\"deny\"} 0.5\n"
            "tally_seconds_count{verdict=\"deny\"} 1\n"
            "# HELP tally_total All.\n"
            "# TYPE tally_total counter\n"
            "tally_total{kind=\"Job\",verdict=\"deny\"} 1\n"
            "tally_total{kind=\"Pod\",verdict=\"allow\"} 3\n");
}

TEST(Registry, HostileTextsReadBack) {
  struct Row {
    const char* name;
    std::string value;
    std::string read;
  };
  const Row rows[] = {
      {"plain", "a b", "a b"},
      {"quote", "a\"b", "a\"b"},
      {"backslash", "a\\nb\\", "a\\nb\\"},
      {"line feed", "a\nb", "a\nb"},
      {"a whole line", "x\"} 1\ntally_total 99\n# HELP x", "x\"} 1\ntally_total 99\n# HELP x"},
      {"empty", "", ""},
      {"no UTF-8", "a\xFF\xC3", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"UTF-8", "größe", "größe"},
      {"too long", std::string(300, 'a'), std::string(256, 'a')},
      {"cut at a character", std::string(255, 'a') + "ö", std::string(255, 'a')},
  };
  for (const Row& row : rows) {
    Registry registry;
    registry.counter({"tally_total", "Help with \\ and \n.", {"policy"}}).with({row.value}).add(7);
    const auto families = read_back(registry);
    EXPECT_EQ(families.at("tally_total").help, "Help with \\ and \n.") << row.name;
    EXPECT_EQ(families.at("tally_total").samples,
              (SampleTexts{{"tally_total{policy=" + row.read + "}", "7"}}))
        << row.name;
  }
}

TEST(Registry, Numbers) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Row {
    double value;
    const char* text;
  };
  const Row rows[] = {{0, "0"},
                      {-1.5, "-1.5"},
                      {1e300, "1e+300"},
                      {0.1, "0.1"},
                      {kInfinity, "+Inf"},
                      {-kInfinity, "-Inf"},
                      {std::nan(""), "NaN"}};
  for (const Row& row : rows) {
    Registry registry;
    registry.gauge({"g", "G."}).get().set(row.value);
    EXPECT_EQ(read_back(registry).at("g").samples.at("g"), row.text);
  }
}

TEST(Registry, HistogramsAreCumulative) {
  Registry registry;
  auto& histogram = registry.histogram({"h", "H."}).get();
  for (int i = 0; i < 100; ++i) {
    histogram.observe(i * 0.001);
  }
  histogram.observe(1000);
  const auto samples = read_back(registry).at("h").samples;
  EXPECT_EQ(samples.at("h_bucket{le=5e-05}"), "1");
  EXPECT_EQ(samples.at("h_bucket{le=0.05}"), "51");
  EXPECT_EQ(samples.at("h_bucket{le=10}"), "100");
  EXPECT_EQ(samples.at("h_bucket{le=+Inf}"), "101");
  EXPECT_EQ(samples.at("h_count"), "101");
  EXPECT_EQ(samples.size(), std::size(kLatencyBuckets) + 3);
}

TEST(Registry, SeriesAreBounded) {
  Registry registry({.series = 3, .label_bytes = 8});
  auto& family = registry.counter({"c", "C.", {"a", "b"}});
  for (int i = 0; i < 10; ++i) {
    family.with({std::to_string(i), "x"}).add();
  }
  family.with({"1", "x"}).add();
  EXPECT_EQ(&family.with({"7", "x"}), &family.with({"8", "x"}));
  EXPECT_NE(&family.with({"1", "x"}), &family.with({"2", "x"}));
  EXPECT_EQ(read_back(registry).at("c").samples, (SampleTexts{{"c{a=0,b=x}", "1"},
                                                              {"c{a=1,b=x}", "2"},
                                                              {"c{a=2,b=x}", "1"},
                                                              {"c{a=other,b=other}", "7"}}));
  // Values that are one after they were cut are one series.
  Registry cut({.series = 3, .label_bytes = 4});
  auto& names = cut.gauge({"g", "G.", {"n"}});
  EXPECT_EQ(&names.with({"aaaab"}), &names.with({"aaaac"}));
  // A label that is called so from the start is that series, beside which the others count.
  Registry own({.series = 1});
  auto& other = own.gauge({"g", "G.", {"n"}});
  other.with({"other"}).set(1);
  other.with({"a"}).set(2);
  other.with({"b"}).set(3);
  EXPECT_EQ(read_back(own).at("g").samples, (SampleTexts{{"g{n=a}", "2"}, {"g{n=other}", "3"}}));
}

TEST(Registry, SampledMetrics) {
  Registry registry({.series = 2});
  registry.sampled(SampledType::Gauge, {"queue_length", "Lengths.", {"queue"}},
                   [](Samples& samples) {
                     samples.add({"b"}, 2);
                     samples.add({"a"}, 1);
                     samples.add({"a"}, 10);
                     samples.add({"c"}, 3);
                     samples.add({"d"}, 4);
                   });
  registry.sampled(SampledType::Counter, {"nothing_total", "None."}, [](Samples&) {});
  const auto families = read_back(registry);
  EXPECT_EQ(families.at("queue_length").samples, (SampleTexts{{"queue_length{queue=a}", "11"},
                                                              {"queue_length{queue=b}", "2"},
                                                              {"queue_length{queue=other}", "7"}}));
  EXPECT_EQ(families.at("nothing_total").samples, SampleTexts());
  EXPECT_EQ(families.at("nothing_total").type, "counter");
}

TEST(RegistryDeathTest, OurOwnBugs) {
  struct Row {
    const char* name;
    std::function<void(Registry&)> bug;
  };
  const Row rows[] = {
      {"name", [](Registry& r) { r.counter({"a b", ""}); }},
      {"empty name", [](Registry& r) { r.counter({"", ""}); }},
      {"digit", [](Registry& r) { r.counter({"1a", ""}); }},
      {"label", [](Registry& r) { r.counter({"a", "", {"x:y"}}); }},
      {"reserved label", [](Registry& r) { r.counter({"a", "", {"__x"}}); }},
      {"label twice", [](Registry& r) { r.counter({"a", "", {"x", "x"}}); }},
      {"le", [](Registry& r) { r.histogram({"a", "", {"le"}}); }},
      {"another type",
       [](Registry& r) {
         r.counter({"a", ""});
         r.gauge({"a", ""});
       }},
      {"values", [](Registry& r) { r.counter({"a", "", {"x"}}).get(); }},
  };
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const Row& row : rows) {
    EXPECT_DEATH(
        {
          Registry registry;
          row.bug(registry);
        },
        "")
        << row.name;
  }
}

TEST(Registry, ManyThreads) {
  Registry registry({.series = 10});
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&registry, i] {
      for (int turn = 0; turn < 300; ++turn) {
        const std::string value = std::to_string((turn * 7 + i) % 20);
        registry.counter({"c", "C.", {"v"}}).with({value}).add();
        registry.histogram({"h", "H.", {"v"}}).with({value}).observe(turn);
        if (turn % 50 == 0) {
          EXPECT_TRUE(ExpositionReader().read(registry.expose()));
        }
      }
    });
  }
  threads.clear();
  std::uint64_t sum = 0;
  const auto families = read_back(registry);
  for (const auto& [name, value] : families.at("c").samples) {
    sum += std::stoull(value);
  }
  EXPECT_EQ(sum, 4U * 300U);
}

// The reader of these tests refuses what the format refuses.
TEST(ExpositionReaderTest, Refuses) {
  const char* const kHead = "# HELP a A.\n# TYPE a gauge\n";
  EXPECT_TRUE(ExpositionReader().read(std::string(kHead) + "a{b=\"c\"} 1\n"));
  for (const char* line :
       {"a 1", "a\n", "a{b=\"c\" 1\n", "a{b=\"c} 1\n", "a{b=\"\\x\"} 1\n", "a x\n", "b 1\n",
        "a 1\na 2\n", "# HELP a A.\n", "a_bucket 1\n", "a 1\n# TYPE a gauge\n", "a{b=\"c\"}1\n"}) {
    EXPECT_FALSE(ExpositionReader().read(std::string(kHead) + line)) << line;
  }
}

}  // namespace
}  // namespace tally::telemetry
