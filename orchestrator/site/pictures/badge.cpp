#include "orchestrator/site/pictures/badge.h"

#include <fmt/format.h>

#include <string_view>

#include "orchestrator/site/pictures/markup.h"

namespace brokenpipe {
namespace {

constexpr int height = 20;
constexpr int padding = 7;

std::string_view fill(BadgeColour colour) {
  switch (colour) {
    case BadgeColour::good:
      return "#1a7f37";
    case BadgeColour::attention:
      return "#9a6700";
    case BadgeColour::bad:
      return "#c0271b";
    case BadgeColour::unknown:
      break;
  }
  return "#57606a";
}

/// About as wide as 11 px of a sans-serif font is; textLength makes it exact.
int text_width(const std::string& text) {
  constexpr std::string_view narrow = " !'(),-./:;I[]fijlrt|";
  constexpr std::string_view wide = "%@MWmw";
  int tenths = 0;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;  // of UTF-8
    if (continues) continue;
    if (narrow.find(c) != std::string_view::npos)
      tenths += 38;
    else
      tenths += wide.find(c) != std::string_view::npos ? 100 : 69;
  }
  return (tenths + 9) / 10;
}

/// One half of the badge; returns where it ends.
int draw(pugi::xml_node svg, int x, const std::string& words, std::string_view colour) {
  const int text = text_width(words);
  const int width = text + 2 * padding;
  pugi::xml_node box = append(svg, "rect");
  set(box, "x", x);
  set(box, "width", width);
  set(box, "height", height);
  set(box, "fill", std::string(colour));
  pugi::xml_node node = append(svg, "text", words);
  set(node, "x", x + padding);
  set(node, "y", 14);
  set(node, "textLength", text);
  set(node, "fill", "#fff");
  return x + width;
}

BadgeColour colour_of(ExitCode code) {
  switch (code) {
    case ExitCode::as_reference:
      return BadgeColour::good;
    case ExitCode::differs:
      return BadgeColour::bad;
    case ExitCode::incomplete:
      break;
  }
  return BadgeColour::attention;
}

}  // namespace

std::string badge(const std::string& label, const std::string& message, BadgeColour colour) {
  pugi::xml_document document;
  pugi::xml_node svg = append(document.root(), "svg");
  set(svg, "xmlns", "http://www.w3.org/2000/svg");
  set(svg, "height", height);
  set(svg, "role", "img");
  set(svg, "font-family", "Verdana,DejaVu Sans,Geneva,sans-serif");
  set(svg, "font-size", 11);
  append(svg, "title", fmt::format("{}: {}", label, message));
  const int middle = draw(svg, 0, label, "#40474e");
  set(svg, "width", draw(svg, middle, message, fill(colour)));
  return markup(document);
}

std::string kernel_badge(const Diff& diff) {
  const Totals& totals = diff.scenario_totals;
  std::string message = fmt::format("{} unexplained", totals.unexplained);
  if (totals.flaky > 0) message += fmt::format(", {} flaky", totals.flaky);
  if (totals.inconclusive > 0) message += fmt::format(", {} inconclusive", totals.inconclusive);
  if (totals.not_asked > 0) message += fmt::format(", {} not asked", totals.not_asked);
  // That something is missing too does not make a difference less bad.
  const bool differs = totals.unexplained > 0 || totals.flaky > 0;
  return badge(diff.contender.id, message, differs ? BadgeColour::bad : colour_of(exit_code(diff)));
}

std::string matrix_badge(ExitCode code) {
  const auto message = [&]() -> std::string {
    switch (code) {
      case ExitCode::as_reference:
        return "as predicted";
      case ExitCode::differs:
        return "unexplained differences";
      case ExitCode::incomplete:
        break;
    }
    return "incomplete";
  };
  return badge("matrix", message(), colour_of(code));
}

}  // namespace brokenpipe
