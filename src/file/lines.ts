/**
 * Lines as bytes.
 */

export const lineEnd = 10

export const lineCount = (lines: Uint8Array): number => {
  let count = 0
  for (let at = lines.indexOf(lineEnd); at >= 0; at = lines.indexOf(lineEnd, at + 1)) count += 1
  return count
}
