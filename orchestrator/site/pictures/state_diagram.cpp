#include "orchestrator/site/pictures/state_diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "orchestrator/site/pictures/answer.h"
#include "orchestrator/site/pictures/markup.h"
#include "orchestrator/site/pictures/tcp_states.h"

namespace brokenpipe {
namespace {

constexpr int width = 1000;
constexpr int card_width = 272;
constexpr std::array column_x{156, 500, 844};  // the middle of a column
constexpr int first_row = 92;
/// Below each row, room for the arrows' labels.
constexpr std::array row_gap{46, 58, 14, 40, 52, 52, 34};
constexpr int head_height = 36;
constexpr int line_height = 31;
constexpr int answer_x = 128;
constexpr int answer_width = 132;
constexpr int legend_line = 24;

struct Point {
  int x = 0;
  int y = 0;
};

struct Box {
  int x = 0;
  int y = 0;
  int height = 0;
  int width = 0;
};

/// A question with what is known about it.
struct Line {
  const TcpQuestion* question = nullptr;
  Answer told;                       ///< the kernel's, or the reference's
  std::optional<Answer> instead_of;  ///< what it is held against, where that reads otherwise
  std::string whose;                 ///< that is: the reference's id, or `predicted`
  const VerdictMark* mark = nullptr;
  std::string title;
};

struct Card {
  const TcpState* state = nullptr;
  std::vector<Line> lines;

  int height() const {
    int lines_drawn = 0;
    for (const Line& line : lines) lines_drawn += line.instead_of ? 2 : 1;
    return head_height + lines_drawn * line_height + 6;
  }
};

/// Where the state was another by then, the write says nothing about this one.
std::optional<Answer> in_another_state(const TcpState& state, const Step* looked) {
  if (looked == nullptr) return std::nullopt;
  const std::string seen = looked->seen.value("state", std::string());
  if (seen == state.name) return std::nullopt;
  return Answer{"→ " + seen, "it is in " + seen + " by then", AnswerKind::none};
}

Answer answer_to(const TcpQuestion& question, const TcpState& state, const RunResult& result,
                 const Diff* diff) {
  const Step* looked = question.state_step.empty()
                           ? nullptr
                           : find_step(result, question.scenario, question.state_step);
  if (const auto elsewhere = in_another_state(state, looked)) return *elsewhere;
  return diff == nullptr ? answer_at(result, question.scenario, question.step)
                         : answer_at(result, *diff, question.scenario, question.step);
}

/// The answer that was predicted; nothing where all is as predicted.
std::optional<Answer> predicted_to(const TcpQuestion& question, const TcpState& state,
                                   const RunResult& result, const Diff& diff) {
  const ScenarioVerdict* judged = verdict_of(diff, question.scenario);
  const PlaceVerdict* written = place_verdict(judged, question.step);
  const PlaceVerdict* looked = place_verdict(judged, question.state_step);
  const bool off_state = looked != nullptr && off_prediction(*looked);
  if (!off_state && (written == nullptr || !off_prediction(*written))) return std::nullopt;
  if (off_state) {
    const std::optional<Step> due = due_at(*looked);
    if (auto elsewhere = in_another_state(state, due ? &*due : nullptr)) return elsewhere;
  }
  return written != nullptr && off_prediction(*written)
             ? due_answer(*written)
             : answer_at(result, question.scenario, question.step);
}

/// The mark at the write, or else where the state was looked at.
const VerdictMark* mark_of_line(const TcpQuestion& question, const Diff& diff) {
  const VerdictMark* mark = mark_at(diff, question.scenario, question.step);
  const bool told = mark != nullptr && mark->name != explained_mark.name;
  if (told || question.state_step.empty()) return mark;
  const VerdictMark* state = mark_at(diff, question.scenario, question.state_step);
  return state == nullptr ? mark : state;
}

Line line_for(const TcpQuestion& question, const TcpState& state, const RunResult& reference,
              const KernelReport* kernel) {
  Line line;
  line.question = &question;
  line.told = answer_to(question, state, reference, nullptr);
  line.title = fmt::format("{}, {}: {}", state.name, question.words, line.told.words);
  if (kernel != nullptr) {
    const auto predicted = predicted_to(question, state, *kernel->result, *kernel->diff);
    const Answer other = predicted ? *predicted : line.told;
    line.whose = predicted ? "predicted" : reference.kernel.id;
    line.told = answer_to(question, state, *kernel->result, &*kernel->diff);
    line.mark = mark_of_line(question, *kernel->diff);
    if (line.told.text != other.text) line.instead_of = other;
    line.title = fmt::format("{}, {}: {}", state.name, question.words, line.told.words);
    if (line.mark != nullptr) line.title += fmt::format("; {}", line.mark->words);
    if (line.instead_of) line.title += fmt::format("; {}: {}", line.whose, other.words);
  }
  line.title += fmt::format(" ({}, {})", question.scenario, question.step);
  return line;
}

pugi::xml_node element(pugi::xml_node parent, const char* name, const std::string& css_class) {
  pugi::xml_node node = append(parent, name);
  set(node, "class", css_class);
  return node;
}

pugi::xml_node rectangle(pugi::xml_node parent, const std::string& css_class, const Box& box,
                         int radius) {
  pugi::xml_node node = element(parent, "rect", css_class);
  set(node, "x", box.x);
  set(node, "y", box.y);
  set(node, "width", box.width);
  set(node, "height", box.height);
  set(node, "rx", radius);
  return node;
}

pugi::xml_node text(pugi::xml_node parent, const std::string& css_class, Point at,
                    const std::string& words) {
  pugi::xml_node node = append(parent, "text", words);
  set(node, "class", css_class);
  set(node, "x", at.x);
  set(node, "y", at.y);
  return node;
}

/// The answer on its colour. A text that is too long for it is drawn narrower.
void draw_answer(pugi::xml_node parent, Point at, const Answer& answer, bool instead_of) {
  constexpr std::size_t room = 14;
  const std::string kind(to_string(answer.kind));
  const Box box{at.x, at.y, line_height - 7, answer_width};
  rectangle(parent, "answer " + kind + (instead_of ? " instead-of" : ""), box, 5);
  pugi::xml_node words =
      text(parent, "answer-text " + kind, {at.x + answer_width / 2, at.y + 17}, answer.text);
  if (answer.text.size() > room + 4) {
    set(words, "textLength", answer_width - 10);
    set(words, "lengthAdjust", "spacingAndGlyphs");
  }
}

void draw_line(pugi::xml_node parent, Point at, const Line& line, const ScenarioHref& href) {
  const std::string link = href(line.question->scenario);
  pugi::xml_node group = element(parent, link.empty() ? "g" : "a", "line");
  if (!link.empty()) set(group, "href", link);
  append(group, "title", line.title);
  text(group, "label", {at.x + 12, at.y + 17}, line.question->label);
  draw_answer(group, {at.x + answer_x, at.y}, line.told, false);
  if (line.mark != nullptr)
    text(group, "mark " + std::string(line.mark->name), {at.x + answer_x - 13, at.y + 18},
         std::string(line.mark->mark));
  if (line.instead_of) {
    text(group, "label was", {at.x + answer_x - 10, at.y + line_height + 17}, line.whose);
    draw_answer(group, {at.x + answer_x, at.y + line_height}, *line.instead_of, true);
  }
}

void draw_card(pugi::xml_node parent, const Box& box, const Card& card, const ScenarioHref& href) {
  pugi::xml_node group = element(parent, "g", "state");
  rectangle(group, "card", box, 10);
  text(group, "name", {box.x + 12, box.y + 24}, card.state->name);
  int y = box.y + head_height;
  for (const Line& line : card.lines) {
    draw_line(group, {box.x, y}, line, href);
    y += line_height * (line.instead_of ? 2 : 1);
  }
}

Point direction(TcpArrow::Side side) {
  using Side = TcpArrow::Side;
  switch (side) {
    case Side::top:
      return {0, -1};
    case Side::right:
      return {1, 0};
    case Side::bottom:
      return {0, 1};
    case Side::left:
      return {-1, 0};
  }
  return {};
}

Point place(const TcpArrow::Anchor& anchor, const Box& box) {
  const Point middle{box.x + box.width / 2, box.y + box.height / 2};
  const Point out = direction(anchor.side);
  return {middle.x + out.x * box.width / 2 + (out.y != 0 ? anchor.shift : 0),
          middle.y + out.y * box.height / 2 + (out.x != 0 ? anchor.shift : 0)};
}

/// A curve that leaves and reaches the cards at a right angle.
void draw_arrow(pugi::xml_node lines, pugi::xml_node labels, const TcpArrow& arrow,
                const std::map<std::string, Box>& boxes) {
  constexpr int head = 9;
  const Point from = place(arrow.from, boxes.at(arrow.from.state));
  const Point tip = place(arrow.to, boxes.at(arrow.to.state));
  const Point out = direction(arrow.from.side);
  const Point in = direction(arrow.to.side);
  const Point to{tip.x + in.x * head, tip.y + in.y * head};
  const int across = std::abs(to.x - from.x);
  const int down = std::abs(to.y - from.y);
  const auto bend = [&](const Point& way) { return (way.x != 0 ? across : down) * 6 / 10; };
  const Point c1{from.x + out.x * bend(out), from.y + out.y * bend(out)};
  const Point c2{to.x + in.x * bend(in), to.y + in.y * bend(in)};

  pugi::xml_node path = element(lines, "path", "arrow");
  set(path, "d",
      fmt::format("M{} {}C{} {} {} {} {} {}", from.x, from.y, c1.x, c1.y, c2.x, c2.y, to.x, to.y));
  pugi::xml_node tip_path = element(lines, "path", "head");
  set(tip_path, "d",
      fmt::format("M{} {}L{} {}L{} {}Z", tip.x, tip.y, to.x + in.y * 5, to.y + in.x * 5,
                  to.x - in.y * 5, to.y - in.x * 5));

  constexpr int pitch = 16;
  const Point middle{(from.x + 3 * c1.x + 3 * c2.x + to.x) / 8,
                     (from.y + 3 * c1.y + 3 * c2.y + to.y) / 8};
  int y = middle.y + arrow.label_y + 5 - pitch * (static_cast<int>(arrow.label.size()) - 1) / 2;
  for (const std::string& words : arrow.label) {
    text(labels, "event", {middle.x + arrow.label_x, y}, words);
    y += pitch;
  }
}

/// The marks of a picture, each once, in the order of its lines.
std::vector<const VerdictMark*> marks_in(const std::vector<Card>& cards) {
  std::vector<const VerdictMark*> marks;
  for (const Card& card : cards)
    for (const Line& line : card.lines)
      if (line.mark != nullptr && std::find(marks.begin(), marks.end(), line.mark) == marks.end())
        marks.push_back(line.mark);
  return marks;
}

/// Returns where it ends.
int draw_legend(pugi::xml_node parent, int y, const std::vector<const VerdictMark*>& marks) {
  struct Entry {
    std::string mark;
    std::string css_class;
    std::string words;
  };
  std::vector<Entry> entries{
      {"⚡\ufe0e", "", "and SIGPIPE, unless it is blocked, ignored or MSG_NOSIGNAL forbids it"}};
  for (const VerdictMark* mark : marks)
    entries.push_back({std::string(mark->mark), std::string(mark->name), std::string(mark->words)});
  if (!marks.empty())
    entries.push_back(
        {"", "", "What stands below an answer is the reference's, or was predicted."});
  text(parent, "note", {20, y},
       "After a RST: the RST has taken the socket to CLOSE, and this is the first write after it.");
  y += legend_line;
  for (const Entry& entry : entries) {
    text(parent, "mark " + entry.css_class, {29, y}, entry.mark);
    text(parent, "note", {46, y}, entry.words);
    y += legend_line;
  }
  return y;
}

std::string style() {
  return themed(".tcp-states",
                "--paper:#fff;--card:#f6f8fa;--card-edge:#c5ced6;--ink:#1b242c;--muted:#57636e;"
                "--line:#7a8894;--explained:#1d4b8f;--unexplained:#b3160b;",
                "--paper:#12171c;--card:#1b232b;--card-edge:#3b4854;--ink:#e6edf3;--muted:#a3b0bc;"
                "--line:#8494a3;--explained:#8ab8f8;--unexplained:#ff8a7d;") +
         answer_colours(".tcp-states") + R"(
.tcp-states{background:var(--paper);font-family:system-ui,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif;font-size:14px}
.tcp-states .card{fill:var(--card);stroke:var(--card-edge)}
.tcp-states text{fill:var(--ink)}
.tcp-states .title{font-size:24px;font-weight:700}
.tcp-states .subtitle{font-size:15px;fill:var(--muted)}
.tcp-states .name{font-size:17px;font-weight:700;letter-spacing:.02em}
.tcp-states .label,.tcp-states .note,.tcp-states .event{fill:var(--muted)}
.tcp-states .was{text-anchor:end;font-size:13px}
.tcp-states .event{text-anchor:middle;font-size:13px;paint-order:stroke;stroke:var(--paper);stroke-width:7px;stroke-linejoin:round}
.tcp-states .end{text-anchor:middle;font-size:14px}
.tcp-states .answer-text{text-anchor:middle;font:600 14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.tcp-states .none{stroke-dasharray:3 3}
.tcp-states .answer-text.none{font-weight:400;stroke:none}
.tcp-states .instead-of{fill:none!important;stroke-dasharray:3 3}
.tcp-states .mark{text-anchor:middle;font-size:17px;font-weight:700}
.tcp-states .mark.explained{fill:var(--explained)}
.tcp-states .mark.unexplained{fill:var(--unexplained)}
.tcp-states .arrow{fill:none;stroke:var(--line);stroke-width:1.6}
.tcp-states .head{fill:var(--line)}
.tcp-states a{cursor:pointer;text-decoration:none}
.tcp-states a:hover .answer,.tcp-states a:focus .answer{stroke:var(--ink);stroke-width:2}
.tcp-states a:hover .label{fill:var(--ink)}
.tcp-states a:focus{outline:none}
)";
}

std::string colour_rules() {
  std::string rules;
  for (const AnswerKind kind : all_answer_kinds)
    rules += fmt::format(
        ".tcp-states .answer.{0}{{fill:var(--{0});stroke:var(--{0}-edge)}}\n"
        ".tcp-states .answer-text.{0}{{fill:var(--{0}-ink)}}\n",
        to_string(kind));
  return rules;
}

std::string described(const std::vector<Card>& cards) {
  std::string words;
  for (const Card& card : cards)
    for (const Line& line : card.lines) words += line.title + ". ";
  return words;
}

}  // namespace

std::string state_diagram(const RunResult& reference, const KernelReport* kernel,
                          const ScenarioHref& href) {
  std::vector<Card> cards;
  std::array<int, row_gap.size()> row_height{};
  for (const TcpState& state : tcp_states()) {
    Card card{&state, {}};
    for (const TcpQuestion& question : state.questions)
      card.lines.push_back(line_for(question, state, reference, kernel));
    int& height = row_height.at(static_cast<std::size_t>(state.row));
    height = std::max(height, card.height());
    cards.push_back(std::move(card));
  }
  std::array<int, row_gap.size()> row_y{};
  int y = first_row;
  for (std::size_t row = 0; row < row_gap.size(); ++row) {
    row_y.at(row) = y;
    y += row_height.at(row) + row_gap.at(row);
  }

  std::map<std::string, Box> boxes;
  for (const Card& card : cards) {
    const auto row = static_cast<std::size_t>(card.state->row);
    const int middle = column_x.at(static_cast<std::size_t>(card.state->column));
    boxes[card.state->name] = {middle - card_width / 2, row_y.at(row), card.height(), card_width};
  }
  constexpr int end_width = 96;
  const Box& last = boxes.at("TIME_WAIT");
  boxes[tcp_end] = {column_x.back() - end_width / 2, last.y + last.height / 2 - 18, 36, end_width};

  pugi::xml_document document;
  pugi::xml_node svg = element(document.root(), "svg", "tcp-states");
  set(svg, "xmlns", "http://www.w3.org/2000/svg");
  set(svg, "role", "group");
  const std::string whose = kernel == nullptr
                                ? reference.kernel.id
                                : fmt::format("{} beside {}", kernel->plan.id, reference.kernel.id);
  append(svg, "title", fmt::format("TCP states and what the next write gets in each: {}", whose));
  append(svg, "desc", described(cards));
  append(svg, "style", style() + colour_rules(), unlimited);

  text(svg, "title", {20, 40}, "TCP states, and what the next write gets");
  text(svg, "subtitle", {20, 66}, whose);

  pugi::xml_node lines = element(svg, "g", "arrows");
  pugi::xml_node labels = append(svg, "g");
  for (const TcpArrow& arrow : tcp_arrows()) draw_arrow(lines, labels, arrow, boxes);
  const Box& end = boxes.at(tcp_end);
  rectangle(svg, "card", end, 18);
  text(svg, "name end", {end.x + end.width / 2, end.y + 24}, "CLOSE");
  for (const Card& card : cards) draw_card(svg, boxes.at(card.state->name), card, href);
  const int height = draw_legend(svg, y + 6, marks_in(cards));
  set(svg, "viewBox", fmt::format("0 0 {} {}", width, height));

  return markup(document);
}

}  // namespace brokenpipe
