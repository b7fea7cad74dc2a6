package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Format is how a file is written.
type Format string

// The formats.
const (
	CSV Format = "csv"
	// NDJSON has one SCIM user in JSON a line.
	NDJSON Format = "ndjson"
)

// Detect says which format a file has, by its first character.
func Detect(beginning []byte) Format {
	if text := bytes.TrimLeft(bytes.TrimPrefix(beginning, bom), " \t\r\n"); len(text) > 0 && text[0] == '{' {
		return NDJSON
	}
	return CSV
}

// bom is the byte order mark that spreadsheets put in front of UTF-8.
var bom = []byte("\xef\xbb\xbf")

// Read yields the records of a file in their order, those with a problem included. A user name that comes a second time is
// a problem of the later line. The error, which ends it, is about the file as a whole: [fault.Invalid] for columns that
// are unknown, doubled or missing, or what in returns.
func Read(in io.Reader, format Format) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		buffered := bufio.NewReaderSize(in, 1<<16)
		if start, _ := buffered.Peek(len(bom)); bytes.Equal(start, bom) {
			_, _ = buffered.Discard(len(bom))
		}
		records := readNDJSON(buffered)
		if format == CSV {
			records = readCSV(buffered)
		}
		seen := firsts{seed: maphash.MakeSeed(), lines: map[uint64]int64{}}
		for r, err := range records {
			if err == nil && r.Problem == "" {
				r.Problem = seen.problem(&r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// firsts remembers where each user name came first, in 16 bytes each.
type firsts struct {
	seed  maphash.Seed
	lines map[uint64]int64
}

func (f *firsts) problem(r *Record) string {
	var user struct {
		UserName string `json:"userName"`
	}
	if json.Unmarshal(r.User, &user) != nil || user.UserName == "" {
		return "" // the server says what is wrong with it
	}
	key := maphash.String(f.seed, directory.Fold(user.UserName))
	if line, twice := f.lines[key]; twice {
		return fmt.Sprintf("the user name is in line %d already", line)
	}
	f.lines[key] = r.Line
	return ""
}

func readNDJSON(in *bufio.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for line := int64(1); ; line++ {
			text, tooLong, err := readLine(in)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Record{}, err)
				return
			}
			r := Record{Line: line, User: bytes.TrimSpace(text)}
			switch {
			case tooLong:
				r = Record{Line: line, Problem: fmt.Sprintf("a line has at most %d bytes", MaxRecord)}
			case len(r.User) > 0 && !json.Valid(r.User):
				r = Record{Line: line, Problem: "this line is no JSON"}
			}
			if (len(r.User) > 0 || r.Problem != "") && !yield(r, nil) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// readLine reads to the end of a line and keeps at most MaxRecord bytes of it.
func readLine(in *bufio.Reader) (text []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if !tooLong {
			text = append(text, part...)
		}
		if len(text) > MaxRecord+2 {
			text, tooLong = nil, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, tooLong, err
		}
	}
}

// columns are the columns of a CSV file and where they go.
var columns = map[string]func(p *directory.Profile, value string){
	"user_name":          func(p *directory.Profile, v string) { p.UserName = v },
	"external_id":        func(p *directory.Profile, v string) { p.ExternalID = v },
	"formatted_name":     func(p *directory.Profile, v string) { p.Name.Formatted = v },
	"given_name":         func(p *directory.Profile, v string) { p.Name.GivenName = v },
	"middle_name":        func(p *directory.Profile, v string) { p.Name.MiddleName = v },
	"family_name":        func(p *directory.Profile, v string) { p.Name.FamilyName = v },
	"honorific_prefix":   func(p *directory.Profile, v string) { p.Name.HonorificPrefix = v },
	"honorific_suffix":   func(p *directory.Profile, v string) { p.Name.HonorificSuffix = v },
	"display_name":       func(p *directory.Profile, v string) { p.DisplayName = v },
	"nick_name":          func(p *directory.Profile, v string) { p.NickName = v },
	"profile_url":        func(p *directory.Profile, v string) { p.ProfileURL = v },
	"title":              func(p *directory.Profile, v string) { p.Title = v },
	"user_type":          func(p *directory.Profile, v string) { p.UserType = v },
	"preferred_language": func(p *directory.Profile, v string) { p.PreferredLanguage = v },
	"locale":             func(p *directory.Profile, v string) { p.Locale = v },
	"timezone":           func(p *directory.Profile, v string) { p.Timezone = v },
	"email": func(p *directory.Profile, v string) {
		p.Emails = slices.Insert(p.Emails, 0, directory.Email{Value: v, Type: "work", Primary: true})
	},
	"email_other": func(p *directory.Profile, v string) {
		p.Emails = append(p.Emails, directory.Email{Value: v, Type: "other"})
	},
	"phone": func(p *directory.Profile, v string) {
		p.PhoneNumbers = append(p.PhoneNumbers, directory.MultiValue{Value: v, Type: "work"})
	},
	"mobile": func(p *directory.Profile, v string) {
		p.PhoneNumbers = append(p.PhoneNumbers, directory.MultiValue{Value: v, Type: "mobile"})
	},
	"street_address":  func(p *directory.Profile, v string) { address(p).StreetAddress = v },
	"locality":        func(p *directory.Profile, v string) { address(p).Locality = v },
	"region":          func(p *directory.Profile, v string) { address(p).Region = v },
	"postal_code":     func(p *directory.Profile, v string) { address(p).PostalCode = v },
	"country":         func(p *directory.Profile, v string) { address(p).Country = v },
	"employee_number": func(p *directory.Profile, v string) { p.Enterprise.EmployeeNumber = v },
	"cost_center":     func(p *directory.Profile, v string) { p.Enterprise.CostCenter = v },
	"organization":    func(p *directory.Profile, v string) { p.Enterprise.Organization = v },
	"division":        func(p *directory.Profile, v string) { p.Enterprise.Division = v },
	"department":      func(p *directory.Profile, v string) { p.Enterprise.Department = v },
	"manager":         func(p *directory.Profile, v string) { p.Enterprise.Manager.Value = v },
}

// special are columns that are not part of the profile.
var special = map[string]bool{"active": true, "population": true, "password_hash": true, "password_format": true, "password_salt": true}

// Columns lists the columns that a CSV file may have, sorted. Custom attributes are further ones: URN, colon, attribute.
func Columns() []string {
	names := []string{"active", "population", "password_hash", "password_format", "password_salt"}
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func address(p *directory.Profile) *directory.Address {
	if len(p.Addresses) == 0 {
		p.Addresses = []directory.Address{{Type: "work"}}
	}
	return &p.Addresses[0]
}

func readCSV(in io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r := csv.NewReader(in)
		r.FieldsPerRecord, r.ReuseRecord, r.LazyQuotes = -1, true, false
		header, err := r.Read()
		if errors.Is(err, io.EOF) {
			err = fault.New(fault.Invalid, "the file is empty; its first line names the columns")
		}
		if err == nil {
			header, err = readHeader(slices.Clone(header))
		}
		if err != nil {
			yield(Record{}, err)
			return
		}
		for {
			fields, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var record Record
			if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
				record = Record{Line: int64(wrong.StartLine), Problem: "a quote is in the wrong place: " + wrong.Err.Error()}
			} else if err != nil {
				yield(Record{}, err)
				return
			} else {
				line, _ := r.FieldPos(0)
				record.Line = int64(line)
				record.fill(header, fields)
			}
			if !yield(record, nil) {
				return
			}
		}
	}
}

func readHeader(header []string) ([]string, error) {
	for i, name := range header {
		name = strings.TrimSpace(name)
		if !strings.HasPrefix(name, "urn:") {
			name = strings.ReplaceAll(strings.ToLower(name), " ", "_")
		}
		if _, known := columns[name]; !known && !special[name] && !customColumn(name) {
			return nil, fault.New(fault.Invalid, "the file has a column %q; columns are %s, and for custom attributes URN:attribute",
				clip(name), strings.Join(Columns(), ", "))
		}
		if slices.Contains(header[:i], name) {
			return nil, fault.New(fault.Invalid, "the file has the column %s twice", name)
		}
		header[i] = name
	}
	if !slices.Contains(header, "user_name") {
		return nil, fault.New(fault.Invalid, "the file has no column user_name")
	}
	return header, nil
}

func customColumn(name string) bool {
	at := strings.LastIndexByte(name, ':')
	return strings.HasPrefix(name, "urn:") && at > len("urn:") && at < len(name)-1
}

// fill makes the user out of the fields of a line. Empty ones say nothing.
func (r *Record) fill(header, fields []string) {
	if len(fields) != len(header) {
		r.Problem = fmt.Sprintf("the line has %d fields and the header %d", len(fields), len(header))
		return
	}
	var p directory.Profile
	var hash Hash
	active := ""
	for i, name := range header {
		value := strings.TrimSpace(fields[i])
		switch set := columns[name]; {
		case value == "":
		case name == "active":
			active = strings.ToLower(value)
		case name == "population":
			r.Population = value
		case name == "password_hash":
			hash.Text = value
		case name == "password_format":
			hash.Format = value
		case name == "password_salt":
			hash.Salt = value
		case set != nil:
			set(&p, value)
		default:
			at := strings.LastIndexByte(name, ':')
			if p.Custom == nil {
				p.Custom = map[string]map[string]any{}
			}
			if p.Custom[name[:at]] == nil {
				p.Custom[name[:at]] = map[string]any{}
			}
			p.Custom[name[:at]][name[at+1:]] = value
		}
	}
	if hash.Text != "" {
		r.Hash = &hash
	}
	user, err := json.Marshal(p)
	switch {
	case err != nil:
		r.Problem = clip(err.Error())
	case len(user) > MaxRecord:
		r.Problem = fmt.Sprintf("a record has at most %d bytes", MaxRecord)
	case active == "true" || active == "false":
		r.User = append(user[:len(user)-1], []byte(`,"active":`+active+"}")...)
	case active != "":
		r.Problem = "active is true or false"
	default:
		r.User = user
	}
}
