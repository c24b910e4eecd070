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

TEST(XmlText, HoldsNoControlCharacterButNewlineAndTab) {
  EXPECT_EQ(xml_text("said \x01\x1b[31m\r <&>\n\t\x7f\xff"), "said ??[31m? <&>\n\t\x7f\xff");
  expect_without(controls_but("\n\t"), xml_text);
}

TEST(PageText, HoldsNoControlCharacterAndNoByteThatIsNotUtf8) {
  EXPECT_EQ(page_text("\x1b[31mGrüße\x7f\n\t"), replacement + "[31mGrüße" + replacement + "\n\t");
  EXPECT_EQ(page_text("\xff and \xc3"), replacement + " and " + replacement);
  expect_without(controls_but("\n\t") + "\x7f\xff\xc0", page_text);
}

TEST(MarkdownText, IsNoMarkupAndStaysOnItsLine) {
  EXPECT_EQ(markdown_text("6.1|<b> [x](y) `a_b` *c* {#d} e&f\\\ng"),
            R"(6.1\|\<b\> \[x\](y) \`a\_b\` \*c\* \{\#d\} e\&f\\ g)");
  expect_without("\n", markdown_text);
}

TEST(MarkdownCode, EndsNeitherAtABacktickNorWithTheCellNorWithTheLine) {
  EXPECT_EQ(markdown_code("POLLIN|POLLOUT"), R"(`POLLIN\|POLLOUT`)");
  EXPECT_EQ(markdown_code("a `b`"), "`` a `b` ``");
  EXPECT_EQ(markdown_code("one\ntwo"), "`one two`");
}

TEST(CsvField, IsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(csv_field("plain text; it's so"), "plain text; it's so");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"no\""), "\"say \"\"no\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field("carriage\rreturn"), "\"carriage\rreturn\"");
  EXPECT_EQ(csv_field(""), "");
}

TEST(TapLine, BeginsNoDirectiveAndStaysOnItsLine) {
  EXPECT_EQ(tap_line("x # SKIP \\ y\nnot ok\t1"), R"(x \# SKIP \\ y not ok 1)");
  expect_without(controls_but(""), tap_line);
}

TEST(KcidbText, HasNoNul) {
  EXPECT_EQ(kcidb_text(std::string_view("a\0b\n", 4)), "a?b\n");
}

TEST(KcidbPath, HasADotForASlashAndPlainCharactersAlone) {
  EXPECT_EQ(kcidb_path("entry/listening/send-nosignal_2"), "entry.listening.send-nosignal_2");
  EXPECT_EQ(kcidb_path("a b.c"), "a_b_c");
  expect_without(controls_but("") + " \"'\\/:;$~\x7f\xff", kcidb_path);
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
