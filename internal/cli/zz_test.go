package cli_test
import ("testing";"time";"github.com/counterfoil/counterfoil/internal/housetest")
func TestZZ(t *testing.T){ h:=housetest.Start(t); d:=at(t,h); t.Log(d.run("key","list")); time.Sleep(2*time.Second); t.Log(d.run("key","list")); t.Log(h.Log.String()) }
