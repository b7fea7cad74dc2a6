/** A file of rows (RFC 4180), the first of which is the head. */
export const csv = (rows: readonly (readonly (string | number)[])[]) => new Blob([rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')], { type: 'text/csv' })

/**
 * A cell that no spreadsheet runs, by the same rule as the server's files: what begins like a formula is one, and names are chosen
 * by others than whoever opens the file. Blanks before it do not stop every spreadsheet.
 */
function cell(value: string | number) {
  const text = typeof value === 'string' && /^[ \u00a0\u3000]*[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
