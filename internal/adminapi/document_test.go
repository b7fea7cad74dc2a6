package adminapi

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write api/openapi.json")

func TestDocumentIsCurrent(t *testing.T) {
	const file = "../../api/openapi.json"
	now, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll("../../api", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, now) {
		t.Error("api/openapi.json is not what the code says: run make generate")
	}
}
