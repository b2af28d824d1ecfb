package main

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// counts says how much was compared, so that an empty file cannot pass unnoticed.
type counts struct{ messages, fields, values, methods int }

type comparison struct {
	differences []string
	seen        counts
}

// compareFiles lists where ours is not upstream's. Whole messages and methods may be missing from
// ours; of a message or enum that is there, every part must be the same or be reserved.
func compareFiles(ours, theirs protoreflect.FileDescriptor) ([]string, counts) {
	c := &comparison{}
	if ours.Package() != theirs.Package() {
		c.differ(ours.FullName(), "package is %s upstream", theirs.Package())
	}
	if ours.Syntax() != theirs.Syntax() {
		c.differ(ours.FullName(), "syntax is %s upstream", theirs.Syntax())
	}
	c.services(ours.Services(), theirs.Services())
	c.messages(ours.Messages(), theirs.Messages())
	c.enums(ours.Enums(), theirs.Enums())
	return c.differences, c.seen
}

func (c *comparison) differ(where protoreflect.FullName, format string, args ...any) {
	c.differences = append(c.differences, string(where)+": "+fmt.Sprintf(format, args...))
}

func (c *comparison) services(ours, theirs protoreflect.ServiceDescriptors) {
	for i := range ours.Len() {
		service := ours.Get(i)
		other := theirs.ByName(service.Name())
		if other == nil {
			c.differ(service.FullName(), "no such service upstream")
			continue
		}
		for j := range service.Methods().Len() {
			method := service.Methods().Get(j)
			c.seen.methods++
			if them := other.Methods().ByName(method.Name()); them == nil {
				c.differ(method.FullName(), "no such method upstream")
			} else if signature(method) != signature(them) {
				c.differ(method.FullName(), "is %s, upstream %s", signature(method), signature(them))
			}
		}
	}
}

func signature(m protoreflect.MethodDescriptor) string {
	stream := map[bool]string{true: "stream "}
	return fmt.Sprintf("(%s%s) returns (%s%s)", stream[m.IsStreamingClient()], m.Input().FullName(),
		stream[m.IsStreamingServer()], m.Output().FullName())
}

func (c *comparison) messages(ours, theirs protoreflect.MessageDescriptors) {
	for i := range ours.Len() {
		message := ours.Get(i)
		other := theirs.ByName(message.Name())
		if other == nil {
			c.differ(message.FullName(), "no such message upstream")
			continue
		}
		c.seen.messages++
		c.fields(message, other)
		c.messages(message.Messages(), other.Messages())
		c.enums(message.Enums(), other.Enums())
	}
}

func (c *comparison) fields(ours, theirs protoreflect.MessageDescriptor) {
	for i := range ours.Fields().Len() {
		field := ours.Fields().Get(i)
		c.seen.fields++
		if other := theirs.Fields().ByName(field.Name()); other == nil {
			c.differ(field.FullName(), "no such field upstream")
		} else if shape(field) != shape(other) {
			c.differ(field.FullName(), "is %s, upstream %s", shape(field), shape(other))
		}
	}
	for i := range theirs.Fields().Len() {
		field := theirs.Fields().Get(i)
		if ours.Fields().ByNumber(field.Number()) == nil && !ours.ReservedRanges().Has(field.Number()) {
			c.differ(field.FullName(), "neither declared nor reserved")
		}
	}
}

// shape is what two ends of a wire must agree on, and what the generated code depends on.
func shape(f protoreflect.FieldDescriptor) string {
	kind := typeName(f)
	if f.IsMap() {
		kind = fmt.Sprintf("map<%s, %s>", f.MapKey().Kind(), typeName(f.MapValue()))
	}
	text := fmt.Sprintf("%s %s = %d", f.Cardinality(), kind, f.Number())
	if f.IsPacked() {
		text += " packed"
	}
	if oneof := f.ContainingOneof(); oneof != nil {
		text += " in " + string(oneof.Name())
	}
	return text
}

func typeName(f protoreflect.FieldDescriptor) string {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return string(f.Message().FullName())
	case protoreflect.EnumKind:
		return string(f.Enum().FullName())
	default:
		return f.Kind().String()
	}
}

func (c *comparison) enums(ours, theirs protoreflect.EnumDescriptors) {
	for i := range ours.Len() {
		enum := ours.Get(i)
		other := theirs.ByName(enum.Name())
		if other == nil {
			c.differ(enum.FullName(), "no such enum upstream")
			continue
		}
		c.values(enum, other)
	}
}

func (c *comparison) values(ours, theirs protoreflect.EnumDescriptor) {
	for i := range ours.Values().Len() {
		value := ours.Values().Get(i)
		c.seen.values++
		if other := theirs.Values().ByName(value.Name()); other == nil {
			c.differ(value.FullName(), "no such value upstream")
		} else if value.Number() != other.Number() {
			c.differ(value.FullName(), "is %d, upstream %d", value.Number(), other.Number())
		}
	}
	for i := range theirs.Values().Len() {
		value := theirs.Values().Get(i)
		if ours.Values().ByNumber(value.Number()) == nil {
			c.differ(value.FullName(), "not declared")
		}
	}
}
