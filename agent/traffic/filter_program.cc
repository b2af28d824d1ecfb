#include "agent/traffic/filter_program.h"

#include <algorithm>

namespace sandboxlet::agent {

void FilterProgram::place(Label label) {
  places_.resize(std::max<size_t>(places_.size(), label + 1U));
  places_[label] = code_.size();
}

void FilterProgram::add(uint16_t code, uint32_t k) { code_.push_back({code, 0, 0, k}); }

void FilterProgram::jump_if(uint16_t comparison, uint32_t k, Label yes, Label no) {
  code_.push_back({static_cast<uint16_t>(BPF_JMP | comparison | BPF_K), yes, no, k});
}

void FilterProgram::jump_if_x(uint16_t comparison, Label yes, Label no) {
  code_.push_back({static_cast<uint16_t>(BPF_JMP | comparison | BPF_X), yes, no, 0});
}

void FilterProgram::jump(Label to) { code_.push_back({BPF_JMP | BPF_JA, 0, 0, to}); }

std::vector<sock_filter> FilterProgram::finish() const {
  std::vector<sock_filter> code = code_;
  for (size_t at = 0; at < code.size(); ++at) {
    sock_filter& instruction = code[at];
    if (BPF_CLASS(instruction.code) != BPF_JMP) continue;
    const auto distance = [&](uint32_t label) {
      return label == kNext ? 0U : static_cast<uint32_t>(places_[label] - at - 1);
    };
    if (BPF_OP(instruction.code) == BPF_JA) {
      instruction.k = distance(instruction.k);
    } else {
      instruction.jt = static_cast<uint8_t>(distance(instruction.jt));
      instruction.jf = static_cast<uint8_t>(distance(instruction.jf));
    }
  }
  return code;
}

}  // namespace sandboxlet::agent
