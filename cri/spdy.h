#pragma once

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandboxlet::cri {

// The frames of SPDY/3.1 that a client of remote commands needs (SPDY Protocol, Draft 3.1; Go's
// servers are moby/spdystream's, which have no flow control and ask for none). Pure.

enum class SpdyType : uint16_t { kSynStream = 1, kSynReply = 2, kRstStream = 3 };

// What stands before each frame's payload.
struct SpdyHead {
  static constexpr size_t kSize = 8;
  // Nothing for a frame of data.
  std::optional<SpdyType> control;
  // Of a frame of data; a control frame has its own in its payload's first 4 bytes.
  uint32_t stream = 0;
  // The sender sends no more on this stream.
  bool fin = false;
  // Of the payload, below 2^24.
  uint32_t length = 0;
};

// bytes has at least SpdyHead::kSize.
SpdyHead parse_spdy_head(std::string_view bytes);
// The stream that a control frame is about: what stands first in its payload, 0 in a short one.
uint32_t spdy_stream_of(std::string_view payload);

// A frame of data, which is shorter than 2^24 bytes.
std::string spdy_data(uint32_t stream, std::string_view data, bool fin);

// The client's side of one connection's headers, which are compressed as one stream over all
// frames. Without SPDY's dictionary: a reader learns from the stream itself whether one was used
// (RFC 1950, FDICT), and Go's goes by that.
class SpdyHeaders {
 public:
  using List = std::vector<std::pair<std::string, std::string>>;

  SpdyHeaders();
  ~SpdyHeaders();
  SpdyHeaders(const SpdyHeaders&) = delete;
  SpdyHeaders& operator=(const SpdyHeaders&) = delete;

  // A frame that opens a stream; names are in lower case.
  std::string syn_stream(uint32_t stream, const List& headers);

 private:
  std::string compress(std::string block);
  z_stream zlib_{};
};

}  // namespace sandboxlet::cri
