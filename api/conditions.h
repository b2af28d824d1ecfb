#pragma once

#include <string_view>
#include <vector>

#include "api/meta.h"

namespace sandboxlet::api {

// The condition of that type, nullptr where there is none.
const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);

// Whether there is one of that type and it holds (apimachinery: meta.IsStatusConditionTrue).
bool is_true(const std::vector<Condition>& conditions, std::string_view type);

// Puts condition in the place of the one of its type, or at the end. lastTransitionTime becomes now
// where the status changed and is kept where it did not (apimachinery: meta.SetStatusCondition).
void set_condition(std::vector<Condition>& conditions, Condition condition, const Time& now);

// Removes the condition of that type, if there is one.
void remove_condition(std::vector<Condition>& conditions, std::string_view type);

}  // namespace sandboxlet::api
