package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

func TestUpstreamEqualsItself(t *testing.T) {
	differences, seen := compareFiles(upstream(), upstream())
	if len(differences) > 0 {
		t.Errorf("differences: %q", differences)
	}
	if seen.messages < 100 || seen.fields < 300 || seen.values < 80 || seen.methods < 30 {
		t.Errorf("compared only %+v", seen)
	}
}

// Each change to a copy of upstream's own file must be found, and be named.
func TestFindsEveryKindOfChange(t *testing.T) {
	for _, change := range []struct {
		name string
		make func(*descriptorpb.FileDescriptorProto)
		want string
	}{
		{"a field's number", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "VersionRequest", "version").Number = proto.Int32(7)
		}, "VersionRequest.version: is optional string = 7, upstream optional string = 1"},
		{"a field's type", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "KeyValue", "value").Type = descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()
		}, "KeyValue.value: is optional string = 2, upstream optional bytes = 2"},
		{"a field's label", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "PodIP", "ip").Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		}, "PodIP.ip: is repeated string = 1"},
		{"a field's message", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "CpuUsage", "psi").TypeName = proto.String(".runtime.v1.PsiData")
		}, "CpuUsage.psi: is optional runtime.v1.PsiData = 4"},
		{"a field's name", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "PodIP", "ip").Name = proto.String("address")
		}, "PodIP.address: no such field upstream"},
		{"a map's value", func(f *descriptorpb.FileDescriptorProto) {
			entry := message(f, "PodSandboxConfig").NestedType[0]
			entry.Field[1].Type = descriptorpb.FieldDescriptorProto_TYPE_BYTES.Enum()
		}, "is repeated map<string, bytes>"},
		{"a missing field", func(f *descriptorpb.FileDescriptorProto) {
			message(f, "PodIP").Field = nil
		}, "PodIP.ip: neither declared nor reserved"},
		{"an enum's value", func(f *descriptorpb.FileDescriptorProto) {
			f.EnumType[0].Value[1].Number = proto.Int32(9)
		}, "is 9, upstream 1"},
		{"a method's answer", func(f *descriptorpb.FileDescriptorProto) {
			f.Service[0].Method[0].OutputType = proto.String(".runtime.v1.VersionRequest")
		}, "RuntimeService.Version: is (runtime.v1.VersionRequest)"},
		{"a method's streaming", func(f *descriptorpb.FileDescriptorProto) {
			f.Service[0].Method[0].ServerStreaming = proto.Bool(true)
		}, "returns (stream runtime.v1.VersionResponse)"},
	} {
		t.Run(change.name, func(t *testing.T) {
			file := protodesc.ToFileDescriptorProto(upstream())
			change.make(file)
			changed, err := protodesc.NewFile(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			differences, _ := compareFiles(changed, upstream())
			if !strings.Contains(strings.Join(differences, "\n"), change.want) {
				t.Errorf("got %q, want one with %q", differences, change.want)
			}
		})
	}
}

func message(f *descriptorpb.FileDescriptorProto, name string) *descriptorpb.DescriptorProto {
	for _, m := range f.MessageType {
		if m.GetName() == name {
			return m
		}
	}
	panic("no message " + name)
}

func field(f *descriptorpb.FileDescriptorProto, of, name string) *descriptorpb.FieldDescriptorProto {
	for _, field := range message(f, of).Field {
		if field.GetName() == name {
			return field
		}
	}
	panic("no field " + of + "." + name)
}
