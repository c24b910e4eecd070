#pragma once

#include <string>
#include <vector>

/// What the picture of the states of TCP is about: the states, what is asked in each and which
/// observation answers, where each stands, and the arrows between them.
namespace brokenpipe {

struct TcpQuestion {
  std::string label;
  std::string words;  ///< the same in a sentence: "in LISTEN <words>"
  std::string scenario;
  std::string step;
  /// A step that saw the state itself, before the write or the RST: an answer counts only where
  /// it did. Empty where the scenario's set-up waits for the state.
  std::string state_step;
};

struct TcpState {
  std::string name;
  int column;  ///< 0 to 2
  int row;     ///< 0 to 6
  std::vector<TcpQuestion> questions;
};

struct TcpArrow {
  enum class Side { top, right, bottom, left };

  /// A place on a state's edge; `shift` from the middle of that side, along it.
  struct Anchor {
    std::string state;
    Side side;
    int shift = 0;
  };

  Anchor from;
  Anchor to;
  std::vector<std::string> label;
  int label_x = 0;  ///< of the label from the arrow's middle
  int label_y = 0;
};

/// In the order in which they are told, row by row.
const std::vector<TcpState>& tcp_states();

/// The end of the connection among the arrows' states. It is drawn at the foot, so that no arrow
/// runs back over the picture.
inline constexpr const char* tcp_end = "end";

const std::vector<TcpArrow>& tcp_arrows();

}  // namespace brokenpipe
