#include "cri/spdy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sandboxlet::cri {
namespace {

using namespace std::string_literals;

// The other side of SpdyHeaders, over all frames of a connection.
class Inflater {
 public:
  Inflater() { inflateInit(&zlib_); }
  ~Inflater() { inflateEnd(&zlib_); }
  std::string operator()(std::string block) {
    std::array<char, 4096> out;
    zlib_.next_in = reinterpret_cast<Bytef*>(block.data());
    zlib_.avail_in = block.size();
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib_.avail_out = out.size();
    EXPECT_EQ(inflate(&zlib_, Z_SYNC_FLUSH), Z_OK);
    EXPECT_EQ(zlib_.avail_in, 0U);
    return {out.data(), out.size() - zlib_.avail_out};
  }

 private:
  z_stream zlib_{};
};

TEST(Spdy, FramesOfDataAreReadAsTheyWereWritten) {
  const std::string frame = spdy_data(5, "hello", true);
  EXPECT_EQ(frame, "\0\0\0\5\1\0\0\5hello"s);
  const SpdyHead head = parse_spdy_head(frame);
  EXPECT_FALSE(head.control);
  EXPECT_EQ(head.stream, 5U);
  EXPECT_TRUE(head.fin);
  EXPECT_EQ(head.length, 5U);
  EXPECT_FALSE(parse_spdy_head(spdy_data(5, "", false)).fin);
}

TEST(Spdy, ControlFramesAreToldFromData) {
  const std::string reset = "\x80\x03\0\x03\0\0\0\x08\0\0\0\x07\0\0\0\x01"s;
  const SpdyHead head = parse_spdy_head(reset);
  EXPECT_EQ(head.control, SpdyType::kRstStream);
  EXPECT_FALSE(head.fin);
  EXPECT_EQ(head.length, 8U);
  EXPECT_EQ(spdy_stream_of(std::string_view(reset).substr(SpdyHead::kSize)), 7U);
  EXPECT_EQ(spdy_stream_of("\0\0"s), 0U);
}

TEST(Spdy, HeadersAreOneCompressedStreamOverAllFrames) {
  SpdyHeaders headers;
  Inflater inflater;
  const std::string name = "\0\0\0\1\0\0\0\x0astreamtype"s;
  for (const auto& [stream, value] : {std::pair<uint32_t, std::string>{1, "error"}, {3, "stdin"}}) {
    const std::string frame = headers.syn_stream(stream, {{"streamtype", value}});
    EXPECT_EQ(parse_spdy_head(frame).control, SpdyType::kSynStream);
    const std::string payload = frame.substr(SpdyHead::kSize);
    EXPECT_EQ(parse_spdy_head(frame).length, payload.size());
    EXPECT_EQ(spdy_stream_of(payload), stream);
    EXPECT_EQ(payload.substr(4, 6), "\0\0\0\0\0\0"s);
    EXPECT_EQ(inflater(payload.substr(10)), name + "\0\0\0\5"s + value);
  }
}

}  // namespace
}  // namespace sandboxlet::cri
