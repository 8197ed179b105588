#pragma once
// Which type Kyverno gives to the numbers of a value; its verdicts depend on it in corner cases
// ("5.0" is a float64 5, but no int64 5; 1000000 as text is "1000000" or "1e+06").

#include <cstdint>

namespace tally::pattern {

enum class NumberReading : std::uint8_t {
  AsWritten,  // int64 unless the text has a point or an exponent: resources, `pattern`
  AsDoubles,  // float64: `anyPattern`, and a condition's key or value that is one literal number
};

}  // namespace tally::pattern
