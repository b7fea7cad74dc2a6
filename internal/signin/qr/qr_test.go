package qr

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// A reader that is not ours (zxing-cpp 2.3) read every length from 1 to 412 when these sums were taken, so they stand for codes
// that phones read.
func TestCodesAreThoseThatAReaderRead(t *testing.T) {
	for length, want := range map[int]string{
		1: "0db507863e33ebc9", 100: "5cf2636d4781512f", 154: "057cf26c724113b9", 271: "d29bc7765ada0d71", 412: "ed08251c0ea985cb",
	} {
		var b strings.Builder
		for _, row := range encode(strings.Repeat("otpauth://totp/", 40)[:length]).dark {
			for _, dark := range row {
				b.WriteByte(digit(dark))
			}
			b.WriteByte('\n')
		}
		sum := sha256.Sum256([]byte(b.String()))
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("%d bytes: %s, want %s", length, got, want)
		}
	}
}

func TestWhatIsTooLongHasNoPicture(t *testing.T) {
	if Draw(strings.Repeat("x", 413)) != nil || Draw(strings.Repeat("x", 412)) == nil {
		t.Error("412 bytes are the most")
	}
	p := Draw("x")
	if p.Side != 21+8 || !strings.HasPrefix(p.Path, "M4 4h1v1h-1z") || strings.Count(p.Path, "M") < 150 {
		t.Errorf("%+v", p)
	}
}
