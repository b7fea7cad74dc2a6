// Package furnish knows what the other rooms put into an environment.
//
// It owns: the two lists, of what a new environment is born with and of who keeps something sealed in one. It does not
// own: environments, which know no other room and are given these lists. A room that seals rows under an environment's
// key, or that a new environment must hold something of, adds its line here. Enter at [Authority].
package furnish
