// Texts of sets of traffic as network-config-analyzer prints them.
#include <algorithm>

#include "reachability/query/traffic.hpp"

namespace tally::reachability::query {
namespace {

constexpr std::array<std::string_view, kDimensions> kNames{
    "protocols", "src_ports", "dst_ports", "methods", "hosts", "paths", "icmp_type"};

std::string intervals_text(const NumberSet& numbers) {
  std::string text;
  for (const auto& [first, last] : numbers.intervals()) {
    text.append(text.empty() ? "" : ",").append(std::to_string(first));
    if (first != last) {
      text.append("-").append(std::to_string(last));
    }
  }
  return text;
}

// Names in the order in which the tool knows them, then numbers.
std::string protocols_text(const NumberSet& numbers) {
  constexpr std::pair<std::uint16_t, std::string_view> kNamed[] = {
      {6, "TCP"}, {17, "UDP"}, {132, "SCTP"}, {1, "ICMP"}, {58, "ICMPv6"}};
  std::string text;
  const auto add = [&text](std::string_view name) {
    text.append(text.empty() ? "" : ", ").append(name);
  };
  for (const auto& [number, name] : kNamed) {
    if (numbers.contains(number)) {
      add(name);
    }
  }
  for (const auto& [first, last] : numbers.intervals()) {
    for (std::uint32_t number = first; number <= last; ++number) {
      if (std::ranges::find(kNamed, number, [](const auto& one) { return one.first; }) ==
          std::end(kNamed)) {
        add(std::to_string(number));
      }
    }
  }
  return text;
}

std::string methods_text(const NumberSet& numbers) {
  std::vector<std::string_view> names;
  std::vector<std::string_view> others;
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    (numbers.contains(static_cast<std::uint16_t>(i)) ? names : others).push_back(kMethods[i]);
  }
  // nca/CoreDS/MethodSet.py: the shorter of the two.
  const bool is_all_but = names.size() > others.size();
  std::string text;
  for (const std::string_view name : is_all_but ? others : names) {
    text.append(text.empty() ? "" : ", ").append(name);
  }
  return is_all_but ? "all but " + text : text;
}

std::string icmp_text(const NumberSet& numbers) {
  std::string text;
  for (const auto& [first, last] : numbers.intervals()) {
    text.append(text.empty() ? "" : ",").append(std::to_string(first >> 8U));
    if (first == last) {
      text.append("/").append(std::to_string(first & 0xFFU));
    } else if (first >> 8U != last >> 8U) {
      text.append("-").append(std::to_string(last >> 8U));
    }
  }
  return text;
}

using Fields = std::vector<std::pair<std::string_view, std::string>>;

Fields fields_of(const TrafficPool::Cube& cube) {
  Fields fields;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    if (cube.texts[i] != nullptr) {
      fields.emplace_back(kNames[i], cube.texts[i]->text());
    } else if (const NumberSet* numbers = cube.numbers[i]; numbers != nullptr) {
      const auto dimension = static_cast<Dimension>(i);
      fields.emplace_back(kNames[i], dimension == Dimension::Protocol ? protocols_text(*numbers)
                                     : dimension == Dimension::Method ? methods_text(*numbers)
                                     : dimension == Dimension::Icmp   ? icmp_text(*numbers)
                                                                      : intervals_text(*numbers));
    }
  }
  return fields;
}

std::string braced(const TrafficPool::Cube& cube) {
  std::string text;
  for (const auto& [name, value] : fields_of(cube)) {
    text.append(text.empty() ? "" : ",").append(name).append(":").append(value);
  }
  return "{" + text + "}";
}

}  // namespace

std::string to_nca_text(TrafficPool& pool, PooledId id, PooledId relevant) {
  if (id == kNone) {
    return "No connections";
  }
  if (id == kAll || id == relevant) {
    return "All connections";
  }
  // Within the relevant protocols their name is left out.
  const auto strip = [&](PooledId set) {
    std::vector<TrafficPool::Cube> cubes = pool.cubes(set);
    if (relevant != kAll) {
      const std::vector<TrafficPool::Cube> whole = pool.cubes(relevant);
      for (TrafficPool::Cube& cube : cubes) {
        const NumberSet*& protocols = cube.numbers[0];
        if (protocols != nullptr && whole.front().numbers[0] != nullptr &&
            *protocols == *whole.front().numbers[0]) {
          protocols = nullptr;
        }
      }
    }
    return cubes;
  };
  const std::vector<TrafficPool::Cube> cubes = strip(id);
  const std::vector<TrafficPool::Cube> rest = strip(pool.minus(relevant, id));
  // The shorter of the two: by cubes, then by protocols that are to be named.
  const auto named = [](const std::vector<TrafficPool::Cube>& all) {
    std::size_t count = 0;
    for (const TrafficPool::Cube& cube : all) {
      for (const auto& [first, last] :
           cube.numbers[0] == nullptr ? NumberSet().intervals() : cube.numbers[0]->intervals()) {
        count += last - first + 1U;
      }
    }
    return count;
  };
  const bool is_all_but =
      cubes.size() != rest.size() ? cubes.size() > rest.size() : named(cubes) > named(rest) + 128;
  std::string text;
  for (const TrafficPool::Cube& cube : is_all_but ? rest : cubes) {
    text.append(text.empty() ? "" : ",").append(braced(cube));
  }
  return is_all_but ? "All but " + text : text;
}

std::string to_nca_map(TrafficPool& pool, PooledId id) {
  if (id == kNone || id == kAll) {
    return to_nca_text(pool, id);
  }
  std::string text;
  for (const TrafficPool::Cube& cube : pool.cubes(id)) {
    std::string one;
    for (const auto& [name, value] : fields_of(cube)) {
      one.append(one.empty() ? "" : ", ").append("'").append(name).append("': '");
      one.append(value).append("'");
    }
    text.append(text.empty() ? "{" : ",{").append(one).append("}");
  }
  return text;
}

std::string to_nca_example(TrafficPool& pool, PooledId id) {
  const std::vector<TrafficPool::Cube> cubes = pool.cubes(id);
  if (cubes.empty()) {
    return "[]";
  }
  std::string text;
  for (const auto& [name, value] : fields_of(cubes.front())) {
    text.append(text.empty() ? "" : ",").append(name).append("=").append(value);
  }
  return "[" + text + "]";
}

}  // namespace tally::reachability::query
