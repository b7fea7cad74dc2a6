package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestEveryKindHasANameOfItsOwn(t *testing.T) {
	seen := map[string]fault.Kind{}
	for i, kind := range fault.Kinds() {
		if kind != fault.Kind(i) {
			t.Errorf("kind %d is listed at %d: the list has a gap", kind, i)
		}
		if other, taken := seen[kind.String()]; taken {
			t.Errorf("kinds %d and %d are both called %q", other, kind, kind)
		}
		seen[kind.String()] = kind
	}
	if beyond := fault.Kind(len(fault.Kinds())); beyond.String() != fault.Internal.String() {
		t.Errorf("kind %q is not listed", beyond)
	}
}

func TestTheOutermostKindCounts(t *testing.T) {
	inner := fault.New(fault.NotFound, "no such secret")
	for _, c := range []struct {
		err  error
		want fault.Kind
	}{
		{inner, fault.NotFound},
		{fmt.Errorf("looking: %w", inner), fault.NotFound},
		{fault.Wrap(fault.Unauthenticated, inner, "unknown client"), fault.Unauthenticated},
		{errors.Join(io.EOF, inner), fault.NotFound},
		{io.EOF, fault.Internal},
		{context.Canceled, fault.Internal},
	} {
		if got := fault.Of(c.err); got != c.want || !fault.Is(c.err, c.want) {
			t.Errorf("%v is %s, want %s", c.err, got, c.want)
		}
	}
	if fault.Is(nil, fault.Internal) {
		t.Error("no error is taken for a failure")
	}
}

func TestOnlyWordsMeantForTheCallerArePublic(t *testing.T) {
	cause := errors.New("pq: password of host db-7 is wrong")
	for _, c := range []struct {
		err            error
		field, message string
	}{
		{fault.On("name", "must be at most %d characters", 80), "name", "must be at most 80 characters"},
		{fault.Wrap(fault.Unavailable, cause, "the database does not answer"), "", "the database does not answer"},
		{fmt.Errorf("adding db-7: %w", fault.New(fault.Conflict, "already exists")), "", "already exists"},
		{fault.Wrap(fault.Internal, cause, "reading db-7"), "", ""},
		{cause, "", ""},
	} {
		if field, message := fault.Public(c.err); field != c.field || message != c.message {
			t.Errorf("%v shows %q, %q; want %q, %q", c.err, field, message, c.field, c.message)
		}
	}
}

func TestTheLogSeesTheCause(t *testing.T) {
	err := fault.Wrap(fault.Unavailable, io.EOF, "the database does not answer")
	if err.Error() != "the database does not answer: EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}
