#include "agent/volume/volume_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace sandboxlet::agent {

namespace {

using nlohmann::json;

constexpr char kRecord[] = "record.json";
constexpr char kUnfinished[] = ".making-record.json";
// None of ours comes near.
constexpr size_t kLongest = 16384;

// In the order of VolumeMode.
constexpr std::array<std::string_view, 2> kModes{"directory", "image"};

std::optional<std::string> text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

std::optional<VolumeMode> mode_in(const json& record) {
  const auto name = text_in(record, "mode");
  const auto* const found = std::find(kModes.begin(), kModes.end(), name.value_or(""));
  if (found == kModes.end()) return {};
  return static_cast<VolumeMode>(found - kModes.begin());
}

std::optional<bool> flag_in(const json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end() || !found->is_boolean()) return {};
  return found->get<bool>();
}

std::optional<ClaimReference> claim_in(const json& record) {
  const auto found = record.find("claim");
  if (found == record.end() || !found->is_object()) return {};
  auto namespace_ = text_in(*found, "namespace");
  auto name = text_in(*found, "name");
  auto uid = text_in(*found, "uid");
  if (!namespace_ || !name || !uid) return {};
  return ClaimReference{std::move(*namespace_), std::move(*name), std::move(*uid)};
}

std::optional<VolumeRecord> parse(const std::string& text) {
  const json record = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!record.is_object()) return {};
  const auto mode = mode_in(record);
  const auto size = record.find("size");
  auto claim = claim_in(record);
  const auto fresh = flag_in(record, "fresh");
  const auto growing = flag_in(record, "growing");
  if (!mode || !claim || !fresh || !growing) return {};
  if (size == record.end() || !size->is_number_unsigned()) return {};
  return VolumeRecord{*mode, size->get<int64_t>(), std::move(*claim), *fresh, *growing};
}

std::string text_of(const VolumeRecord& record) {
  const json claim{{"namespace", record.claim.namespace_},
                   {"name", record.claim.name},
                   {"uid", record.claim.uid}};
  const json all{{"mode", kModes[static_cast<size_t>(record.mode)]},
                 {"size", record.size},
                 {"claim", claim},
                 {"fresh", record.fresh},
                 {"growing", record.growing}};
  return all.dump() + '\n';
}

Result<UniqueFd> write_text(const UniqueFd& directory, const char* name, const std::string& text) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd file(openat(directory.get(), name, kFlags, 0600));
  if (!file) return errno_error(name);
  const ssize_t written = write(file.get(), text.data(), text.size());
  if (written < 0) return errno_error(name);
  if (static_cast<size_t>(written) != text.size()) return errno_error(name, ENOSPC);
  return file;
}

}  // namespace

Result<VolumeRecord> read_record(const UniqueFd& directory) {
  const UniqueFd file(
      openat(directory.get(), kRecord, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return errno_error(kRecord);
  std::string text(kLongest, '\0');
  const ssize_t length = read(file.get(), text.data(), text.size());
  if (length < 0) return errno_error(kRecord);
  text.resize(static_cast<size_t>(length));
  auto record = parse(text);
  if (!record) return Error(Code::kInternal, std::string(kRecord) + " is damaged");
  return std::move(*record);
}

Result<> make_record(const UniqueFd& directory, const VolumeRecord& record) {
  const auto written = write_text(directory, kRecord, text_of(record));
  if (!written) return written.error();
  return {};
}

Result<> sync_record(const UniqueFd& directory) {
  const UniqueFd file(openat(directory.get(), kRecord, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file || fsync(file.get()) != 0) return errno_error(kRecord);
  if (fsync(directory.get()) != 0) return errno_error(kRecord);
  return {};
}

Result<> write_record(const UniqueFd& directory, const VolumeRecord& record) {
  TRY(const UniqueFd file, write_text(directory, kUnfinished, text_of(record)));
  if (fsync(file.get()) != 0) return errno_error(kUnfinished);
  if (renameat(directory.get(), kUnfinished, directory.get(), kRecord) != 0) {
    return errno_error(kRecord);
  }
  if (fsync(directory.get()) != 0) return errno_error(kRecord);
  return {};
}

}  // namespace sandboxlet::agent
