#include "cel/value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "cel/internal/text_size.hpp"
#include "cel/internal/timezone.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {
namespace {

const double kNaN = std::nan("");

TEST(Values, AreEqualAcrossNumberTypes) {
  struct Row {
    const char* name;
    Value a;
    Value b;
    bool equal;
  };
  const Row rows[] = {
      {"int and uint", Value::integer(1), Value::unsigned_integer(1), true},
      {"int and double", Value::integer(1), Value::real(1.0), true},
      {"zero and minus zero", Value::real(0.0), Value::real(-0.0), true},
      {"null", Value::null(), Value::null(), true},
      {"strings", Value::string("a"), Value::string("a"), true},
      {"times", Value::timestamp(1, 2), Value::timestamp(1, 2), true},
      {"negative int and uint", Value::integer(-1), Value::unsigned_integer(UINT64_MAX), false},
      {"fraction", Value::integer(1), Value::real(1.5), false},
      {"NaN", Value::real(kNaN), Value::real(kNaN), false},
      {"string and bytes", Value::string("a"), Value::bytes("a"), false},
      {"bool and int", Value::boolean(true), Value::integer(1), false},
      {"null and false", Value::null(), Value::boolean(false), false},
      {"times apart by a nanosecond", Value::timestamp(1, 2), Value::timestamp(1, 3), false},
  };
  Arena arena;
  for (const Row& row : rows) {
    EXPECT_EQ(equal(arena, row.a, row.b), row.equal) << row.name;
    EXPECT_EQ(equal(arena, row.b, row.a), row.equal) << row.name;
    if (row.equal) {
      EXPECT_EQ(hash(arena, row.a), hash(arena, row.b)) << row.name;
    }
  }
}

TEST(Values, HaveAnOrder) {
  struct Row {
    Value a;
    Value b;
    bool ordered;
    int order;
  };
  const Row rows[] = {
      {Value::integer(-1), Value::unsigned_integer(0), true, -1},
      {Value::integer(2), Value::real(1.5), true, 1},
      {Value::unsigned_integer(UINT64_MAX), Value::integer(INT64_MAX), true, 1},
      {Value::string("a"), Value::string("b"), true, -1},
      {Value::string("\xEF\xBF\xBD"), Value::string("\xF0\x9F\x98\x80"), true, -1},
      {Value::boolean(false), Value::boolean(true), true, -1},
      {Value::real(kNaN), Value::integer(1), true, 2},
      {Value::string("1"), Value::integer(1), false, 0},
      {Value::null(), Value::null(), false, 0},
      {Value::duration(1), Value::timestamp(1, 0), false, 0},
  };
  for (const Row& row : rows) {
    int order = 0;
    EXPECT_EQ(compare(row.a, row.b, order), row.ordered);
    if (row.ordered) {
      EXPECT_EQ(order, row.order);
    }
  }
}

TEST(Maps, FindKeysAcrossNumberTypesAndRefuseRepeatedOnes) {
  Arena arena;
  for (const std::size_t size : {std::size_t{3}, std::size_t{100}}) {
    MapBuilder builder(arena, size);
    for (std::size_t i = 0; i < size; ++i) {
      builder.add(Value::integer(static_cast<std::int64_t>(i)), Value::boolean(true));
    }
    const Value map = builder.finish();
    ASSERT_TRUE(map.is(ValueKind::Map));
    Value out;
    EXPECT_TRUE(map_find(arena, map, Value::unsigned_integer(2), out));
    EXPECT_TRUE(map_find(arena, map, Value::real(2.0), out));
    EXPECT_FALSE(map_find(arena, map, Value::real(2.5), out));
    EXPECT_FALSE(map_find(arena, map, Value::string("2"), out));
    EXPECT_FALSE(map_find(arena, map, Value::integer(-1), out));

    MapBuilder repeated(arena, size + 1);
    for (std::size_t i = 0; i < size; ++i) {
      repeated.add(Value::integer(static_cast<std::int64_t>(i)), Value::null());
    }
    repeated.add(Value::unsigned_integer(0), Value::null());
    EXPECT_TRUE(repeated.finish().is_error());
  }
  MapBuilder wrong(arena, 1);
  wrong.add(Value::real(1), Value::null());
  EXPECT_TRUE(wrong.finish().is_error());
}

TEST(Durations, AreParsedAsGoDoes) {
  struct Row {
    std::string_view text;
    std::optional<std::int64_t> nanoseconds;
  };
  const Row rows[] = {
      {"0", 0},
      {"1h30m", 5'400'000'000'000},
      {"-1.5s", -1'500'000'000},
      {"+5us", 5000},
      {".5s", 500'000'000},
      {"1h1h", 7'200'000'000'000},
      {"9223372036854775807ns", INT64_MAX},
      {"-9223372036854775808ns", INT64_MIN},
      {"", std::nullopt},
      {"1", std::nullopt},
      {"s", std::nullopt},
      {".s", std::nullopt},
      {"1d", std::nullopt},
      {"1 s", std::nullopt},
      {"--1s", std::nullopt},
      {"9223372036854775808ns", std::nullopt},
      {"99999999999h", std::nullopt},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(scalar::parse_duration(row.text), row.nanoseconds) << row.text;
  }
}

TEST(Timestamps, AreParsedStrictly) {
  struct Row {
    std::string_view text;
    std::optional<std::string_view> printed;
  };
  const Row rows[] = {
      {"2009-02-13T23:31:30Z", "2009-02-13T23:31:30Z"},
      {"2009-02-14T01:31:30.500+02:00", "2009-02-13T23:31:30.5Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"},
      {"2024-02-29t00:00:00z", "2024-02-29T00:00:00Z"},
      {"2023-02-29T00:00:00Z", std::nullopt},
      {"2009-02-13 23:31:30Z", std::nullopt},
      {"2009-02-13T24:00:00Z", std::nullopt},
      {"2009-02-13T23:31:30", std::nullopt},
      {"2009-02-13T23:31:30.Z", std::nullopt},
      {"0000-12-31T23:59:59Z", std::nullopt},
      {"9999-12-31T23:59:59-01:00", std::nullopt},
      {"2009-2-13T23:31:30Z", std::nullopt},
  };
  for (const Row& row : rows) {
    const auto parsed = scalar::parse_timestamp(row.text);
    ASSERT_EQ(parsed.has_value(), row.printed.has_value()) << row.text;
    if (parsed && row.printed) {
      EXPECT_EQ(scalar::timestamp_text(*parsed).text(), *row.printed);
    }
  }
}

TEST(Zones, HaveOffsets) {
  struct Row {
    std::string_view zone;
    std::int64_t seconds;
    std::optional<std::int64_t> offset;
  };
  const Row rows[] = {
      {"UTC", 0, 0},
      {"", 0, 0},
      {"+02:00", 0, 7200},
      {"-02:30", 0, -9000},
      {"02:00", 0, 7200},
      {"Europe/Berlin", 1'700'000'000, 3600},  // 2023-11-14
      {"Europe/Berlin", 1'690'000'000, 7200},  // 2023-07-22
      {"Europe/Berlin", 3'277'000'000, 3600},  // 2073-11-04, beyond the table: the footer
      {"Europe/Berlin", 3'267'000'000, 7200},  // 2073-07-12
      {"US/Central", 1'234'567'890, -21600},
      {"Australia/Sydney", 3'282'000'000, 39600},  // summer in January
      {"Asia/Kolkata", 1'700'000'000, 19800},
      {"Europe/Nowhere", 0, std::nullopt},
      {"europe/berlin", 0, std::nullopt},
      {"+24:00", 0, std::nullopt},
      {"+02:60", 0, std::nullopt},
      {"+02:0x", 0, std::nullopt},
      {"../etc/passwd", 0, std::nullopt},
  };
  Arena arena;
  for (const Row& row : rows) {
    std::int64_t offset = 0;
    const Value failed = zone_offset(arena, row.zone, row.seconds, offset);
    EXPECT_EQ(failed.is_error(), !row.offset.has_value()) << row.zone;
    if (row.offset) {
      EXPECT_EQ(offset, *row.offset) << row.zone << " " << row.seconds;
    }
  }
}

TEST(Doubles, ArePrintedAsGoDoes) {
  struct Row {
    double d;
    std::string_view text;
  };
  const Row rows[] = {{0.5, "0.5"},        {1, "1"},         {-4.5e-3, "-0.0045"},
                      {123456, "123456"},  {1e6, "1e+06"},   {1234567, "1.234567e+06"},
                      {1e-5, "1e-05"},     {kNaN, "NaN"},    {HUGE_VAL, "+Inf"},
                      {-HUGE_VAL, "-Inf"}, {1e300, "1e+300"}};
  Arena arena;
  for (const Row& row : rows) {
    EXPECT_EQ(double_text(arena, row.d), row.text);
  }
}

}  // namespace
}  // namespace tally::cel
