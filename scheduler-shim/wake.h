#pragma once

namespace sandboxlet::scheduler {

// What can change so that a Sandbox which no node could take may find one; several are or'ed.
using Wakes = unsigned;
inline constexpr Wakes kNothing = 0;
// A node came, or its object or its lease changed.
inline constexpr Wakes kNodeChanged = 1;
// A Sandbox left its node, or holds less of it.
inline constexpr Wakes kSandboxGone = 2;
// A Sandbox came to a node: it may be what affinity asks for, or even out a spread.
inline constexpr Wakes kSandboxCame = 4;
// A volume, or room for one, came free, or a storage class changed.
inline constexpr Wakes kVolumesChanged = 8;
inline constexpr int kWakeBits = 4;

}  // namespace sandboxlet::scheduler
