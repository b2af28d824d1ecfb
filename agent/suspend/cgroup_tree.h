#pragma once

#include "agent/suspend/hierarchies.h"

namespace sandboxlet::agent {

// What v1 and v2 have in common: the same name in several mounts, and how a freeze is waited for.
class CgroupTree : public Cgroups {
 public:
  std::string parent_of(const std::string& name) const override { return root_ + "/" + name; }
  Result<> create(const std::string& name, const CgroupLimits& limits) final;
  Result<> freeze(const std::string& name) final;
  Result<> thaw(const std::string& name) final;
  Result<FreezerState> state(const std::string& name) final;
  Result<> remove(const std::string& name) final;
  Result<std::vector<std::string>> list() final;
  Result<std::vector<pid_t>> processes(const std::string& name) final;
  Result<CgroupUsage> usage(const std::string& name) final;
  Result<bool> contains(const std::string& name, pid_t pid) final;

  // The pool itself, with its limits.
  Result<> open(const CgroupLimits& limits);

 protected:
  CgroupTree(std::string root, Hierarchies hierarchies)
      : root_(std::move(root)), hierarchies_(std::move(hierarchies)) {}

  // path is the cgroup below a mount: "/sandboxlet/<name>".
  virtual Result<> make(const std::string& path) = 0;
  virtual Result<> limit(const std::string& path, const CgroupLimits& limits) = 0;
  virtual Result<> write_frozen(const std::string& path, bool frozen) = 0;
  virtual Result<FreezerState> read_state(const std::string& path) = 0;
  virtual Result<CgroupUsage> read_usage(const std::string& path) = 0;
  // Absolute; in the hierarchy whose processes count.
  virtual std::string main_path(const std::string& path) const = 0;

  Result<std::string> checked(const std::string& name) const;
  const Hierarchies& hierarchies() const { return hierarchies_; }

 private:
  Result<bool> becomes(const std::string& path, FreezerState wanted);

  const std::string root_;
  const Hierarchies hierarchies_;
};

}  // namespace sandboxlet::agent
