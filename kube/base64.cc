#include "kube/base64.h"

#include <openssl/evp.h>

#include <memory>

namespace sandboxlet::kube {

Result<std::string> decode_base64(std::string_view text) {
  const std::unique_ptr<EVP_ENCODE_CTX, decltype(&EVP_ENCODE_CTX_free)> context(
      EVP_ENCODE_CTX_new(), EVP_ENCODE_CTX_free);
  EVP_DecodeInit(context.get());
  // Three bytes for four characters, and what the last block may add.
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
  const auto* const in = reinterpret_cast<const unsigned char*>(text.data());
  int size = 0;
  int rest = 0;
  if (EVP_DecodeUpdate(context.get(), out, &size, in, static_cast<int>(text.size())) < 0 ||
      EVP_DecodeFinal(context.get(), out + size, &rest) < 0) {
    return Error(Code::kInvalidArgument, "not base64");
  }
  bytes.resize(size + rest);
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  // Four characters for three bytes, and the NUL that EVP_EncodeBlock writes.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

}  // namespace sandboxlet::kube
