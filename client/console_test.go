package client_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/client"
)

//go:generate go test -run ^TestConsoleWritesItsGoLinesWithTheseTypes$ . -update
var update = flag.Bool("update", false, "write console/src/ui/goclient.json instead of comparing it")

const ours = "github.com/counterfoil/counterfoil/client."

// goType is a type as somebody writes it who imports this package.
func goType(of reflect.Type) string {
	return strings.NewReplacer(ours, "client.", "interface {}", "any").Replace(of.String())
}

// table is what the console needs to write a call in Go: of each method that sends a body the type of that body, and of
// each type the members: how Go names them, of what type they are, and in which embedded struct they stand.
type table struct {
	Methods map[string]string              `json:"methods"`
	Types   map[string]map[string][]string `json:"types"`
}

func (t *table) add(of reflect.Type) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		t.add(of.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	name := goType(of)
	if strings.HasPrefix(name, "client.Field[") {
		value, _ := of.FieldByName("value")
		t.add(value.Type)
		return
	}
	if !strings.HasPrefix(name, "client.") || name == "client.Secret" || t.Types[name] != nil {
		return
	}
	t.Types[name] = map[string][]string{}
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Anonymous && field.Tag == "" {
			t.add(field.Type)
			for member, inner := range t.Types[goType(field.Type)] {
				t.Types[name][member] = append(inner[:2:2], field.Name)
			}
			continue
		}
		if member, _, _ := strings.Cut(field.Tag.Get("json"), ","); member != "" && member != "-" {
			t.Types[name][member] = []string{field.Name, goType(field.Type)}
			t.add(field.Type)
		}
	}
}

// TestConsoleWritesItsGoLinesWithTheseTypes holds the console's forms and this package together.
func TestConsoleWritesItsGoLinesWithTheseTypes(t *testing.T) {
	found := table{map[string]string{}, map[string]map[string][]string{}}
	of := reflect.TypeFor[*client.Client]()
	for i := range of.NumMethod() {
		method := of.Method(i)
		for j := 2; j < method.Type.NumIn(); j++ {
			in := method.Type.In(j)
			if in.Kind() != reflect.Struct || !strings.HasPrefix(goType(in), "client.") || goType(in) == "client.Secret" || strings.HasSuffix(in.Name(), "Filter") {
				continue
			}
			found.add(in)
			if len(found.Types[goType(in)]) > 0 {
				found.Methods[method.Name] = goType(in)
			}
		}
	}
	maps.DeleteFunc(found.Types, func(_ string, members map[string][]string) bool { return len(members) == 0 })
	text, err := json.MarshalIndent(found, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const path = "../console/src/ui/goclient.json"
	if *update {
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != string(text)+"\n" {
		t.Errorf("%s is not what this package has (%v); run this test with -update", path, err)
	}
}
