#pragma once

#include <random>
#include <string>

namespace sandboxlet::api {

// The manifest with one thing changed: a field gone, renamed, twice, of another type or of a
// hostile value, or the text itself cut, doubled or with other bytes. json is valid JSON; what
// comes back need not be, and may by chance still be a good manifest. The same state of random
// gives the same text.
std::string mutate(const std::string& json, std::mt19937_64& random);

}  // namespace sandboxlet::api
