// Command cricheck holds our text of the container runtime interface against upstream's.
//
//	cricheck DESCRIPTOR_SET
//
// The descriptor set is protoc's of proto/runtime/v1/api.proto. Every difference is one line on
// stderr; the exit code is 1 if there is any.
package main

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cricheck DESCRIPTOR_SET")
		os.Exit(2)
	}
	ours, err := readFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "cricheck:", err)
		os.Exit(1)
	}
	differences, seen := compareFiles(ours, upstream())
	for _, line := range differences {
		fmt.Fprintln(os.Stderr, line)
	}
	if len(differences) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d messages, %d fields, %d enum values, %d methods as upstream has them\n",
		seen.messages, seen.fields, seen.values, seen.methods)
}

func upstream() protoreflect.FileDescriptor {
	return (&cri.VersionRequest{}).ProtoReflect().Descriptor().ParentFile()
}

// readFile returns the only file of a descriptor set that protoc wrote.
func readFile(path string) (protoreflect.FileDescriptor, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(set.File) != 1 {
		return nil, fmt.Errorf("%s: %d files, want 1", path, len(set.File))
	}
	return protodesc.NewFile(set.File[0], nil)
}
