package rest

import "github.com/google/uuid"

// ApplicationPath names an application. What belongs to one embeds it in its own path.
type ApplicationPath struct {
	Application string `path:"application" doc:"Its client_id."`
}

// ID reads an id in a path. What is none becomes the zero id, which no row has, so that it looks missing.
func ID(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text { // one thing has one spelling
		return uuid.Nil
	}
	return id
}
