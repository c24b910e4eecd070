#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// results/reference/sites.json: every place in the sources of Linux 3.16 that gives EPIPE or
/// SIGPIPE for a write to something that nobody reads. Its schema, results/schema/sites.json, says
/// how an entry is written.
namespace brokenpipe {

/// A function of the reference kernel.
struct Site {
  std::string site;       ///< `net/ipv4/tcp.c:tcp_sendmsg`, as in the grounds of scenarios
  std::string does;       ///< `returns EPIPE`, `stores EPIPE`, `sends SIGPIPE`, or several of them
  std::string unreached;  ///< why no scenario reaches it; empty where one does

  std::string file() const { return site.substr(0, site.find(':')); }
  std::string function() const { return site.substr(site.find(':') + 1); }
};

struct Sites {
  static constexpr int schema = 1;
  std::string kernel;
  std::string command;      ///< finds them, in a tree of that kernel's sources
  std::vector<Site> sites;  ///< sorted
};

/// Throws Error with the file and the place where it is wrong.
Sites read_sites(const std::filesystem::path& file);

}  // namespace brokenpipe
