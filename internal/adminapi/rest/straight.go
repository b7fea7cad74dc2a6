package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Straight returns an API like api whose operations are described as they are registered, and answered by answer: for one
// that programs call again and again, where the way in which other operations read and write costs as much as the rest.
// What stands before every operation of the API stands before it as well; answer is given who was let in, and asks no gate in a
// transaction: it is for permissions that nobody has over less than an environment. The desk is asked for with each request,
// because an API is also described where there is none.
func Straight(api huma.API, desk func() *Desk, answer func(http.ResponseWriter, *http.Request, *Call)) huma.API {
	return straight{api, straightWay{api.Adapter(), desk, answer}}
}

type straight struct {
	huma.API
	way straightWay
}

// Adapter is where [huma.Register] puts an operation after it has described it.
func (s straight) Adapter() huma.Adapter { return s.way }

type straightWay struct {
	huma.Adapter
	desk   func() *Desk
	answer func(http.ResponseWriter, *http.Request, *Call)
}

// Handle takes the place of the middlewares: [web.Begin] and [Desk.Admit].
func (s straightWay) Handle(op *huma.Operation, _ func(huma.Context)) {
	terms := terms(op)
	s.Adapter.Handle(op, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		if !web.Begin(w, r) {
			return
		}
		who, err := s.desk().Guard.Admit(w, r, terms)
		if err != nil {
			web.WriteProblem(w, err)
			return
		}
		for name := range r.URL.Query() { // operations refuse what they do not know, and this way knows none
			web.WriteProblem(w, fault.On("query."+name, "unknown query parameter"))
			return
		}
		s.answer(w, r, newCall(who, r, terms.Scope))
	})
}
