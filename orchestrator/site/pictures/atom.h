#pragma once

#include <string>

#include "orchestrator/site/pictures/history.h"

/// The feed of what changed from night to night.
namespace brokenpipe {

/// An Atom feed (RFC 4287) of what changed: an entry for each night and kernel with changes, the
/// newest first. `page` is the history's page, relative to the feed. Ids are `tag:` URIs of the
/// run and the kernel and times are the runs': the same history gives the same feed, wherever and
/// whenever it is written. Throws Error for a history without a night.
std::string atom_feed(const History& history, const std::string& page);

}  // namespace brokenpipe
