#pragma once

#include <string>
#include <string_view>

namespace sandboxlet::api {

// What the shim and the agents say to each other of claims and volumes, over the API server alone:
// annotations, labels and finalizers of PersistentVolumeClaims and PersistentVolumes.

// The local provisioner, as StorageClasses name it, and the CSI driver of the volumes that it
// makes. No kubelet has a driver of that name, so a Pod that is given one of them waits, and says
// so.
inline constexpr char kLocalProvisioner[] = "local.sandboxlet.io";

// On a claim: who is to provision it (controller-volume/persistentvolume/util:
// AnnStorageProvisioner and AnnBetaStorageProvisioner).
inline constexpr char kProvisionerAnnotation[] = "volume.kubernetes.io/storage-provisioner";
inline constexpr char kBetaProvisionerAnnotation[] =
    "volume.beta.kubernetes.io/storage-provisioner";

// The volume that is made for a claim: this, then the claim's uid (external-provisioner's default).
inline constexpr char kProvisionedVolumePrefix[] = "pvc-";

// On a claim: the node that is to provision it; the shim's to write for Sandboxes' claims
// (component-helpers: AnnSelectedNode).
inline constexpr char kSelectedNodeAnnotation[] = "volume.kubernetes.io/selected-node";
// On a claim that is to be provisioned, and on each volume of the local provisioner: its node, as
// node_label_value() has it. Annotations cannot be selected by.
inline constexpr char kNodeLabel[] = "sandboxlet.io/node";
// A node's name where it can be a label's value (63 characters), else what stands for it.
std::string node_label_value(std::string_view node);

// On a claim: a Sandbox uses it; the shim's to put there and to take off.
inline constexpr char kClaimFinalizer[] = "sandboxlet.io/claim-in-use";
// On a volume of the local provisioner: what is behind it is there still; its agent's.
inline constexpr char kVolumeFinalizer[] = "sandboxlet.io/local-volume";

// What all local volumes of a node may have together, in bytes: a resource in SandboxNode's
// capacity and allocatable.
inline constexpr char kLocalStorageResource[] = "sandboxlet.io/local-volumes";

}  // namespace sandboxlet::api
