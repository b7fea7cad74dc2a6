package client

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// pageSize is the largest page the server gives.
const pageSize = 200

type page[T any] struct {
	Items []*T   `json:"items"`
	Next  string `json:"next"`
}

// pages iterates over a list, fetching one page at a time. After an error it yields no more.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		query := maps.Clone(query)
		if query == nil {
			query = url.Values{}
		}
		if !query.Has("limit") {
			query.Set("limit", strconv.Itoa(pageSize))
		}
		for {
			got, err := call[page[T]](ctx, c, request{method: http.MethodGet, path: path, query: query, repeatable: true})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range got.Items {
				if !yield(item, nil) {
					return
				}
			}
			if got.Next == "" {
				return
			}
			if got.Next == query.Get("cursor") {
				yield(nil, fmt.Errorf("client: the list %s does not advance", path))
				return
			}
			query.Set("cursor", got.Next)
		}
	}
}

// Collect gathers a list, or returns the first error in it.
func Collect[T any](items iter.Seq2[*T, error]) ([]*T, error) {
	var all []*T
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}
