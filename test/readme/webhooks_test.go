package readme

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// codeIn returns the first block of code in a language on a page.
func codeIn(t *testing.T, page, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "```"+language+"\n")
	code, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return code
}

// The two examples are run as they stand on the page, with what they must believe and what they must not.
func TestExamplesThatVerifyWebhooksDo(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	secret, id, body := "whsec_"+base64.StdEncoding.EncodeToString(key), "msg_1", `{"type":"webhook.test"}`
	sign := func(key []byte, id, at, body string) string {
		mac := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
		return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	now, old := strconv.FormatInt(time.Now().Unix(), 10), strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
	other := sign([]byte("another key"), id, now, body)
	cases := [][]string{ // id, timestamp, signatures, body, whether it is to be believed
		{id, now, sign(key, id, now, body), body, "true"},
		{id, now, other + " " + sign(key, id, now, body), body, "true"},
		{id, now, other, body, "false"},
		{id, now, sign(key, id, now, body), body + " ", "false"},
		{"msg_2", now, sign(key, id, now, body), body, "false"},
		{id, old, sign(key, id, old, body), body, "false"},
		{id, "soon", sign(key, id, "soon", body), body, "false"},
		{id, now, "", body, "false"},
	}
	folder := t.TempDir()
	program := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	goFile := program("main.go", `package main

import ("crypto/hmac"; "crypto/sha256"; "encoding/base64"; "fmt"; "os"; "slices"; "strconv"; "strings"; "time")

`+codeIn(t, "docs/webhooks.md", "go")+`
func main() { for a := os.Args[2:]; len(a) > 0; a = a[4:] { fmt.Println(verify(os.Args[1], a[0], a[1], a[2], []byte(a[3]))) } }
`)
	nodeFile := program("main.mjs", codeIn(t, "docs/webhooks.md", "js")+`
const [secret, ...rest] = process.argv.slice(2);
for (let i = 0; i < rest.length; i += 4) console.log(verify(secret, rest[i], rest[i + 1], rest[i + 2], Buffer.from(rest[i + 3])));
`)
	arguments, want := []string{secret}, ""
	for _, c := range cases {
		arguments = append(arguments, c[:4]...)
		want += c[4] + "\n"
	}
	for _, command := range [][]string{{"go", "run", goFile}, {"node", nodeFile}} {
		out, err := exec.Command(command[0], append(command[1:], arguments...)...).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s, want\n%s", command[0], err, out, want)
		}
	}
}
