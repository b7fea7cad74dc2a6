// Command counterfoil issues API credentials and administers those who do; counterfoil help says how.
package main

import (
	"os"

	"github.com/counterfoil/counterfoil/internal/cli"
)

func main() { os.Exit(cli.Main()) }
