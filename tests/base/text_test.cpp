#include "results/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "results/base/run_command.h"

/// What text made safe looks like, a destination each; and, byte by byte, what never gets there.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string replacement = "\xef\xbf\xbd";

/// Every byte there is, in a word each.
std::vector<std::string> words_of_every_byte() {
  std::vector<std::string> words;
  for (int byte = 0; byte < 256; ++byte)
    words.push_back("a" + std::string(1, static_cast<char>(byte)) + "z");
  return words;
}

/// Expects that of all bytes a function lets through none of those forbidden, and leaves ASCII's
/// letters and digits alone.
void expect_without(const std::string& forbidden,
                    const std::function<std::string(std::string_view)>& made_safe) {
  for (const std::string& word : words_of_every_byte())
    EXPECT_EQ(made_safe(word).find_first_of(forbidden), std::string::npos)
        << static_cast<int>(static_cast<unsigned char>(word[1]));
  EXPECT_EQ(made_safe("az09AZ"), "az09AZ");
}

/// The control characters below the blank, without those kept.
std::string controls_but(std::string_view kept) {
  std::string controls;
  for (char c = 0; c < ' '; ++c)
    if (kept.find(c) == std::string_view::npos) controls += c;
  return controls;
}

/// What no text that people read holds, whatever was said: the bytes of controls, UTF-8's forms of
/// C1's, and of bidirectional marks and separators.
const std::vector<std::string> misleading{
    "\x1b",         "\x7f",         "\xc2\x80",     "\xc2\x9b",     "\xd8\x9c",
    "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa",
    "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9"};

void expect_nothing_misleading(const std::function<std::string(std::string_view)>& made_safe) {
  expect_without(controls_but("\n\t") + "\x7f\x80\x9b\xff", made_safe);
  for (const std::string& character : misleading)
    EXPECT_THAT(made_safe("a" + character + "z"), Not(HasSubstr(character)));
  EXPECT_THAT(made_safe("Grüße → 漢字 😀"), HasSubstr("Grüße → 漢字 😀"));
}

/// Expects of a destination that it tells the start of what is too long, and how much is missing.
void expect_bounded(const std::function<std::string(std::string_view)>& made_safe) {
  const std::string fits(longest_words, 'x');
  EXPECT_EQ(made_safe(fits), fits);
  const std::string cut = made_safe(fits + std::string(1000000, 'y'));
  EXPECT_EQ(cut, fits + "... (and 1000000 bytes more)");
  EXPECT_LT(made_safe(std::string(1000000, '\x01')).size(), longest_words * 2);
}

/// Between whole characters, however wide they are.
TEST(Text, IsCutBetweenCharacters) {
  for (const std::string character : {"ü", "漢", "😀"}) {
    std::string many;
    while (many.size() < 3 * longest_words) many += character;
    const std::string cut = terminal_text("x" + many);
    EXPECT_THAT(cut, Not(HasSubstr("\\x")));
    EXPECT_NO_THROW(Json(cut).dump());
  }
}

TEST(TerminalText, StaysOnItsLineAndMovesNothing) {
  EXPECT_EQ(terminal_text("\x1b]0;title\x07\x1b[2J\xc2\x9b\x9b\r\n\tz\x7f"),
            R"(\x1b]0;title\x07\x1b[2J\x9b\x9b\x0d  z\x7f)");
  EXPECT_EQ(terminal_text("in \xe2\x80\xaeorder\xe2\x81\xa6, of lines\xe2\x80\xa8.\xd8\x9c"),
            R"(in \u202eorder\u2066, of lines\u2028.\u061c)");
  EXPECT_EQ(terminal_text(std::string_view("a\0b", 3)), R"(a\x00b)");
  expect_nothing_misleading([](std::string_view text) { return terminal_text(text); });
  expect_without("\n\t", [](std::string_view text) { return terminal_text(text); });
  expect_bounded([](std::string_view text) { return terminal_text(text); });
}

TEST(TerminalText, OfWhatIsNotUtf8HasItsBytes) {
  EXPECT_EQ(terminal_text("\xff, \xc3, \xc0\xaf, \xed\xa0\x80, \xf5\x80, \xe2\x82"),
            R"(\xff, \xc3, \xc0\xaf, \xed\xa0\x80, \xf5\x80, \xe2\x82)");
}

TEST(TerminalLines, KeepTheirLines) {
  EXPECT_EQ(terminal_lines("one\r\n\ttwo\rthree\x1b[m\n"), "one\n\ttwo\\x0dthree\\x1b[m\n");
  expect_nothing_misleading([](std::string_view text) { return terminal_lines(text); });
  const std::string log(1000000, 'x');
  EXPECT_EQ(terminal_lines(log), log);
  EXPECT_EQ(terminal_lines(log, 10), "xxxxxxxxxx... (and 999990 bytes more)");
}

TEST(TerminalLog, TellsWhatWasCutBetweenTwoPiecesWithTheSecond) {
  TerminalLog log;
  EXPECT_EQ(log("a\r"), "a");
  EXPECT_EQ(log("\nGr\xc3"), "\nGr");
  EXPECT_EQ(log("\xbc\xc3\x9f"), "üß");
  EXPECT_EQ(log("\xe2\x80"), "");
  EXPECT_EQ(log("\xae\x1b[H"), R"(\u202e\x1b[H)");
  EXPECT_EQ(log("\xff\xf0\x9f"), R"(\xff)");
  EXPECT_EQ(log("x"), R"(\xf0\x9fx)");
}

TEST(Fitting, CutsBetweenCharactersAndCountsWideOnesTwice) {
  EXPECT_EQ(fitting("abc", 3), "abc");
  EXPECT_EQ(fitting("abcd", 3), "abc");
  EXPECT_EQ(fitting("a漢字", 4), "a漢");
  EXPECT_EQ(fitting("", 4), "");
}

TEST(XmlText, HoldsNothingMisleadingAndIsUtf8) {
  EXPECT_EQ(xml_text("said \x01\x1b[31m\r <&>\n\t\x7f\xff"), R"(said \x01\x1b[31m\x0d <&>)"
                                                             "\n\t"
                                                             R"(\x7f\xff)");
  expect_nothing_misleading([](std::string_view text) { return xml_text(text); });
  expect_bounded([](std::string_view text) { return xml_text(text); });
}

TEST(PageText, HoldsNothingMisleadingAndIsUtf8) {
  EXPECT_EQ(page_text("\x1b[31mGrüße\x7f\n\t"), "\\x1b[31mGrüße\\x7f\n\t");
  EXPECT_EQ(page_text("\xff and \xc3"), R"(\xff and \xc3)");
  expect_nothing_misleading([](std::string_view text) { return page_text(text); });
  expect_bounded([](std::string_view text) { return page_text(text); });
}

TEST(PageJson, HasEveryStringAsAPageHasItAndAllOfIt) {
  const std::string much(100000, 'x');
  EXPECT_EQ(
      page_json(Json{{"a\x1b", {1, "\xe2\x80\xae", nullptr, {{"deep", "\xff"}}}}, {"m", much}}),
      (Json{{R"(a\x1b)", {1, R"(\u202e)", nullptr, {{"deep", R"(\xff)"}}}}, {"m", much}}));
}

TEST(MarkdownText, IsNoMarkupAndStaysOnItsLine) {
  EXPECT_EQ(markdown_text("~~gone~~ $x$"), R"(\~\~gone\~\~ \$x\$)");
  EXPECT_EQ(markdown_text("\x1b[H"), R"(\\x1b\[H)");
  expect_nothing_misleading(markdown_text);
  expect_bounded(markdown_text);
  EXPECT_EQ(markdown_text("6.1|<b> [x](y) `a_b` *c* {#d} e&f\\\ng"),
            R"(6.1\|\<b\> \[x\](y) \`a\_b\` \*c\* \{\#d\} e\&f\\ g)");
  expect_without("\n", markdown_text);
}

TEST(MarkdownCode, EndsNeitherAtABacktickNorWithTheCellNorWithTheLine) {
  EXPECT_EQ(markdown_code("POLLIN|POLLOUT"), R"(`POLLIN\|POLLOUT`)");
  EXPECT_EQ(markdown_code("a `b`"), "`` a `b` ``");
  EXPECT_EQ(markdown_code("one\ntwo"), "`one two`");
  expect_nothing_misleading([](std::string_view text) {
    const std::string code = markdown_code(text);
    return code.substr(1, code.size() - 2);
  });
}

TEST(MarkdownCode, HasAFenceLongerThanAllWithin) {
  EXPECT_EQ(markdown_code("``"), "``` `` ```");
  EXPECT_EQ(markdown_code("a ``` b ` c"), "```` a ``` b ` c ````");
}

TEST(CsvField, IsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(csv_field("plain text; it's so"), "plain text; it's so");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"no\""), "\"say \"\"no\"\"\"");
  EXPECT_EQ(csv_field(""), "");
}

TEST(CsvField, StaysOnItsLine) {
  EXPECT_EQ(csv_field("two\nlines, \r\x1b[H"), R"("two lines, \x0d\x1b[H")");
  expect_nothing_misleading(csv_field);
  expect_without("\n\t", csv_field);
  expect_bounded(csv_field);
}

TEST(CsvField, IsNoFormulaThatDoesSomething) {
  EXPECT_EQ(csv_field("=1+1"), "'=1+1");
  EXPECT_EQ(csv_field("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(csv_field("-2+3+cmd|' /C calc'!A0"), "'-2+3+cmd|' /C calc'!A0");
  EXPECT_EQ(csv_field("+HYPERLINK(\"x\")"), "\"'+HYPERLINK(\"\"x\"\")\"");
  EXPECT_EQ(csv_field("-1 EPIPE +SIGPIPE core_dumped"), "-1 EPIPE +SIGPIPE core_dumped");
  EXPECT_EQ(csv_field("+SIGPIPE"), "+SIGPIPE");
}

TEST(TapLine, BeginsNoDirectiveAndStaysOnItsLine) {
  expect_nothing_misleading(tap_line);
  expect_bounded(tap_line);
  EXPECT_EQ(tap_line("x # SKIP \\ y\nnot ok\t1"), R"(x \# SKIP \\ y not ok 1)");
  expect_without(controls_but(""), tap_line);
}

TEST(KcidbText, HoldsNothingMisleading) {
  EXPECT_EQ(kcidb_text(std::string_view("a\0b\n", 4)), "a\\x00b\n");
  expect_nothing_misleading([](std::string_view text) { return kcidb_text(text); });
  expect_bounded([](std::string_view text) { return kcidb_text(text); });
}

TEST(KcidbPath, HasADotForASlashAndPlainCharactersAlone) {
  EXPECT_EQ(kcidb_path("entry/listening/send-nosignal_2"), "entry.listening.send-nosignal_2");
  EXPECT_EQ(kcidb_path("a b.c"), "a_b_c");
  expect_without(controls_but("") + " \"'\\/:;$~\x7f\xff", kcidb_path);
}

TEST(KcidbPath, HasNoEmptyPartAndIsNeverLong) {
  EXPECT_EQ(kcidb_path(""), "_");
  EXPECT_EQ(kcidb_path("/a//b/"), "_.a._.b._");
  const std::string much(1000000, 'x');
  EXPECT_LT(kcidb_path(much).size(), 300U);
  EXPECT_NE(kcidb_path(much), kcidb_path(much + "y"));
}

TEST(JsonDump, EscapesWhatIsMisleadingSoThatItsReaderHasIt) {
  for (const std::string& character : misleading) {
    const Json said{{"a" + character, "Grüße " + character + character + " 漢字"}};
    const std::string text = json_dump(said);
    EXPECT_THAT(text, Not(HasSubstr(character)));
    EXPECT_THAT(text, HasSubstr("Grüße "));
    EXPECT_EQ(Json::parse(text), said);
  }
}

TEST(JsonDump, WritesWhatIsNotUtf8AsAReplacementCharacter) {
  EXPECT_EQ(json_dump(Json{{"said", "\xff\n"}}), R"({"said":")" + replacement + R"(\n"})");
  EXPECT_EQ(json_dump(Json{{"a", 1}}, 2), "{\n  \"a\": 1\n}");
  for (const std::string& word : words_of_every_byte())
    EXPECT_TRUE(Json::accept(json_dump(Json(word))));
}

TEST(PathPart, IsANameForFilesAndUrlsAlike) {
  EXPECT_EQ(path_part("debian-6.12_a+b"), "debian-6.12_a+b");
  EXPECT_EQ(path_part("../a b"), "~2e.~2fa~20b");
  EXPECT_EQ(path_part("."), "~2e");
  EXPECT_EQ(path_part(""), "~");
  EXPECT_EQ(path_part("\xff"), "~ff");
  expect_without(controls_but("") + "/\\ %?#&\"'<>:;$\x7f\xff", path_part);
}

TEST(PathPart, OfTwoNamesIsTwoNames) {
  std::vector<std::string> parts;
  for (const std::string& word : words_of_every_byte()) parts.push_back(path_part(word));
  std::sort(parts.begin(), parts.end());
  EXPECT_EQ(std::adjacent_find(parts.begin(), parts.end()), parts.end());
}

TEST(PathPart, IsNeverLongerThanAFileSystemTakes) {
  const std::string much(1000000, 'x');
  EXPECT_LT(path_part(much).size(), 200U);
  EXPECT_NE(path_part(much), path_part(much + "y"));
  EXPECT_LT(path_part(std::string(300, '\x01')).size(), 200U);
}

TEST(UriPart, IsPercentEncodedButForWhatIsUnreserved) {
  EXPECT_EQ(uri_part("debian-6.1_a~b"), "debian-6.1_a~b");
  EXPECT_EQ(uri_part("my kernel/ü#1"), "my%20kernel%2F%C3%BC%231");
  expect_without(controls_but("") + " /?#[]@!$&'()*+,;=\"<>\\\x7f\xff", uri_part);
}

TEST(ShellWord, IsBareWhereNothingInItMeansAnything) {
  EXPECT_EQ(shell_word("-object"), "-object");
  EXPECT_EQ(shell_word("file=/a/b_c.img,x:y+z@1%"), "file=/a/b_c.img,x:y+z@1%");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
}

TEST(ShellWord, ShowsNothingMisleadingAndIsStillTheWord) {
  expect_nothing_misleading(shell_word);
  for (const std::string& character : misleading)
    EXPECT_EQ(run_command({"sh", "-c", "printf %s " + shell_word("a" + character + "'z")}).out,
              "a" + character + "'z");
}

TEST(ShellWord, IsOneWordToAShell) {
  std::string command = "printf '<%s>' ";
  std::string expected;
  for (const std::string& word : words_of_every_byte()) {
    if (word[1] == '\0') continue;  // no argument holds it
    command += shell_word(word) + " ";
    expected += "<" + word + ">";
  }
  EXPECT_EQ(run_command({"sh", "-c", command}).out, expected);
}

TEST(OneLine, HasBlanksForNewlines) {
  EXPECT_EQ(one_line("no KVM: denied\n  Join kvm.\n"), "no KVM: denied   Join kvm. ");
}

TEST(PrintableAscii, HasADotForEveryOtherByte) {
  EXPECT_EQ(printable_ascii("~ @bp1\x1b[0m\tü"), "~ @bp1.[0m...");
}

}  // namespace
}  // namespace brokenpipe
