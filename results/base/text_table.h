#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// Tables for the terminal, aligned by blanks.
namespace brokenpipe {

/// A line of a table, cell by cell.
using Cells = std::vector<std::string>;

/// Of each column the width of its widest cell, in bytes. All rows must have as many cells.
std::vector<std::size_t> column_widths(const std::vector<Cells>& rows);

/// The rows as lines, their cells aligned left, two spaces apart.
std::string text_table(const std::vector<Cells>& rows);

}  // namespace brokenpipe
