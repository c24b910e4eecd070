#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

/// Text made safe for where it goes, a function a destination. What others have said (a guest, a
/// package, the name of a user's file) is to be read there as words and as nothing else. This is
/// the one place that decides how; whoever writes such words asks here. What pugixml and mustache
/// escape of themselves, `&`, `<`, `>` and quotes, is theirs: there the functions see only to what
/// these leave.
namespace brokenpipe {

/// For XML, element or attribute: the control characters that XML 1.0 cannot hold even escaped
/// (section 2.2) become `?`. A newline and a tab stay.
std::string xml_text(std::string_view text);

/// For a page that a template makes: a control character, such as the escape sequences on a guest's
/// console have, is no part of HTML, and a byte that is not UTF-8 is no character; both become
/// U+FFFD. A newline and a tab stay.
std::string page_text(std::string_view text);

/// For Markdown, between markup and in the cell of a table: none of it is markup, and it stays on
/// its line.
std::string markdown_text(std::string_view text);

/// For Markdown, as code, also in the cell of a table: a backtick, a `|` or a newline ends neither
/// the code nor the cell.
std::string markdown_code(std::string_view text);

/// For a field of CSV (RFC 4180): a comma, a quote or the end of a line in it ends no field.
std::string csv_field(std::string_view text);

/// For the words of a test point (TAP 14): they stay on their line, and no `#` in them begins a
/// directive.
std::string tap_line(std::string_view text);

/// For a string of a KCIDB report, which has no NUL; it becomes `?`.
std::string kcidb_text(std::string_view text);

/// For a path in KCIDB's tree of tests, made of an id: `/` parts as `.` does there, and what the
/// schema lets no part have becomes `_`.
std::string kcidb_path(std::string_view id);

/// For a reader of JSON, on one line or with this indent: a byte that is not UTF-8, at which dump()
/// throws, becomes U+FFFD.
std::string json_dump(const nlohmann::ordered_json& document, int indent = -1);

/// For a part of a path in a folder and in a URL at once: what could mean something to a file
/// system, a URL or an eye becomes `~` and the byte's number. Never empty, `.` or `..`.
std::string path_part(std::string_view name);

/// For a part of a URI (RFC 3986, section 2.3): all that is not unreserved is percent-encoded.
std::string uri_part(std::string_view text);

/// For a shell: one word, which nothing in it ends or expands.
std::string shell_word(std::string_view word);

/// For a place that has one line: its newlines become blanks.
std::string one_line(std::string_view text);

/// For showing what may be noise: every byte but ASCII's printable ones becomes `.`.
std::string printable_ascii(std::string_view bytes);

}  // namespace brokenpipe
