#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sandboxlet::agent {

// A program of the kernel's classic BPF under construction, whose jumps name labels: these may be
// placed later, once each, and only ahead of the jumps, as such a program never goes back.
class FilterProgram {
 public:
  using Label = uint8_t;
  // The instruction that follows.
  static constexpr Label kNext = 0;

  Label label() { return next_label_++; }
  // The next instruction is that label's.
  void place(Label label);

  void add(uint16_t code, uint32_t k = 0);
  // BPF_JEQ, BPF_JGE, BPF_JGT or BPF_JSET, of A and k.
  void jump_if(uint16_t comparison, uint32_t k, Label yes, Label no = kNext);
  // The same of A and X.
  void jump_if_x(uint16_t comparison, Label yes, Label no = kNext);
  void jump(Label to);

  // With all labels placed.
  std::vector<sock_filter> finish() const;

 private:
  std::vector<sock_filter> code_;
  std::vector<size_t> places_;
  Label next_label_ = 1;
};

}  // namespace sandboxlet::agent
