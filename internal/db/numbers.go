package db

import (
	"fmt"
	"strconv"
	"strings"
)

// Numbers reads a list of numbers as rows keep it, a JSON array such as [1,5,9]; empty text is no list.
func Numbers(text string) ([]uint32, error) {
	if text == "" || text == "[]" {
		return nil, nil
	}
	inner, ok := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed {
		return nil, fmt.Errorf("not a list of numbers: %q", text)
	}
	numbers := make([]uint32, 0, 1+strings.Count(inner, ","))
	for part := range strings.SplitSeq(inner, ",") {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("not a list of numbers: %q", text)
		}
		numbers = append(numbers, uint32(n))
	}
	return numbers, nil
}

// NumbersText is the reverse of [Numbers].
func NumbersText(numbers []uint32) string {
	text := []byte{'['}
	for i, n := range numbers {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, uint64(n), 10)
	}
	return string(append(text, ']'))
}
