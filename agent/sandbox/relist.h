#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/sandbox/observed.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

// What a list tells of one Sandbox: its pods and containers with their states. Two that are equal
// need no closer look. Pure.
using Fingerprint = std::set<std::string>;

Fingerprint fingerprint_of(const Observed& observed);
// By uid.
std::map<std::string, Fingerprint> fingerprints_of(
    const std::vector<::runtime::v1::PodSandbox>& pods,
    const std::vector<::runtime::v1::Container>& containers);

}  // namespace sandboxlet::agent
