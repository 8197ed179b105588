#include "kube/internal/time_text.hpp"

#include <gtest/gtest.h>

namespace tally::kube::internal {
namespace {

TEST(TimeText, AcceptsWhatGoAccepts) {
  for (const char* text :
       {"2026-01-31T12:00:00Z", "0000-01-01T00:00:00Z", "2024-02-29T23:59:59+23:59",
        "2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00,123456789-07:00", "2026-01-31T1:00:00Z"}) {
    EXPECT_EQ(time_problem(text, TimeLayout::Rfc3339), "") << text;
  }
  EXPECT_EQ(time_problem("2026-01-31T12:00:00.000000+02:00", TimeLayout::Rfc3339Micro), "");
}

TEST(TimeText, RefusesWithGosWords) {
  struct Row {
    const char* text;
    const char* wanted;  // behind `parsing time "..."`
  };
  const Row rows[] = {
      {"", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\""},
      {"26-01-31T12:00:00Z",
       " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"26-01-31T12:00:00Z\" as \"2006\""},
      {"2026/01-31T12:00:00Z",
       " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"/01-31T12:00:00Z\" as \"-\""},
      {"2026-01-31", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\""},
      {"2026-01-31t12:00:00Z",
       " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"t12:00:00Z\" as \"T\""},
      {"2026-01-31T12:00:00", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\""},
      {"2026-01-31T12:00:00z",
       " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"z\" as \"Z07:00\""},
      {"2026-01-31T12:00:00+0200",
       " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"+0200\" as \"Z07:00\""},
      {"2026-13-31T12:00:00Z", ": month out of range"},
      {"2026-02-29T12:00:00Z", ": day out of range"},
      {"2026-01-00T12:00:00Z", ": day out of range"},
      {"2026-01-31T24:00:00Z", ": hour out of range"},
      {"2026-01-31T12:60:00Z", ": minute out of range"},
      {"2026-01-31T12:00:60Z", ": second out of range"},
      {"2026-01-31T12:00:00+25:00", ": time zone offset hour out of range"},
      {"2026-01-31T12:00:00Z ", ": extra text: \" \""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(time_problem(row.text, TimeLayout::Rfc3339),
              "parsing time \"" + std::string(row.text) + "\"" + row.wanted);
  }
  for (const char* text :
       {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00.12345Z", "2026-01-31T12:00:00.1234567Z"}) {
    EXPECT_NE(time_problem(text, TimeLayout::Rfc3339Micro), "") << text;
  }
}

}  // namespace
}  // namespace tally::kube::internal
