package intake_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/intake"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

var source = strings.Repeat("ab", 32)

func read(t *testing.T, text string) (records []intake.Record) {
	t.Helper()
	for r, err := range intake.Read(strings.NewReader(text), intake.Detect([]byte(text))) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

func begin(r *roomtest.Rooms, mode intake.Mode) (id uuid.UUID) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		i, err := intake.Open(tx, &r.Operator, source, "people.csv", mode)
		if err == nil {
			id = i.ID
		}
		return err
	})
	return id
}

func apply(r *roomtest.Rooms, id uuid.UUID, sequence int64, records []intake.Record) (out *intake.Outcome) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		out, err = intake.Apply(tx, r.Vault, &r.Operator, id, sequence, records)
		return err
	})
	return out
}

func TestCSVAsSpreadsheetsWriteItBecomesUsers(t *testing.T) {
	text := "\xef\xbb\xbfUser Name,email,given_name,family_name,active,population,urn:example:badge:colour,phone\r\n" +
		"ann,ann@example.com,Ann,\"Brown, Dr\",true,,blue,\r\n" +
		"\"bob\",bob@example.com,Bob,\"two\r\nlines\",FALSE,Default,,+1 555 0100\r\n"
	records := read(t, text)
	if len(records) != 2 || records[0].Line != 2 || records[1].Line != 3 || records[0].Problem+records[1].Problem != "" {
		t.Fatalf("%+v", records)
	}
	for _, want := range []string{`"familyName":"Brown, Dr"`, `"urn:example:badge":{"colour":"blue"}`, `"active":true`, `"value":"ann@example.com"`} {
		if !strings.Contains(string(records[0].User), want) {
			t.Errorf("%s lacks %s", records[0].User, want)
		}
	}
	if records[1].Population != "Default" || !strings.Contains(string(records[1].User), `"active":false`) {
		t.Errorf("%s", records[1].User)
	}
}

func TestFileWithWrongColumnsIsRefusedBeforeAnythingIsSent(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "empty",
		"email\na@example.com\n":         "no column user_name",
		"user_name,shoe_size\nann,42\n":  `column "shoe_size"`,
		"user_name,User Name\nann,ann\n": "twice",
		"user_name,urn:x:\nann,1\n":      "urn:x:",
	} {
		var got error
		for _, err := range intake.Read(strings.NewReader(text), intake.CSV) {
			got = err
		}
		if !fault.Is(got, fault.Invalid) || !strings.Contains(got.Error(), want) {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestLineThatIsNoRecordSaysWhyAndTheRestGoesOn(t *testing.T) {
	records := read(t, "user_name,email\nann,ann@example.com\nANN,other@example.com\nbob\nca\"rl,x\ndora,dora@example.com\n")
	var problems []string
	for _, r := range records {
		problems = append(problems, fmt.Sprintf("%d %s", r.Line, r.Problem))
	}
	want := []string{"2 ", "3 the user name is in line 2 already", "4 the line has 1 fields and the header 2", "5 a quote is in the wrong place", "6 "}
	for i := range want {
		if len(problems) != len(want) || !strings.HasPrefix(problems[i], want[i]) {
			t.Fatalf("%q", problems)
		}
	}
	records = read(t, "{\"userName\":\"ann\"}\n\nno json\n{\"userName\":\"x\",\"title\":\""+strings.Repeat("y", intake.MaxRecord)+"\"}\n{\"userName\":\"bob\"}")
	if len(records) != 4 || records[0].Problem != "" || records[1].Line != 3 || records[1].Problem == "" || records[2].Problem == "" || records[3].Line != 5 {
		t.Errorf("%d %+v", len(records), records[0])
	}
}

func TestBatchThatComesTwiceIsAppliedOnce(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		id := begin(r, intake.CreateOnly)
		if again := begin(r, intake.CreateOnly); again != id {
			r.Error("the same file began another import")
		}
		records := read(r.T, "user_name,email\nann,ann@example.com\nbob,ann@example.com\ncarl,\n")
		first := apply(r, id, 1, records)
		if first.Created != 2 || first.Rejected != 1 || first.Rejects[0].Line != 3 || !strings.Contains(first.Rejects[0].Reason, "ann@example.com") {
			r.Errorf("%+v", first)
		}
		second := apply(r, id, 1, records)
		if !second.Again || second.Created != 2 || second.Rejected != 1 {
			r.Errorf("%+v", second)
		}
		r.Refused("other records under the same number", fault.Conflict, func(tx *db.Tx) error {
			_, err := intake.Apply(tx, r.Vault, &r.Operator, id, 1, records[:1])
			return err
		})
		r.Write(func(tx *db.Tx) error {
			users, err := roll.Users(tx, &r.Operator, roll.Which{}, directory.Page{Limit: 10})
			if err != nil || len(users) != 2 {
				r.Errorf("%v, %d users", err, len(users))
			}
			i, counts, err := intake.Finish(tx, &r.Operator, id)
			if err != nil || counts.Created != 2 || counts.Rejected != 1 || i.State != intake.Finished {
				r.Errorf("%v, %+v", err, counts)
			}
			rejects, err := i.Rejects(tx, 0)
			if err != nil || len(rejects) != 1 || rejects[0].Line != 3 {
				r.Errorf("%v, %+v", err, rejects)
			}
			return err
		})
		r.Refused("a batch for a finished import", fault.Conflict, func(tx *db.Tx) error {
			_, err := intake.Apply(tx, r.Vault, &r.Operator, id, 2, records)
			return err
		})
	})
}

func TestUpdateChangesWhatTheRecordNamesAndNothingElse(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		id := begin(r, intake.Update)
		apply(r, id, 1, read(r.T, "user_name,email,title\nann,ann@example.com,Captain\nbob,bob@example.com,Cook\n"))
		out := apply(r, id, 2, read(r.T, "user_name,title,active\nann,Admiral,false\nbob,Cook,\ncarl,Boy,\n"))
		if out.Changed != 1 || out.Unchanged != 1 || out.Created != 1 {
			r.Errorf("%+v", out)
		}
		r.Write(func(tx *db.Tx) error {
			u, err := directory.Find(tx, r.Home.ID, "ann@example.com")
			if err != nil || u.Profile.Title != "Admiral" || u.Status != directory.Suspended {
				r.Errorf("%v, %+v", err, u)
			}
			return nil
		})
	})
}

// A line is applied whole or rejected whole: nothing else of it is kept when its status cannot be had.
func TestLineWhoseStatusIsRefusedChangesNothing(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.Write(func(tx *db.Tx) error {
			for name, status := range map[string]directory.Status{"owner": directory.Active, "heir": directory.Suspended} {
				u, err := directory.Create(tx, &r.Operator, directory.Spec{Status: status, Profile: directory.Profile{UserName: name, Title: "Cook"}})
				if err != nil {
					return err
				}
				everywhere := access.RoleScope{Kind: access.OverEnvironment, ID: r.Home.ID}
				if err := role.Grant(tx, &r.Operator, u.ID, access.Assignment{Role: access.EnvironmentAdmin, Scope: everywhere}); err != nil {
					return err
				}
			}
			return nil
		})
		writer := r.Actor(access.WriteUsers, access.ReadUsers)
		r.Write(func(tx *db.Tx) error {
			out, err := intake.Try(tx, r.Vault, &writer, intake.Update, read(r.T, "user_name,title,active\nowner,Captain,false\nheir,Captain,true\n"))
			if err != nil || out.Rejected != 2 || out.Changed != 0 || len(out.Differences) != 0 {
				r.Errorf("%v, %+v", err, out)
			}
			return nil
		})
		r.Write(func(tx *db.Tx) error {
			for _, name := range []string{"owner", "heir"} {
				u, err := directory.Find(tx, r.Home.ID, name)
				if err != nil || u.Profile.Title != "Cook" || u.Version != 1 {
					r.Errorf("%s was rejected, and is changed: %v, %+v", name, err, u)
				}
			}
			return nil
		})
	})
}

func TestPasswordsAndUnknownAttributesDoNotComeInUnseen(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		id := begin(r, intake.CreateOnly)
		out := apply(r, id, 1, read(r.T, `{"userName":"ann","password":"correct horse battery"}
{"userName":"bob","usrType":"x"}
{"userName":"carl","active":"perhaps"}
{"userName":"dora","schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"active":"True","meta":{}}
{"userName":"  "}
{"userName":"eve","emails":"eve@example.com"}
{"userName":"fred","population":"x"}`))
		if out.Created != 1 || out.Rejected != 6 {
			r.Errorf("%+v", out)
		}
	})
}

func TestHashesOfPasswordsComeAlongForThoseWhoMaySetThem(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		id := begin(r, intake.CreateOnly)
		// The SHA-256 of "hellopassword".
		out := apply(r, id, 1, read(r.T, `user_name,password_hash,password_format,password_salt
ann,b1c788abac15390de987ad17b65ac73c9b475d428a51f245c645a442fddd078b,salt+sha256,hello
bob,nonsense,,
`))
		if out.Created != 1 || out.Rejected != 1 || strings.Contains(out.Rejects[0].Reason, "nonsense") {
			r.Errorf("%+v", out)
		}
		verify := func(text string) password.Outcome {
			a := password.Authority{DB: r.DB, Vault: r.Vault, Hasher: &password.Hasher{Checker: chosen.New(chosen.Options{Now: time.Now})}}
			result, err := a.Verify(r.Context(), r.Home.ID, "ann", seal.NewSecret(text), netip.Addr{})
			if err != nil {
				r.Fatal(err)
			}
			return result.Outcome
		}
		if got := verify("password"); got != password.Right {
			r.Errorf("the right password: %s", got)
		}
		if got := verify("hello"); got != password.Wrong {
			r.Errorf("a wrong password: %s", got)
		}
		writer := r.Actor(access.WriteUsers, access.ReadUsers)
		r.Write(func(tx *db.Tx) error {
			tried, err := intake.Try(tx, r.Vault, &writer, intake.CreateOnly, read(r.T, `{"userName":"carl","passwordHash":{"hash":"{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3"}}`))
			if err != nil || tried.Rejected != 1 || tried.Created != 0 || !strings.Contains(tried.Rejects[0].Reason, access.SetPasswords) {
				r.Errorf("%v, %+v", err, tried)
			}
			return nil
		})
	})
}

func FuzzFilesAreReadInBounds(f *testing.F) {
	f.Add("user_name,email\nann,a@b.c\n")
	f.Add("{\"userName\":\"ann\"}\n{")
	f.Add("\xef\xbb\xbfuser_name\r\n\"a\r\nb\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		last := int64(0)
		for r, err := range intake.Read(strings.NewReader(text), intake.Detect([]byte(text))) {
			if err != nil {
				return
			}
			if r.Line <= last || r.Problem == "" && (len(r.User) == 0 || len(r.User) > intake.MaxRecord+100) {
				t.Fatalf("line %d after %d: %q %s", r.Line, last, r.Problem, r.User)
			}
			last = r.Line
		}
	})
}
