#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sandboxlet::bench {

// The Sandbox that is measured: one counter, no volumes, no grace. The floor's pods are made from
// the same one, so that both ask the same of the runtime.
std::string manifest(const std::string& name);
nlohmann::json sandbox(const std::string& name);
// One that serves a page on port 80, and sleeps after a second without work.
nlohmann::json server(const std::string& name);
// One that holds so many megabytes, which compress to a half, and serves on port 80; for each
// answer it writes to so many of them. It wakes on traffic, and goes no deeper than that by itself.
nlohmann::json heap(const std::string& name, int megabytes, int touched,
                    const std::string& deepest);

}  // namespace sandboxlet::bench
