#include "reachability/netpol_analyzer/explained_set.hpp"

#include <algorithm>
#include <utility>

namespace tally::reachability::netpol_analyzer {
namespace {

using network_policy::Direction;
using scalar::PortSet;

enum class Style : std::uint8_t { Never, SameVerdict, Always };

// What is left of `old` when `next` is said about the same ports.
SideReasons updated(const SideReasons& old, const SideReasons& next, bool is_same_verdict,
                    Style style) {
  if (next.ids.empty()) {
    return old;
  }
  if (style == Style::Always || (style == Style::SameVerdict && is_same_verdict)) {
    SideReasons result = old;
    result.unite(next);
    return result;
  }
  return !is_same_verdict || old.ids.empty() ? next : old;
}

Reasons updated(const Reasons& old, const Reasons& next, bool is_same_verdict, Style style) {
  Reasons result;
  for (std::size_t i = 0; i < result.sides.size(); ++i) {
    result.sides[i] = updated(old.sides[i], next.sides[i], is_same_verdict, style);
  }
  return result;
}

void say(PortRun& state, const PortRun& next, Style style) {
  state.reasons = updated(state.reasons, next.reasons, state.is_in == next.is_in, style);
  state.is_in = next.is_in;
}

// Both lists cut at the same ports, and `combine(left, right)` for each piece.
template <class Combine>
PortRuns zip(const PortRuns& left, const PortRuns& right, Combine&& combine) {
  PortRuns result;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < left.size() && j < right.size()) {
    PortRun run = combine(left[i], right[j]);
    run.last = std::min(left[i].last, right[j].last);
    if (!result.empty() && result.back().is_in == run.is_in &&
        result.back().reasons == run.reasons) {
      result.back().last = run.last;
    } else {
      result.push_back(std::move(run));
    }
    i += left[i].last == result.back().last ? 1 : 0;
    j += right[j].last == result.back().last ? 1 : 0;
  }
  return result;
}

// What is out is said first, then what is in: so that what is in stands.
PortRun united(const PortRun& left, const PortRun& right, Style style) {
  PortRun state;
  for (const bool is_in : {false, true}) {
    for (const PortRun* run : {&left, &right}) {
      if (run->is_in == is_in) {
        say(state, *run, style);
      }
    }
  }
  return state;
}

PortRun intersected(const PortRun& left, const PortRun& right) {
  PortRun state;
  for (const bool is_in : {true, false}) {
    for (const PortRun* run : {&left, &right}) {
      if (run->is_in == is_in) {
        say(state, *run, Style::Always);
      }
    }
  }
  return state;
}

bool is_empty(const PortRuns& runs) { return std::ranges::none_of(runs, &PortRun::is_in); }

bool is_full(const PortRuns& runs) { return std::ranges::all_of(runs, &PortRun::is_in); }

}  // namespace

ReasonId ReasonPool::intern(ReasonKind kind, std::string text) {
  std::string key(1, static_cast<char>('a' + static_cast<int>(kind)));
  key += text;
  const auto [at, is_new] =
      by_text_.try_emplace(std::move(key), static_cast<ReasonId>(reasons_.size()));
  if (is_new) {
    reasons_.push_back({.kind = kind, .text = std::move(text)});
  }
  return at->second;
}

void SideReasons::add(ReasonId id) {
  const auto at = std::ranges::lower_bound(ids, id);
  if (at == ids.end() || *at != id) {
    ids.insert(at, id);
  }
}

void SideReasons::unite(const SideReasons& other) {
  std::vector<ReasonId> all;
  std::ranges::set_union(ids, other.ids, std::back_inserter(all));
  ids = std::move(all);
  if (other.verdict != Verdict::None) {
    verdict = other.verdict;
  }
}

void ExplainedSet::set_protocol(scalar::Protocol protocol, const PortSet& ports,
                                const Reasons& allowed, const Reasons& others) {
  PortRuns runs;
  std::uint32_t next = scalar::kPortMin;
  for (const auto& interval : ports.intervals()) {
    if (interval.first > next) {
      runs.push_back({.last = static_cast<std::uint16_t>(interval.first - 1),
                      .is_in = false,
                      .reasons = others});
    }
    runs.push_back({.last = interval.last, .is_in = true, .reasons = allowed});
    next = std::uint32_t{interval.last} + 1;
  }
  if (next <= scalar::kPortMax) {
    runs.push_back({.last = scalar::kPortMax, .is_in = false, .reasons = others});
  }
  runs_[static_cast<std::size_t>(protocol)] = std::move(runs);
}

void ExplainedSet::set_port(scalar::Protocol protocol, std::uint16_t port, bool is_in,
                            Reasons reasons) {
  first_port_ = port;
  runs_[static_cast<std::size_t>(protocol)] =
      PortRuns{{.last = port, .is_in = is_in, .reasons = std::move(reasons)}};
}

bool ExplainedSet::is_uniform() const {
  return std::ranges::none_of(runs_, [](const auto& runs) { return runs.has_value(); });
}

bool ExplainedSet::is_empty() const {
  return !is_all_ && std::ranges::all_of(runs_, [](const auto& runs) {
    return !runs || netpol_analyzer::is_empty(*runs);
  });
}

scalar::ConnectionSet ExplainedSet::connections() const {
  if (is_all_) {
    return scalar::ConnectionSet::transport();
  }
  scalar::ConnectionSet set;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    std::uint32_t first = first_port_;
    if (runs_[i]) {
      for (const PortRun& run : *runs_[i]) {
        if (run.is_in) {
          set.add(static_cast<scalar::Protocol>(i),
                  PortSet(static_cast<std::uint16_t>(first), run.last));
        }
        first = std::uint32_t{run.last} + 1;
      }
    }
  }
  return set;
}

// The reasons of the whole, written to each protocol.
void ExplainedSet::spread() {
  for (auto& runs : runs_) {
    if (!runs) {
      runs = PortRuns{{.last = scalar::kPortMax, .is_in = is_all_, .reasons = common_}};
    }
  }
  common_ = {};
}

void ExplainedSet::notice_all() {
  is_all_ = is_all_ ||
            std::ranges::all_of(runs_, [](const auto& runs) { return runs && is_full(*runs); });
}

// Every port says the same: then the set as a whole does.
void ExplainedSet::notice_uniform() {
  const PortRun& first = runs_[0]->front();
  for (const auto& runs : runs_) {
    for (const PortRun& run : *runs) {
      if (run.is_in != first.is_in || !(run.reasons == first.reasons)) {
        return;
      }
    }
  }
  is_all_ = first.is_in;
  common_ = first.reasons;
  runs_ = {};
}

void ExplainedSet::unite(ExplainedSet other, Collect collect) {
  const Style style = collect == Collect::Never ? Style::Never : Style::SameVerdict;
  if (is_uniform() && other.is_uniform()) {
    if (is_all_ && !other.is_all_) {
      return;
    }
    common_ = updated(common_, other.common_, is_all_ == other.is_all_, style);
    is_all_ = is_all_ || other.is_all_;
    return;
  }
  if (other.is_empty() && collect == Collect::Never) {
    return;
  }
  spread();
  other.spread();
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    runs_[i] = zip(*runs_[i], *other.runs_[i],
                   [style](const PortRun& a, const PortRun& b) { return united(a, b, style); });
  }
  notice_all();
}

void ExplainedSet::intersect(ExplainedSet other) {
  if (is_uniform() && other.is_uniform()) {
    is_all_ = is_all_ && other.is_all_;
    common_ = updated(common_, other.common_, true, Style::Always);
    return;
  }
  spread();
  other.spread();
  is_all_ = false;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    runs_[i] = zip(*runs_[i], *other.runs_[i], intersected);
  }
  notice_all();
}

void ExplainedSet::replace(const scalar::ConnectionSet& where, ExplainedSet other) {
  if (where.contains(scalar::ConnectionSet::transport())) {
    *this = std::move(other);
    return;
  }
  spread();
  other.spread();
  is_all_ = false;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    ExplainedSet mask;
    mask.set_protocol(scalar::Protocol::Tcp, where.ports(static_cast<scalar::Protocol>(i)), {}, {});
    const PortRuns& is_there = *mask.runs_[0];
    // First the ports are cut where the other set begins and ends, then where the other's runs do.
    const PortRuns taken =
        zip(is_there, *other.runs_[i], [](const PortRun&, const PortRun& right) { return right; });
    const PortRuns kept =
        zip(is_there, *runs_[i], [](const PortRun&, const PortRun& right) { return right; });
    PortRuns result;
    std::uint16_t begin = scalar::kPortMin;
    for (const PortRun& part : is_there) {
      for (const PortRun& run : part.is_in ? taken : kept) {
        if (run.last >= begin && (result.empty() || result.back().last < part.last)) {
          PortRun copy = run;
          copy.last = std::min(run.last, part.last);
          result.push_back(std::move(copy));
        }
      }
      begin = static_cast<std::uint16_t>(part.last + 1);
    }
    runs_[i] = std::move(result);
  }
  notice_all();
  notice_uniform();
}

void ExplainedSet::add_everywhere(ReasonId id, Direction direction) {
  common_.side(direction).add(id);
  for (auto& runs : runs_) {
    if (runs) {
      for (PortRun& run : *runs) {
        run.reasons.side(direction).add(id);
      }
    }
  }
}

void ExplainedSet::conclude(Direction direction) {
  const auto verdict = [](bool is_in) { return is_in ? Verdict::Allowed : Verdict::Denied; };
  if (is_uniform()) {
    common_.side(direction).verdict = verdict(is_all_);
    return;
  }
  for (auto& runs : runs_) {
    if (runs) {
      for (PortRun& run : *runs) {
        run.reasons.side(direction).verdict = verdict(run.is_in);
      }
    }
  }
}

void ExplainedSet::forget_default(Direction direction, const ReasonPool& pool) {
  const auto forget = [&](Reasons& reasons) {
    if (is_only_default(reasons.side(direction), pool)) {
      reasons.side(direction) = {};
    }
  };
  forget(common_);
  for (auto& runs : runs_) {
    if (runs) {
      for (PortRun& run : *runs) {
        forget(run.reasons);
      }
    }
  }
}

bool is_only_default(const SideReasons& side, const ReasonPool& pool) {
  return side.ids.size() == 1 && pool.at(side.ids.front()).kind == ReasonKind::Default;
}

}  // namespace tally::reachability::netpol_analyzer
