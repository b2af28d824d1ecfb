#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sandboxlet::kube {

// How fields of an object are read that an API server has shown: one that is not there, or not of
// that kind, is empty. path: "/spec/volumeName".
nlohmann::json json_at(const nlohmann::json& object, const std::string& path);
std::string text_at(const nlohmann::json& object, const std::string& path);
std::vector<std::string> texts_at(const nlohmann::json& object, const std::string& path);

std::string annotation(const nlohmann::json& object, const std::string& key);
bool has_finalizer(const nlohmann::json& object, const std::string& finalizer);
// The merge patch that takes a finalizer off that version of that object; null where it has none
// such.
nlohmann::json without_finalizer(const nlohmann::json& object, const std::string& finalizer);

// Of a quantity; 0 where it is none.
int64_t bytes_of(const std::string& quantity);

}  // namespace sandboxlet::kube
