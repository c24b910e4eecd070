#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

/// Text made safe for where it goes, a function a destination. What others have said (a guest, a
/// package, the name of a user's file) is to be read there as words and as nothing else. This is
/// the one place that decides how; whoever writes such words asks here, at the last step: results
/// keep what was said. What pugixml and mustache escape of themselves, `&`, `<`, `>` and quotes,
/// is theirs: there the functions see only to what these leave.
///
/// The policy, wherever people read. A misleading character is written as its escape, `\x1b` or
/// `\u202e`: controls of C0 but newline and tab, DEL and C1, which terminals obey; the marks,
/// embeddings, overrides and isolates of bidirectional text, which let it be read in another order
/// than it is stored (CVE-2021-42574); U+2028 and U+2029, at which some end a line. So is a byte
/// that is not UTF-8. Of what is longer than its place has room for, the start is told and how
/// much is missing; a program's formats (`json_dump`) keep all.
namespace brokenpipe {

/// Room for one thing that somebody said, in bytes.
inline constexpr std::size_t longest_words = 4096;
/// Room for many such things that were put together, in bytes.
inline constexpr std::size_t longest_text = 65536;
/// All that there is, however long.
inline constexpr std::size_t unlimited = std::string::npos;

/// For a terminal, and for a file or a pipe that takes its place, on one line: none of it moves the
/// cursor or forges a line. A newline and a tab are blanks.
std::string terminal_text(std::string_view text, std::size_t longest = longest_words);

/// For a terminal, as many lines as it has: an error with its remedy, a guest's log. A carriage
/// return before a newline is dropped.
std::string terminal_lines(std::string_view text, std::size_t longest = unlimited);

/// For XML, element or attribute: what XML 1.0 cannot hold even escaped (section 2.2) is among what
/// is made visible. A newline and a tab stay.
std::string xml_text(std::string_view text, std::size_t longest = longest_words);

/// For a page that a template makes. A newline and a tab stay.
std::string page_text(std::string_view text, std::size_t longest = longest_words);

/// For data that a script shows on a page: every string and key as for the page, and whole.
nlohmann::ordered_json page_json(const nlohmann::ordered_json& document);

/// For Markdown, between markup and in the cell of a table: none of it is markup, and it stays on
/// its line.
std::string markdown_text(std::string_view text);

/// For Markdown, as code, also in the cell of a table: a backtick, a `|` or a newline ends neither
/// the code nor the cell.
std::string markdown_code(std::string_view text);

/// For a field of CSV (RFC 4180): a comma or a quote in it ends no field, and a row is a line, for
/// a newline is a blank. What a spreadsheet would take for a formula that does something gets an
/// apostrophe before it, as their own way of saying that it is text: all that begins with `=` or
/// `@`, and with `+` or `-` where more follows than the words of an answer, such as
/// `-1 EPIPE +SIGPIPE`, which can neither call nor refer to anything.
std::string csv_field(std::string_view text);

/// For the words of a test point (TAP 14): they stay on their line, and no `#` in them begins a
/// directive.
std::string tap_line(std::string_view text);

/// For a string of a KCIDB report. A newline and a tab stay.
std::string kcidb_text(std::string_view text, std::size_t longest = longest_words);

/// For a path in KCIDB's tree of tests, made of an id: `/` parts as `.` does there, and what the
/// schema lets no part have becomes `_`. No part is empty. Of a long id what tells it from others
/// is its hash.
std::string kcidb_path(std::string_view id);

/// For a reader of JSON, on one line or with this indent: a byte that is not UTF-8, at which dump()
/// throws, becomes U+FFFD. Misleading characters are JSON's own escapes, so that a reader has them
/// as they were said, and a terminal never.
std::string json_dump(const nlohmann::ordered_json& document, int indent = -1);

/// For a part of a path in a folder and in a URL at once: what could mean something to a file
/// system, a URL or an eye becomes `~` and the byte's number. Never empty, `.` or `..`, and never
/// longer than a file system takes: a long name ends in `~~` and its hash.
std::string path_part(std::string_view name);

/// For a part of a URI (RFC 3986, section 2.3): all that is not unreserved is percent-encoded.
std::string uri_part(std::string_view text);

/// For a POSIX shell: one word, which nothing in it ends or expands. Misleading characters are
/// left to printf(1), so that the word can be shown and still be pasted.
std::string shell_word(std::string_view word);

/// For a place that has one line: its newlines become blanks.
std::string one_line(std::string_view text);

/// For showing what may be noise: every byte but ASCII's printable ones becomes `.`.
std::string printable_ascii(std::string_view bytes);

/// The start of valid UTF-8 that is no wider than this many columns, cut between characters. What
/// is not ASCII is counted as two columns, which is the widest that a terminal shows.
std::string_view fitting(std::string_view text, std::size_t columns);

/// A log for a terminal, as it comes: a character or an end of line may be cut between two pieces,
/// and is told with the second.
class TerminalLog {
 public:
  std::string operator()(std::string_view piece);

 private:
  std::string rest_;
};

}  // namespace brokenpipe
