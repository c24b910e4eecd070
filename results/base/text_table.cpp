#include "results/base/text_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace brokenpipe {

std::vector<std::size_t> column_widths(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths;
  for (const Cells& row : rows) {
    widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  return widths;
}

std::string text_table(const std::vector<Cells>& rows) {
  const std::vector<std::size_t> widths = column_widths(rows);
  std::string text;
  for (const Cells& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    text += line + "\n";
  }
  return text;
}

}  // namespace brokenpipe
