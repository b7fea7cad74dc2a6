/** A text between quotes that a shell reads as it is: nothing in it is a variable, a command or an end (POSIX XCU §2.2.2). */
export const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** One argument of a command line, quoted unless there is nothing in it that a shell minds. What others wrote is copied into shells. */
export const arg = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : quote(text))

type FlagValue = string | number | boolean | undefined

/** The members of a body as flags of the same names: a truth is on or off, a list is a flag each. */
export const flagsOf = (body: Record<string, FlagValue | readonly string[]>) =>
  Object.entries(body)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
    .map(([name, one]) => (one === undefined ? '' : ` --${name.replaceAll('_', '-')} ${arg(typeof one === 'boolean' ? (one ? 'on' : 'off') : String(one))}`))
    .join('')

/** An argument that is no flag, whatever it begins with; it stands at the end of the line. */
export const operand = (text: string) => (text.startsWith('-') ? `-- ${arg(text)}` : arg(text))
