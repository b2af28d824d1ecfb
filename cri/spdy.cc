#include "cri/spdy.h"

#include <array>

namespace sandboxlet::cri {

namespace {

constexpr uint32_t kControlBit = 1U << 31;
constexpr uint32_t kVersion = 3U << 16;
constexpr uint32_t kFin = 1U << 24;
constexpr uint32_t kLengthMask = kFin - 1;

void put32(std::string& to, uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<char>(value >> shift));
}

uint32_t get32(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

void put_text(std::string& to, const std::string& text) {
  put32(to, text.size());
  to += text;
}

}  // namespace

SpdyHead parse_spdy_head(std::string_view bytes) {
  const uint32_t first = get32(bytes);
  const uint32_t second = get32(bytes.substr(4));
  SpdyHead head;
  head.fin = (second & kFin) != 0;
  head.length = second & kLengthMask;
  if ((first & kControlBit) != 0) {
    head.control = static_cast<SpdyType>(first & 0xffff);
  } else {
    head.stream = first;
  }
  return head;
}

uint32_t spdy_stream_of(std::string_view payload) {
  return payload.size() < 4 ? 0 : get32(payload) & ~kControlBit;
}

std::string spdy_data(uint32_t stream, std::string_view data, bool fin) {
  std::string frame;
  frame.reserve(SpdyHead::kSize + data.size());
  put32(frame, stream);
  put32(frame, (fin ? kFin : 0) | static_cast<uint32_t>(data.size()));
  frame += data;
  return frame;
}

SpdyHeaders::SpdyHeaders() { deflateInit(&zlib_, Z_DEFAULT_COMPRESSION); }

SpdyHeaders::~SpdyHeaders() { deflateEnd(&zlib_); }

std::string SpdyHeaders::syn_stream(uint32_t stream, const List& headers) {
  std::string block;
  put32(block, headers.size());
  for (const auto& [name, value] : headers) {
    put_text(block, name);
    put_text(block, value);
  }
  std::string payload;
  put32(payload, stream);
  // Of no other stream.
  put32(payload, 0);
  // Priority and credential slot.
  payload.append(2, '\0');
  payload += compress(std::move(block));
  std::string frame;
  put32(frame, kControlBit | kVersion | static_cast<uint32_t>(SpdyType::kSynStream));
  put32(frame, payload.size());
  return frame + payload;
}

std::string SpdyHeaders::compress(std::string block) {
  std::string out;
  std::array<char, 512> piece;
  zlib_.next_in = reinterpret_cast<Bytef*>(block.data());
  zlib_.avail_in = block.size();
  do {
    zlib_.next_out = reinterpret_cast<Bytef*>(piece.data());
    zlib_.avail_out = piece.size();
    deflate(&zlib_, Z_SYNC_FLUSH);
    out.append(piece.data(), piece.size() - zlib_.avail_out);
  } while (zlib_.avail_out == 0);
  return out;
}

}  // namespace sandboxlet::cri
