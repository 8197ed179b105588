#include "reachability/netpol_analyzer/connection_list.hpp"

#include <utility>

#include "reachability/netpol_analyzer/internal/formats.hpp"
#include "reachability/netpol_analyzer/internal/list_maker.hpp"

namespace tally::reachability::netpol_analyzer {

Result<ConnectionList> ConnectionList::make(const kube::Snapshot& snapshot,
                                            const Options& options) {
  return ListMaker(snapshot, options).make();
}

const std::string& ConnectionList::text(ConnectionId id) const {
  if (texts_.size() <= id) {
    texts_.resize(id + 1);
  }
  if (texts_[id].empty()) {
    texts_[id] = connection_text(pool_->at(id));
  }
  return texts_[id];
}

const std::string& ConnectionList::source_text(const ListedConnection& line) const {
  const ListedPeer& peer = peers_[line.source];
  return networks_[line.network].kind == NetworkName::Kind::Secondary ? peer.text : peer.marked;
}

const std::string& ConnectionList::destination_text(const ListedConnection& line) const {
  const ListedPeer& peer = peers_[line.destination];
  return networks_[line.network].kind == NetworkName::Kind::Secondary ? peer.text : peer.marked;
}

std::string ConnectionList::to_string() const {
  switch (options_.format) {
    case Format::Text:
      return list_as_text(*this);
    case Format::Csv:
      return list_as_csv(*this);
    case Format::Json:
      return list_as_json(*this);
    case Format::Markdown:
      return list_as_markdown(*this);
    case Format::Dot:
      return list_as_dot(*this);
  }
  return {};
}

}  // namespace tally::reachability::netpol_analyzer
