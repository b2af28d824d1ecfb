#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/cgroup_tree.h"

namespace sandboxlet::agent {

std::string_view to_string(CgroupLayout layout) {
  switch (layout) {
    case CgroupLayout::kV1:
      return "v1";
    case CgroupLayout::kV2:
      return "v2";
    case CgroupLayout::kHybrid:
      return "hybrid";
  }
  return "";
}

Result<std::unique_ptr<Cgroups>> open_cgroups(const std::string& root, const CgroupLimits& pool,
                                              const std::string& mount_root) {
  TRY(const std::string mountinfo, read_cgroup_file("/proc/self/mountinfo"));
  Hierarchies hierarchies = parse_hierarchies(mountinfo, mount_root);
  std::unique_ptr<Cgroups> cgroups;
  if (hierarchies.v1.contains("freezer")) {
    cgroups = make_cgroups_v1(root, std::move(hierarchies));
  } else if (!hierarchies.v2.empty()) {
    cgroups = make_cgroups_v2(root, std::move(hierarchies));
  } else {
    return Error(Code::kUnimplemented, "no cgroup hierarchy with a freezer below " + mount_root);
  }
  CHECK_OK(static_cast<CgroupTree&>(*cgroups).open(pool).wrap("cgroup " + root));
  return cgroups;
}

}  // namespace sandboxlet::agent
