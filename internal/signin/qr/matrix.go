package qr

// matrix is the modules of a code, row by row.
type matrix struct {
	number int
	dark   [][]bool
	// fixed modules are part of a pattern, and neither hold data nor are masked.
	fixed [][]bool
}

// newMatrix returns a matrix with the patterns of a version (§6.3).
func newMatrix(number int, align []int) *matrix {
	side := 17 + 4*number
	m := &matrix{number: number}
	for range side {
		m.dark, m.fixed = append(m.dark, make([]bool, side)), append(m.fixed, make([]bool, side))
	}
	for i := range side { // timing
		m.set(i, 6, i%2 == 0)
		m.set(6, i, i%2 == 0)
	}
	for _, corner := range [][2]int{{3, 3}, {side - 4, 3}, {3, side - 4}} {
		m.rings(corner[0], corner[1], 4, func(ring int) bool { return ring != 2 && ring != 4 })
	}
	for i, x := range align {
		for j, y := range align {
			last := len(align) - 1
			if i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0 {
				continue // a finder lies there
			}
			m.rings(x, y, 2, func(ring int) bool { return ring != 1 })
		}
	}
	m.format(0)
	m.versionInformation()
	return m
}

func (m *matrix) set(x, y int, dark bool) { m.dark[y][x], m.fixed[y][x] = dark, true }

// rings draws squares around a module, as far as they lie inside.
func (m *matrix) rings(x, y, most int, dark func(ring int) bool) {
	for dy := -most; dy <= most; dy++ {
		for dx := -most; dx <= most; dx++ {
			if x+dx >= 0 && x+dx < len(m.dark) && y+dy >= 0 && y+dy < len(m.dark) {
				m.set(x+dx, y+dy, dark(max(dx, -dx, dy, -dy)))
			}
		}
	}
}

// format writes level M and the mask, twice (§7.9).
func (m *matrix) format(mask int) {
	const level = 0b00 // M
	data := level<<3 | mask
	rest := data
	for range 10 {
		rest = rest<<1 ^ rest>>9*0x537
	}
	word := (data<<10 | rest) ^ 0x5412
	bit := func(i int) bool { return word>>i&1 == 1 }
	side := len(m.dark)
	for i := range 6 {
		m.set(8, i, bit(i))
		m.set(14-9-i, 8, bit(9+i))
	}
	m.set(8, 7, bit(6))
	m.set(8, 8, bit(7))
	m.set(7, 8, bit(8))
	for i := range 8 {
		m.set(side-1-i, 8, bit(i))
	}
	for i := 8; i < 15; i++ {
		m.set(8, side-15+i, bit(i))
	}
	m.set(8, side-8, true)
}

// versionInformation writes the number of the version, twice, from 7 on (§7.10).
func (m *matrix) versionInformation() {
	if m.number < 7 {
		return
	}
	rest := m.number
	for range 12 {
		rest = rest<<1 ^ rest>>11*0x1f25
	}
	word := m.number<<12 | rest
	for i := range 18 {
		a, b := len(m.dark)-11+i%3, i/3
		m.set(a, b, word>>i&1 == 1)
		m.set(b, a, word>>i&1 == 1)
	}
}

// place lays the codewords from the lower right corner on, in columns of two modules that go up and down in turn (§7.7.3).
func (m *matrix) place(words []byte) {
	side, i := len(m.dark), 0
	for right := side - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for step := range side {
			y := step
			if (right+1)&2 == 0 {
				y = side - 1 - step
			}
			for x := right; x > right-2; x-- {
				if !m.fixed[y][x] && i < 8*len(words) {
					m.dark[y][x] = words[i/8]>>(7-i%8)&1 == 1
					i++
				}
			}
		}
	}
}

// masks are the conditions of §7.8.2.
var masks = []func(x, y int) bool{
	func(x, y int) bool { return (x+y)%2 == 0 },
	func(_, y int) bool { return y%2 == 0 },
	func(x, _ int) bool { return x%3 == 0 },
	func(x, y int) bool { return (x+y)%3 == 0 },
	func(x, y int) bool { return (x/3+y/2)%2 == 0 },
	func(x, y int) bool { return x*y%2+x*y%3 == 0 },
	func(x, y int) bool { return (x*y%2+x*y%3)%2 == 0 },
	func(x, y int) bool { return ((x+y)%2+x*y%3)%2 == 0 },
}

// mask applies the mask that readers have the least trouble with (§7.8.3).
func (m *matrix) mask() {
	best, least := 0, -1
	for i := range masks {
		m.apply(i)
		if p := m.penalty(); least < 0 || p < least {
			best, least = i, p
		}
		m.apply(i) // twice is not at all
	}
	m.apply(best)
}

func (m *matrix) apply(mask int) {
	m.format(mask)
	for y, row := range m.dark {
		for x := range row {
			if !m.fixed[y][x] && masks[mask](x, y) {
				row[x] = !row[x]
			}
		}
	}
}

// penalty is how hard the code is to read: long runs, squares, what looks like a finder, more of one colour than of the other.
func (m *matrix) penalty() (sum int) {
	side, dark := len(m.dark), 0
	finders := []string{"10111010000", "00001011101"}
	for a := range side {
		row, column := make([]byte, side), make([]byte, side)
		for b := range side {
			row[b], column[b] = digit(m.dark[a][b]), digit(m.dark[b][a])
			if m.dark[a][b] {
				dark++
			}
			if a > 0 && b > 0 && m.dark[a][b] == m.dark[a-1][b] && m.dark[a][b] == m.dark[a][b-1] && m.dark[a][b] == m.dark[a-1][b-1] {
				sum += 3
			}
		}
		for _, line := range [][]byte{row, column} {
			sum += runs(line)
			for i := 0; i+11 <= side; i++ {
				if s := string(line[i : i+11]); s == finders[0] || s == finders[1] {
					sum += 40
				}
			}
		}
	}
	off := 20*dark/(side*side) - 10
	return sum + 10*max(off, -off-1)
}

func digit(dark bool) byte {
	if dark {
		return '1'
	}
	return '0'
}

// runs counts those of five modules or more of one colour.
func runs(line []byte) (sum int) {
	for i, length := 0, 0; i < len(line); i++ {
		if i > 0 && line[i] == line[i-1] {
			length++
		} else {
			length = 1
		}
		if length == 5 {
			sum += 3
		} else if length > 5 {
			sum++
		}
	}
	return sum
}
