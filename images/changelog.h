#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The changelog of Debian's kernel source package (deb-changelog(5)), as the packages built from
/// it carry it: every stable update with the subjects of its commits.
namespace brokenpipe {

/// Whether it tells of this point release: `6.12.105`.
bool tells_of(std::string_view changelog, std::string_view point_release);

/// What it tells of the releases after `before` up to `after` (point releases), newest release
/// first: `tcp: fix icsk_ack.ato bitfield overflow`, each on one line, without its list mark.
std::vector<std::string> changes_between(std::string_view changelog, std::string_view before,
                                         std::string_view after);

/// What commits call the subsystems of source files such as `net/ipv4/tcp_input.c:tcp_reset`.
struct Subsystems {
  std::vector<std::string> words;  ///< `tcp`, `ipv4`
  std::vector<std::string> roots;  ///< `net`: a part of it may be another subsystem

  /// Whether a change is about one of them: `tcp: ...`, `net: tcp: ...`, `tcp/dccp: ...`, and
  /// `net: ...`, but neither `net: bridge: ...` nor `bpf: tcp: ...`.
  bool contain(std::string_view change) const;
};

/// Of a scenario's grounds.
Subsystems subsystems_of(const std::vector<std::string>& grounds);

}  // namespace brokenpipe
