// The program against the plain reading of the pattern, over every pattern and resource of a small
// alphabet, and over random ones.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "pattern/pattern.hpp"
#include "pattern/reference/plain_match.hpp"

namespace tally::pattern {
namespace {

using document::Node;

struct Agreement {
  Arena arena;
  std::size_t compared = 0;
  std::array<std::size_t, 4> verdicts{};

  Node read(const std::string& text) {
    const auto source = document::Source::from_text("agreement", text);
    const auto node = document::read_one(*source, arena);
    EXPECT_TRUE(node) << text;
    return document::deep_copy(arena, *node);
  }

  void compare(const Node& pattern, const Pattern& compiled, const Node& resource) {
    Arena scratch;
    const Outcome outcome = compiled.match(resource, scratch);
    const reference::Plain plain = reference::PlainReader().read(pattern, resource);
    ++compared;
    ++verdicts[static_cast<std::size_t>(outcome.verdict)];
    if (outcome.verdict != plain.verdict || outcome.path != plain.path) {
      std::string text;
      document::append_json(text, pattern);
      text += "  over  ";
      document::append_json(text, resource);
      ADD_FAILURE() << text << "\nprogram " << static_cast<int>(outcome.verdict) << " "
                    << outcome.path << "\nplain   " << static_cast<int>(plain.verdict) << " "
                    << plain.path;
    }
  }
};

// Maps of up to two keys over these values.
std::vector<std::string> maps(const std::vector<std::string>& keys,
                              const std::vector<std::string>& values) {
  std::vector<std::string> out{"{}"};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (const std::string& value : values) {
      out.push_back("{\"" + keys[i] + "\":" + value + "}");
      for (std::size_t j = i + 1; j < keys.size(); ++j) {
        for (const std::string& other : values) {
          out.push_back("{\"" + keys[i] + "\":" + value + ",\"" + keys[j] + "\":" + other + "}");
        }
      }
    }
  }
  return out;
}

void compare_all(const std::vector<std::string>& patterns,
                 const std::vector<std::string>& resources) {
  Agreement agreement;
  std::vector<Node> nodes;
  nodes.reserve(resources.size());
  for (const std::string& text : resources) {
    nodes.push_back(agreement.read(text));
  }
  for (const std::string& text : patterns) {
    const Node pattern = agreement.read(text);
    const auto compiled = Pattern::compile(pattern);
    ASSERT_TRUE(compiled) << text;
    for (const Node& resource : nodes) {
      agreement.compare(pattern, *compiled, resource);
      if (testing::Test::HasFailure()) {
        return;
      }
    }
  }
  for (const Verdict verdict : {Verdict::Pass, Verdict::Fail, Verdict::Skip}) {
    EXPECT_GT(agreement.verdicts[static_cast<std::size_t>(verdict)], 0U);
  }
}

TEST(PatternAgreement, EveryAnchorOverSmallMaps) {
  compare_all(maps({"a", "(a)", "=(a)", "X(a)", "^(a)", "<(a)", "+(a)", "b", "(b)", "=(b)", "X(b)"},
                   {"1", "\"*\"", "{\"(a)\":1}", "[{\"(a)\":1,\"b\":1}]", "[1]"}),
              maps({"a", "b"}, {"1", "2", "null", "{\"a\":1}", "[{\"a\":1,\"b\":1},{\"a\":2}]"}));
}

TEST(PatternAgreement, ListsOfMapsWithNestedAnchors) {
  const auto inner = maps({"a", "(a)", "=(a)", "X(b)", "<(b)", "(b)"}, {"1", "{\"(a)\":1}"});
  std::vector<std::string> patterns;
  for (const std::string& map : inner) {
    for (const std::string key : {"l", "(l)", "=(l)", "^(l)", "<(l)"}) {
      std::string text("{\"");
      text.append(key).append("\":[").append(map).append("],\"m\":1}");
      patterns.push_back(text);
    }
  }
  std::vector<std::string> resources;
  const auto elements = maps({"a", "b"}, {"1", "{\"a\":1}"});
  for (const std::string& first : elements) {
    for (const std::string& second : elements) {
      std::string text("{\"m\":1,\"l\":[");
      text.append(first).append(",").append(second).append("]}");
      resources.push_back(text);
    }
  }
  resources.insert(resources.end(), {"{}", "{\"m\":2}", "{\"l\":[]}", "{\"l\":{},\"m\":1}"});
  compare_all(patterns, resources);
}

TEST(PatternAgreement, LabelsWithWildcards) {
  std::vector<std::string> patterns;
  for (const std::string& labels :
       maps({"a*", "(a?)", "=(*b)", "X(b*)", "<(?)", "ab", "c"}, {"\"1\"", "\"*\"", "1"})) {
    for (const std::string tag : {"labels", "=(annotations)", "(labels)"}) {
      std::string text("{\"metadata\":{\"");
      text.append(tag).append("\":").append(labels).append("},\"x\":1}");
      patterns.push_back(text);
    }
  }
  std::vector<std::string> resources;
  for (const std::string& labels : maps({"ab", "a", "b", "c"}, {"\"1\"", "1"})) {
    std::string text("{\"x\":1,\"metadata\":{\"labels\":");
    text.append(labels).append(",\"annotations\":").append(labels).append("}}");
    resources.push_back(text);
  }
  resources.insert(resources.end(), {"{\"metadata\":null}", "{\"metadata\":{\"labels\":[]}}"});
  compare_all(patterns, resources);
}

std::string random_value(std::mt19937& random, int depth, bool is_pattern) {
  const auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const unsigned kind = depth == 0 ? 0 : roll(4);
  if (kind < 2) {
    static const std::vector<std::string> kLeaves = {"1",       "\"a\"",  "null",   "true",
                                                     "\"1Gi\"", "[]",     "{}",     "\"*\"",
                                                     "\"!a\"",  "\">0\"", "\"a|b\""};
    return kLeaves[roll(is_pattern ? 11 : 7)];
  }
  std::string out(kind == 2 ? "{" : "[");
  const unsigned count = roll(4);
  for (unsigned i = 0; i < count; ++i) {
    out += i > 0 ? "," : "";
    if (kind == 2) {
      static const std::vector<std::string> kKeys = {"a", "b", "metadata", "labels"};
      static const std::vector<std::string> kBefore = {"", "", "(", "=(", "X(", "^(", "<(", "+("};
      const std::string before = is_pattern ? kBefore[roll(8)] : "";
      out += "\"" + before + kKeys[i] + (before.empty() ? "" : ")") + "\":";
    }
    out += random_value(random, depth - 1, is_pattern);
  }
  return out + (kind == 2 ? "}" : "]");
}

TEST(PatternAgreement, RandomTrees) {
  std::mt19937 random(7);
  Agreement agreement;
  for (int i = 0; i < 3000 && !HasFailure(); ++i) {
    const Node pattern = agreement.read("{\"a\":" + random_value(random, 4, true) + "}");
    const auto compiled = Pattern::compile(pattern);
    ASSERT_TRUE(compiled);
    for (int j = 0; j < 8; ++j) {
      agreement.compare(pattern, *compiled,
                        agreement.read("{\"a\":" + random_value(random, 4, false) + "}"));
    }
  }
}

}  // namespace
}  // namespace tally::pattern
