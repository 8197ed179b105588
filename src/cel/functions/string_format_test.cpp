#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(StringFormatTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel("%.3f %e".format([1234.5678, 0.0]))cel", R"cel("1,234.568 0.000000×10⁰⁰")cel", 1},
      {R"cel("%.2f".format([-1234567.891]))cel", R"cel("-1,234,567.89")cel", 1},
      {R"cel("%b".format([true]))cel", R"cel("1")cel", 1},
  });
  expect_values("kubernetes", kCases);
}

TEST(StringFormatTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel("%s".format([1e6]))cel", R"cel("1000000")cel"},
      {R"cel("%d %d".format([1,2u]))cel", R"cel("1 2")cel"},
      {R"cel("%d".format([1.5]))cel", R"cel("1.5")cel"},
      {R"cel("%f %e".format([1, 2u]))cel", R"cel("1.000000 2.000000e+00")cel"},
      {R"cel("%.0e".format([12345.678]))cel", R"cel("1e+04")cel"},
      {R"cel("%.1f".format([0.05]))cel", R"cel("0.1")cel"},
      {R"cel("%x".format([-30]))cel", R"cel("-1e")cel"},
      {R"cel("%X".format(["hi"]))cel", R"cel("6869")cel"},
      {R"cel("%x".format([b"\xab"]))cel", R"cel("ab")cel"},
      {R"cel("%o".format([-8]))cel", R"cel("-10")cel"},
      {R"cel("%b".format([-5]))cel", R"cel("-101")cel"},
      {R"cel("%s".format([{1:2,"a":[b"x",null,1.0]}]))cel", R"cel("{1: 2, a: [x, null, 1]}")cel"},
      {R"cel("%s".format([timestamp("2023-02-03T23:31:20+00:00")]))cel",
       R"cel("2023-02-03T23:31:20Z")cel"},
      {R"cel("%s".format([duration("1.5s")]))cel", R"cel("1.5s")cel"},
      {R"cel("%s %%".format([dyn(1)]))cel", R"cel("1 %")cel"},
      {R"cel("%s".format([]))cel", "!index 0 out of range"},
      {R"cel("%z".format([1]))cel",
       R"cel(!could not parse formatting clause: unrecognized formatting clause "z")cel"},
      {R"cel("%".format([1]))cel", "!unexpected end of string"},
      {R"cel("%.f".format([1.0]))cel",
       R"cel(!could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax)cel"},
      {R"cel("%.3".format([1.0]))cel",
       "!could not parse formatting clause: error while parsing precision: could not find end of "
       "precision specifier"},
      {R"cel("%.1000f".format([1.0]))cel",
       "!could not parse formatting clause: error while parsing precision: precision 1000 exceeds "
       "maximum allowed precision 100"},
      {R"cel("%b".format([1.5]))cel",
       "!error during formatting: only ints, uints, and bools can be formatted as binary, was "
       "given double"},
      {R"cel("%o".format([1.5]))cel",
       "!error during formatting: octal clause can only be used on ints and uints, was given "
       "double"},
      {R"cel("%x".format([1.5]))cel",
       "!error during formatting: only ints, uints, bytes, and strings can be formatted as hex, "
       "was given double"},
      {R"cel("%f".format(["NaN"]))cel",
       "!error during formatting: fixed-point clause can only be used on ints, uints, and doubles, "
       "was given string"},
      {R"cel("%e".format([true]))cel",
       "!error during formatting: scientific clause can only be used on ints, uints, and doubles, "
       "was given bool"},
      {R"cel("%s".format([ip("1.2.3.4")]))cel",
       "!error during formatting: string clause can only be used on strings, bools, bytes, ints, "
       "doubles, maps, lists, types, durations, and timestamps, was given net.IP"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
