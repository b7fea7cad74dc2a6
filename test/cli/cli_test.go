// Package cli_test runs the scripts in testdata: the commands as a person types them, against a server that the
// scripts start themselves.
package cli_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/counterfoil/counterfoil/internal/cli"
)

// TestMain lets this test binary stand in for the program: the same code, without building it a second time.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"counterfoil": func() { os.Exit(cli.Main()) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"ready":  ready,
			"setenv": setenvFromFile,
			"member": member,
			"mode":   mode,
		},
	})
}

// exits runs a program and demands an exit code: exits 3 counterfoil app show nobody.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// ready waits until a server has written its ready file. A server that dies instead fails the script at the end
// of the patience.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	path := ts.MkAbs(args[0])
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no %s after 30 s", args[0])
		}
	}
}

// setenvFromFile puts the text of a file, without white space around it, into a variable: setenv TOKEN stdout.
func setenvFromFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setenv NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// member puts a member of the JSON that was printed last into a variable: member ID items.0.id.
func member(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: member NAME PATH")
	}
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &value))
	for key := range strings.SplitSeq(args[1], ".") {
		switch in := value.(type) {
		case map[string]any:
			value = in[key]
		case []any:
			at, err := strconv.Atoi(key)
			if err != nil || at >= len(in) {
				ts.Fatalf("there is no item %s", key)
			}
			value = in[at]
		}
	}
	text, ok := value.(string)
	if !ok {
		ts.Fatalf("%s is no text: %v", args[1], value)
	}
	ts.Setenv(args[0], text)
}

// mode demands a file's permissions: mode 0600 config/counterfoil/contexts.json.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("%s has mode %04o, want %04o", args[1], got, want)
	}
}
