#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "orchestrator/commands/command.h"
#include "orchestrator/commands/store_options.h"
#include "results/base/json_file.h"
#include "results/base/text.h"
#include "results/base/text_table.h"

/// `brokenpipe kernels`: lists the catalogue, with what is on offer and what is in the store.
namespace brokenpipe {
namespace {

struct Options {
  StoreArguments store;
  bool json = false;
};

struct Row {
  CatalogueEntry entry;
  std::vector<Offer> offers;
  std::optional<StoredKernel> stored;
};

std::vector<Row> rows(const Catalogue& catalogue, KernelStore& store) {
  const std::vector<std::vector<Offer>> offers = store.offers(catalogue.entries);
  std::vector<Row> rows;
  for (size_t i = 0; i < offers.size(); ++i) {
    const CatalogueEntry& entry = catalogue.entries[i];
    rows.push_back({entry, offers[i], store.find(entry, {})});
  }
  return rows;
}

std::string state(const Row& row) {
  if (row.stored) return "in the store: " + row.stored->version;
  if (!row.offers.empty()) return "to be fetched";
  return row.entry.archive ? "not offered: needs --mirror with Debian's archive" : "not offered";
}

void print_json(const std::vector<Row>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    auto offers = nlohmann::ordered_json::array();
    for (const Offer& offer : row.offers) {
      offers.push_back({{"package", offer.package},
                        {"version", offer.version},
                        {"point_release", offer.point_release}});
    }
    list.push_back({{"id", row.entry.id},
                    {"series", row.entry.series},
                    {"flavour", row.entry.flavour},
                    {"suites", row.entry.suites},
                    {"role", row.entry.role},
                    {"default", row.entry.in_default_matrix},
                    {"offers", offers},
                    {"stored", row.stored ? nlohmann::ordered_json(row.stored->version)
                                          : nlohmann::ordered_json(nullptr)}});
  }
  fmt::print("{}", json_text(list));
}

void print_text(const std::vector<Row>& rows) {
  std::vector<Cells> lines{{"KERNEL", "NEWEST", "FROM", "STATE"}};
  for (const Row& row : rows) {
    Cells line{row.entry.id, row.offers.empty() ? "-" : row.offers.front().point_release,
               fmt::format("{}", fmt::join(row.entry.suites, ", ")),
               state(row) + (row.entry.in_default_matrix ? "  (default matrix)" : "")};
    for (std::string& cell : line) cell = terminal_text(cell);
    lines.push_back(std::move(line));
  }
  fmt::print("{}", text_table(lines));
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  add_store_options(command, options->store);
  command.add_flag("--json", options->json, "For programs; with every point release on offer");
  return [options] {
    KernelStore store = open_store(options->store);
    const std::vector<Row> all = rows(open_catalogue(options->store), store);
    if (options->json) {
      print_json(all);
    } else {
      print_text(all);
    }
    return exit_done;
  };
}

const RegisterCommand kernels_command{
    {"kernels", "The catalogue: which kernels there are, where from, and whether they are here",
     Purpose::look, set_up}};

}  // namespace
}  // namespace brokenpipe
