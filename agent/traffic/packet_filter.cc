#include "agent/traffic/packet_filter.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#include "agent/traffic/filter_program.h"

namespace sandboxlet::agent {

namespace {

using Label = FilterProgram::Label;

constexpr uint32_t ancillary(int what) { return static_cast<uint32_t>(SKF_AD_OFF + what); }
constexpr uint32_t ethernet(int offset) { return static_cast<uint32_t>(SKF_LL_OFF + offset); }

constexpr uint16_t kLoadByte = BPF_LD | BPF_B | BPF_ABS;
constexpr uint16_t kLoadHalf = BPF_LD | BPF_H | BPF_ABS;
constexpr uint16_t kLoadWord = BPF_LD | BPF_W | BPF_ABS;
// At the offset that X holds.
constexpr uint16_t kLoadByteAtX = BPF_LD | BPF_B | BPF_IND;
constexpr uint16_t kLoadHalfAtX = BPF_LD | BPF_H | BPF_IND;
// The packet's length as the kernel has it.
constexpr uint16_t kLoadLength = BPF_LD | BPF_W | BPF_LEN;
constexpr uint16_t kLoadSlot = BPF_LD | BPF_MEM;
constexpr uint16_t kStore = BPF_ST;
constexpr uint16_t kAdd = BPF_ALU | BPF_ADD | BPF_K;
constexpr uint16_t kAddX = BPF_ALU | BPF_ADD | BPF_X;
constexpr uint16_t kAnd = BPF_ALU | BPF_AND | BPF_K;
constexpr uint16_t kShiftLeft = BPF_ALU | BPF_LSH | BPF_K;
constexpr uint16_t kShiftRight = BPF_ALU | BPF_RSH | BPF_K;
constexpr uint16_t kAToX = BPF_MISC | BPF_TAX;
constexpr uint16_t kXToA = BPF_MISC | BPF_TXA;
constexpr uint16_t kReturn = BPF_RET | BPF_K;

// Slots of the filter's memory: where the packet ends, and what is put by for a moment.
constexpr uint32_t kEnd = 0;
constexpr uint32_t kPutBy = 1;

constexpr uint32_t kGroupBit = 1;
constexpr uint32_t kIp6Header = 40;
// As many extension headers as are looked through.
constexpr int kExtensions = 3;
constexpr uint32_t kSyn = 0x02;
constexpr uint32_t kRst = 0x04;
constexpr uint32_t kAck = 0x10;

class PacketFilter {
 public:
  // A is then the transport protocol, X where its header begins, and kEnd is set.
  void find_transport(const MacAddress& sandbox, bool both_ways) {
    look_at_way(sandbox, both_ways);
    const Label ip4 = label();
    const Label ip6 = label();
    const Label transport = label();
    add(kLoadWord, ancillary(SKF_AD_PROTOCOL));
    jump_if(BPF_JEQ, ETH_P_IP, ip4);
    jump_if(BPF_JEQ, ETH_P_IPV6, ip6, drop_);
    place(ip4);
    read_ip4();
    jump(transport);
    place(ip6);
    read_ip6(transport);
    place(transport);
  }

  void take_udp_except_to(const PortRange& answers) {
    const Label other = skip_unless(IPPROTO_UDP);
    add(kLoadHalfAtX, 2);
    jump_if(BPF_JGE, answers.first, FilterProgram::kNext, take_);
    jump_if(BPF_JGT, answers.last, take_, drop_);
    place(other);
  }
  void take_udp() { jump_if(BPF_JEQ, IPPROTO_UDP, take_); }

  void take_tcp_with_syn() {
    const Label other = skip_unless(IPPROTO_TCP);
    const Label no_syn = label();
    add(kStore, kPutBy);
    add(kLoadByteAtX, 13);
    jump_if(BPF_JSET, kSyn, FilterProgram::kNext, no_syn);
    jump_if(BPF_JSET, kRst | kAck, drop_, take_);
    place(no_syn);
    add(kLoadSlot, kPutBy);
    place(other);
  }

  void take_tcp_with_payload() {
    jump_if(BPF_JEQ, IPPROTO_TCP, FilterProgram::kNext, drop_);
    add(kLoadByteAtX, 13);
    jump_if(BPF_JSET, kRst, drop_);
    // The header's length is there in words, in the upper half.
    add(kLoadByteAtX, 12);
    add(kAnd, 0xf0);
    add(kShiftRight, 2);
    add(kAddX);
    add(kAToX);
    add(kLoadSlot, kEnd);
    jump_if_x(BPF_JGT, take_, drop_);
  }

  std::vector<sock_filter> finish() {
    place(drop_);
    add(kReturn, 0);
    place(take_);
    // As much of a packet as its reader needs: that there is one.
    add(kReturn, 1);
    return program_.finish();
  }

 private:
  // What goes out of the host's end goes to the Sandbox.
  void look_at_way(const MacAddress& sandbox, bool both_ways) {
    const Label to_sandbox = label();
    const Label wanted = label();
    add(kLoadWord, ancillary(SKF_AD_PKTTYPE));
    jump_if(BPF_JEQ, PACKET_OUTGOING, to_sandbox, both_ways ? FilterProgram::kNext : drop_);
    if (both_ways) {
      add(kLoadByte, ethernet(0));
      jump_if(BPF_JSET, kGroupBit, drop_, wanted);
    }
    place(to_sandbox);
    add(kLoadWord, ethernet(0));
    jump_if(BPF_JEQ, big_endian(sandbox, 0) << 16 | big_endian(sandbox, 2), FilterProgram::kNext,
            drop_);
    add(kLoadHalf, ethernet(4));
    jump_if(BPF_JEQ, big_endian(sandbox, 4), FilterProgram::kNext, drop_);
    place(wanted);
  }

  void read_ip4() {
    add(kLoadHalf, 6);
    jump_if(BPF_JSET, 0x1fff, drop_);
    add(BPF_LDX | BPF_B | BPF_MSH, 0);
    read_length(2, 0);
    add(kLoadByte, 9);
  }

  void read_ip6(Label transport) {
    read_length(4, kIp6Header);
    add(BPF_LDX | BPF_IMM, kIp6Header);
    add(kLoadByte, 6);
    for (int i = 0; i < kExtensions; ++i) skip_extension(transport);
  }

  // Of a packet of more than 64 KiB, which only this machine has seen, the field is 0.
  void read_length(uint32_t field, uint32_t more) {
    const Label big = label();
    const Label known = label();
    add(kLoadHalf, field);
    jump_if(BPF_JEQ, 0, big);
    add(kAdd, more);
    jump(known);
    place(big);
    add(kLoadLength);
    place(known);
    add(kStore, kEnd);
  }

  void skip_extension(Label transport) {
    const Label options = label();
    const Label fragment = label();
    const Label next = label();
    jump_if(BPF_JEQ, IPPROTO_FRAGMENT, fragment);
    for (const uint32_t kind : {IPPROTO_HOPOPTS, IPPROTO_ROUTING}) {
      jump_if(BPF_JEQ, kind, options);
    }
    jump_if(BPF_JEQ, IPPROTO_DSTOPTS, options, transport);
    place(options);
    add(kLoadByteAtX, 0);
    add(kStore, kPutBy);
    // In units of 8 bytes, the first not counted.
    add(kLoadByteAtX, 1);
    add(kAdd, 1);
    add(kShiftLeft, 3);
    add(kAddX);
    add(kAToX);
    add(kLoadSlot, kPutBy);
    jump(next);
    place(fragment);
    add(kLoadHalfAtX, 2);
    jump_if(BPF_JSET, 0xfff8, drop_);
    add(kLoadByteAtX, 0);
    add(kStore, kPutBy);
    add(kXToA);
    add(kAdd, 8);
    add(kAToX);
    add(kLoadSlot, kPutBy);
    place(next);
  }

  static uint32_t big_endian(const MacAddress& address, size_t at) {
    return static_cast<uint32_t>(address[at] << 8 | address[at + 1]);
  }

  Label skip_unless(uint32_t protocol) {
    const Label other = label();
    jump_if(BPF_JEQ, protocol, FilterProgram::kNext, other);
    return other;
  }

  Label label() { return program_.label(); }
  void place(Label label) { program_.place(label); }
  void add(uint16_t code, uint32_t k = 0) { program_.add(code, k); }
  void jump(Label to) { program_.jump(to); }
  void jump_if(uint16_t comparison, uint32_t k, Label yes, Label no = FilterProgram::kNext) {
    program_.jump_if(comparison, k, yes, no);
  }
  void jump_if_x(uint16_t comparison, Label yes, Label no) {
    program_.jump_if_x(comparison, yes, no);
  }

  FilterProgram program_;
  const Label drop_ = program_.label();
  const Label take_ = program_.label();
};

}  // namespace

std::vector<sock_filter> traffic_filter(const MacAddress& sandbox, const PortRange& answers) {
  PacketFilter filter;
  filter.find_transport(sandbox, false);
  filter.take_udp_except_to(answers);
  filter.take_tcp_with_syn();
  filter.take_tcp_with_payload();
  return filter.finish();
}

std::vector<sock_filter> data_filter(const MacAddress& sandbox) {
  PacketFilter filter;
  filter.find_transport(sandbox, true);
  filter.take_udp();
  filter.take_tcp_with_payload();
  return filter.finish();
}

}  // namespace sandboxlet::agent
