package web

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

var testCursors = NewCursors([]byte("sixteen bytes and more"))

func TestCursorLeadsBackToItsKey(t *testing.T) {
	cursor := testCursors.Make("env/applications", "naïve \"name\"", int64(9_007_199_254_740_993))
	var name string
	var number int64
	if err := testCursors.Read(cursor, "env/applications", &name, &number); err != nil || name != "naïve \"name\"" || number != 9_007_199_254_740_993 {
		t.Errorf("%q %d %v", name, number, err)
	}
}

func TestAlteredOrForeignCursorIsInvalid(t *testing.T) {
	cursor := testCursors.Make("env/applications", "names") // of a length that leaves spare bits in the last character
	var name string
	for at := range cursor {
		altered := []byte(cursor)
		altered[at] ^= 1
		if err := testCursors.Read(string(altered), "env/applications", &name); !fault.Is(err, fault.Invalid) {
			t.Errorf("byte %d altered: %v", at, err)
		}
	}
	for at, bad := range []string{"", "x", cursor[:len(cursor)-2], cursor[:len(cursor)-1] + string(cursor[len(cursor)-1]+1), cursor + "AA", cursor + "=", cursor[:3] + "\r\n" + cursor[3:], base64.RawURLEncoding.EncodeToString([]byte(`["name"]`))} {
		if err := testCursors.Read(bad, "env/applications", &name); !fault.Is(err, fault.Invalid) {
			t.Errorf("case %d: %v", at, err)
		}
	}
	if err := testCursors.Read(cursor, "other/applications", &name); !fault.Is(err, fault.Invalid) {
		t.Errorf("of another list: %v", err)
	}
	if err := NewCursors([]byte("another installation")).Read(cursor, "env/applications", &name); !fault.Is(err, fault.Invalid) {
		t.Errorf("of another installation: %v", err)
	}
	var more string
	if err := testCursors.Read(cursor, "env/applications", &name, &more); !fault.Is(err, fault.Invalid) {
		t.Errorf("of another shape: %v", err)
	}
	if name != "" {
		t.Errorf("a bad cursor was read: %q", name)
	}
}

func FuzzOnlyOurCursorsAreRead(f *testing.F) {
	f.Add(testCursors.Make("list", "name", 7))
	f.Add("")
	f.Add("\n" + testCursors.Make("list", "name", 7))
	f.Fuzz(func(t *testing.T, cursor string) {
		var name string
		var number int64
		if err := testCursors.Read(cursor, "list", &name, &number); err == nil && testCursors.Make("list", name, number) != cursor {
			t.Errorf("%q was read as %q, %d", cursor, name, number)
		}
	})
}

func TestPagesVisitEveryRowOnce(t *testing.T) {
	all := make([]int, 10)
	for i := range all {
		all[i] = i
	}
	for limit := 1; limit <= 11; limit++ {
		var seen []string
		after := -1
		for {
			rows := all[after+1 : min(after+1+limit+1, len(all))]
			page := Cut(rows, limit, strconv.Itoa, func(last int) string { return testCursors.Make("list", last) })
			seen = append(seen, page.Items...)
			if page.Next == "" {
				break
			}
			if err := testCursors.Read(page.Next, "list", &after); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != len(all) || seen[9] != "9" {
			t.Errorf("limit %d: %v", limit, seen)
		}
	}
}

func TestEmptyPageIsAnEmptyList(t *testing.T) {
	got, err := json.Marshal(Cut[int](nil, 50, strconv.Itoa, nil))
	if err != nil || string(got) != `{"items":[]}` {
		t.Errorf("%s %v", got, err)
	}
}
