package leak

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// clone is a git repository made by a test.
type clone struct {
	*testing.T
	dir  string
	when time.Time
}

func newClone(t *testing.T, options ...string) *clone {
	c := &clone{t, t.TempDir(), time.Unix(1_700_000_000, 0)}
	c.git(append([]string{"init", "-q", "-b", "main"}, options...)...)
	return c
}

// git runs git as a person would, an hour later each time, and returns what it prints.
func (c *clone) git(arguments ...string) string {
	c.Helper()
	c.when = c.when.Add(time.Hour)
	date := fmt.Sprintf("%d +0000", c.when.Unix())
	cmd := exec.Command("git", arguments...)
	cmd.Dir = c.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir + "/home", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.Fatalf("git %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes a file, or removes it if there is no text, and returns the id of the commit.
func (c *clone) commit(name, text, message string) string {
	c.Helper()
	if text == "" {
		if err := os.Remove(filepath.Join(c.dir, name)); err != nil {
			c.Fatal(err)
		}
	} else {
		put(c.T, filepath.Join(c.dir, name), text)
	}
	c.git("add", "-A")
	c.git("commit", "-qm", message)
	return c.git("rev-parse", "HEAD")
}

func TestDeletedSecretIsFoundInHistoryWithItsFirstCommit(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			c := newClone(t, "--object-format="+format)
			c.commit("a b/key:1", "nothing", "one")
			first := c.commit("a b/key:1", "key="+secret(1), "two")
			c.commit("a b/key:1", "# changed\nkey="+secret(1), "three")
			c.commit("a b/key:1", "", "four")
			if found, _ := scanned(t, Options{Paths: []string{c.dir}}); len(found) != 0 {
				t.Errorf("without history: %+v", found)
			}
			for _, pack := range []bool{false, true} {
				if pack {
					c.git("gc", "-q", "--prune=now")
				}
				found, summary := scanned(t, Options{Paths: []string{c.dir}, History: true})
				demand(t, c.dir, found, map[string]string{"a b/key:1": secret(1)})
				if f := found[0]; f.Commit != first || f.Copies != 1 || f.Line != 1 || f.Column != 5 || f.Repository != c.dir+"/.git" {
					t.Errorf("%+v, want commit %s", f, first)
				}
				if summary.Repositories != 1 || summary.Objects != 14 || summary.UnreadTotal != 0 {
					t.Errorf("%+v", summary)
				}
			}
		})
	}
}

func TestEveryLineOfTheEarliestVersionIsFound(t *testing.T) {
	c := newClone(t)
	first := c.commit("f", secret(1)+"\n"+secret(1)+"\n", "one")
	for n := range 5 {
		c.commit("f", strings.Repeat("\n", n+1)+secret(1)+"\n"+secret(1)+"\n"+secret(1), "more")
	}
	found, _ := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true})
	if len(found) != 2 || found[0].Line != 1 || found[1].Line != 2 || found[1].Copies != 5 || found[1].Commit != first {
		t.Errorf("%+v", found)
	}
}

func TestHistoryWithEndlessFindingsIsGivenUp(t *testing.T) {
	c := newClone(t)
	c.commit("f", strings.Repeat(secret(1)+"\n", foundMost+1), "one")
	found, summary := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true})
	if len(found) != foundMost || summary.UnreadTotal != 1 {
		t.Errorf("%d findings, %+v", len(found), summary)
	}
}

func TestSecretThatNoBranchReachesIsFound(t *testing.T) {
	c := newClone(t)
	c.commit("f", "x", "one")
	put(t, c.dir+"/f", secret(1))
	put(t, c.dir+"/new", secret(2))
	c.git("stash", "-q", "--include-untracked")
	amended := c.commit("amended", secret(3), "oops")
	put(t, c.dir+"/amended", "clean")
	c.git("commit", "-qa", "--amend", "-m", "clean")
	put(t, c.dir+"/staged", secret(4))
	c.git("add", "staged")
	c.git("reset", "-q", "--hard")
	c.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
	found, _ := scanned(t, Options{Paths: []string{c.dir}, History: true})
	demand(t, c.dir, found, map[string]string{"f": secret(1), "new": secret(2), "amended": secret(3), "": secret(4)})
	for _, f := range found {
		if f.Path == "amended" && f.Commit != amended || f.Path == "" && (f.Commit != "" || f.Object == "") {
			t.Errorf("%+v", f)
		}
	}
}

func TestSecretInAMessageATagANameAndAnArchiveIsFound(t *testing.T) {
	c := newClone(t)
	id := c.commit("f", "x", "rotate "+secret(1))
	c.git("tag", "-a", "v1", "-m", "was "+secret(2))
	c.commit(secret(3), "x", "two")
	c.commit("logs.gz", gzipped(secret(4)), "three")
	c.git("rm", "-q", "logs.gz", secret(3))
	c.commit("f", "y", "four")
	found, _ := scanned(t, Options{Paths: []string{c.dir}, History: true})
	got := map[string]bool{}
	for _, f := range found {
		got[f.Fingerprint] = true
		if f.Hint == secret(1)[:8] && f.Commit != id || strings.Contains(fmt.Sprintf("%+v", f), secret(3)) {
			t.Errorf("%+v", f)
		}
	}
	for n := range uint64(4) {
		if !got[Fingerprint([]byte(secret(n+1)))] {
			t.Errorf("secret %d was not found", n+1)
		}
	}
}

func TestMergeIsNotBlamedForWhatABranchBrought(t *testing.T) {
	c := newClone(t)
	c.commit("f", "x", "one")
	c.git("checkout", "-qb", "side")
	brought := c.commit("s", secret(1), "two")
	c.git("checkout", "-q", "main")
	c.commit("f", "y", "three")
	c.git("merge", "-q", "--no-commit", "side")
	evil := c.commit("evil", secret(2), "merge")
	found, _ := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true})
	demand(t, c.dir, found, map[string]string{"s": secret(1), "evil": secret(2)})
	if found[0].Commit != evil || found[1].Commit != brought {
		t.Errorf("%+v", found)
	}
}

func TestHistoryLeavesOutWhatIsExcluded(t *testing.T) {
	c := newClone(t)
	c.commit("vendor/f", secret(1), "one")
	c.commit("own/g", secret(2), "two")
	c.commit("vendor/g", secret(2), "three")
	found, _ := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true, Exclude: []string{"vendor"}})
	demand(t, c.dir, found, map[string]string{"own/g": secret(2)})
}

func TestBareRepositoriesAndThoseInFoldersAreRead(t *testing.T) {
	c := newClone(t)
	c.commit("f", secret(1), "one")
	root := t.TempDir()
	c.git("clone", "-q", "--bare", c.dir, root+"/in/bare.git")
	c.git("worktree", "add", "-q", root+"/tree")
	found, summary := scanned(t, Options{Paths: []string{root}, History: true})
	if len(found) != 3 || summary.Repositories != 2 || summary.Files != 1 { // the work tree's file, and two histories
		t.Errorf("%+v %+v", summary, found)
	}
}

func TestLinkToARepositoryIsNotFollowed(t *testing.T) {
	private, c := newClone(t), newClone(t)
	private.commit("f", secret(1), "one")
	c.commit("g", secret(2), "one")
	if err := errors.Join(os.Mkdir(c.dir+"/in", 0o700), os.Symlink(private.dir+"/.git", c.dir+"/in/.git")); err != nil {
		t.Fatal(err)
	}
	found, summary := scanned(t, Options{Paths: []string{c.dir}, History: true})
	if len(found) != 2 || found[0].Hint == secret(1)[:8] || summary.UnreadTotal != 1 || summary.Repositories != 1 {
		t.Errorf("%+v %+v", summary, found)
	}
	found, _ = scanned(t, Options{Paths: []string{c.dir + "/in/.git"}, History: true})
	demand(t, c.dir, found, map[string]string{"f": secret(1)})
}

// hostile makes a repository whose own configuration runs programs wherever git would let it.
func hostile(t *testing.T) (c *clone, marker string) {
	c = newClone(t)
	marker = filepath.Join(t.TempDir(), "ran")
	c.commit("f.evil", "x", "one")
	c.commit("f.evil", secret(1), "two")
	c.git("-c", "core.fsmonitor=false-program", "update-index", "--fsmonitor") // from here on reading the index asks the program
	program := filepath.Join(t.TempDir(), "program")
	put(t, program, "#!/bin/sh\necho \"$0 $*\" >> "+marker+"\nexit 1\n")
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, c.dir+"/.git/info/attributes", "* diff=evil filter=evil merge=evil\n")
	config := "[protocol \"ext\"]\n\tallow = always\n[protocol \"file\"]\n\tallow = always\n[diff \"evil\"]\n\ttextconv = P\n\tcommand = P\n" +
		"[filter \"evil\"]\n\tsmudge = P\n\tclean = P\n\tprocess = P\n[diff]\n\texternal = P\n[gpg]\n\tprogram = P\n[log]\n\tshowSignature = true\n" +
		"[core]\n\tfsmonitor = P\n\tpager = P\n\teditor = P\n\tsshCommand = P\n\tgitProxy = P\n\taskPass = P\n\talternateRefsCommand = P\n\thooksPath = H\n" +
		"[pager]\n\tcat-file = P\n\tdiff-tree = P\n[alias]\n\tcat-file = !P\n\tdiff-tree = !P\n[credential]\n\thelper = P\n" +
		"[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ext::P\n\tpromisor = true\n\tuploadpack = P\n"
	f, err := os.OpenFile(c.dir+"/.git/config", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(strings.NewReplacer("= P", "= "+program, "!P", "!"+program, "::P", "::"+program, "= H", "= "+filepath.Dir(program)).Replace(config))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"post-index-change", "reference-transaction", "pre-auto-gc", "post-checkout"} {
		if err := os.Link(program, filepath.Join(filepath.Dir(program), hook)); err != nil {
			t.Fatal(err)
		}
	}
	return c, marker
}

func TestHostileRepositoryRunsNothing(t *testing.T) {
	c, marker := hostile(t)
	found, _ := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true})
	demand(t, c.dir, found, map[string]string{"f.evil": secret(1)})

	// A tree that is missing makes git want to fetch it, from a remote that is a program.
	tree := c.git("rev-parse", "HEAD~:")
	if _, err := os.Stat(marker); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("a program of the repository ran")
	}
	if err := os.Remove(filepath.Join(c.dir, ".git/objects", tree[:2], tree[2:])); err != nil {
		t.Fatal(err)
	}
	found, summary := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true})
	if len(found) != 1 || summary.UnreadTotal == 0 {
		t.Errorf("%+v %+v", found, summary)
	}
	if ran, err := os.ReadFile(marker); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program of the repository ran: %s", ran)
	}

	// The bait is real: git by itself takes it.
	_ = exec.Command("git", "-C", c.dir, "status").Run()
	if _, err := os.Stat(marker); err != nil {
		t.Errorf("nothing here is hostile: %v", err)
	}
}

func TestEnvironmentOfGitIsItsOwn(t *testing.T) {
	c := newClone(t)
	c.commit("f", secret(1), "one")
	elsewhere := newClone(t)
	for name, value := range map[string]string{
		"GIT_DIR": elsewhere.dir + "/.git", "GIT_OBJECT_DIRECTORY": elsewhere.dir + "/.git/objects", "GIT_TRACE": t.TempDir() + "/trace", "GIT_CONFIG_COUNT": "no number",
		"COUNTERFOIL_CLIENT_SECRET": secret(2),
	} {
		t.Setenv(name, value)
	}
	found, summary := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true})
	demand(t, c.dir, found, map[string]string{"f": secret(1)})
	if summary.UnreadTotal != 0 {
		t.Errorf("%+v", summary)
	}
	for _, pair := range surroundings() {
		if strings.HasPrefix(pair, "COUNTERFOIL") || strings.HasPrefix(pair, "GIT_DIR") {
			t.Errorf("git is told %s", pair)
		}
	}
}

func TestDamagedRepositoryIsListedAndEndsNothing(t *testing.T) {
	c := newClone(t)
	c.commit("f", "x", "one")
	broken := newClone(t)
	put(t, broken.dir+"/.git/config", "[core\n"+secret(2))
	c.commit("g", secret(1), "two")
	found, summary := scanned(t, Options{Paths: []string{broken.dir + "/.git", c.dir + "/.git"}, History: true})
	demand(t, c.dir, found, map[string]string{"g": secret(1)})
	if summary.UnreadTotal == 0 || summary.Repositories != 2 || strings.Contains(fmt.Sprint(summary), secret(2)) {
		t.Errorf("%+v", summary)
	}
}

func TestLargeObjectIsLeftUnread(t *testing.T) {
	c := newClone(t)
	c.commit("large", strings.Repeat("x", 5000)+secret(1), "one")
	c.commit("small", secret(2), "two")
	found, summary := scanned(t, Options{Paths: []string{c.dir + "/.git"}, History: true, MaxFileSize: 4000})
	demand(t, c.dir, found, map[string]string{"small": secret(2)})
	if summary.UnreadTotal != 1 {
		t.Errorf("%+v", summary)
	}
}

func TestWithoutGitThereIsNoHistory(t *testing.T) {
	c := newClone(t)
	t.Setenv("PATH", t.TempDir())
	if _, err := Scan(t.Context(), Options{Paths: []string{c.dir}, History: true}, nil); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}
