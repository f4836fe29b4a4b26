/**
 * A place in the source, as people read it and editors open it.
 */

import { callLabel } from "../../event/callLabel.js"
import type { Location } from "../../event/FailureReport.js"
import * as terminalText from "../../plain/terminalText.js"

/** `src/db.ts:47 (insertRow)`; files below `cwd` are relative to it. */
export const placeText = (location: Location, cwd: string): string => {
  const { file, function: name } = location
  const path = cwd !== "" && file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file
  return terminalText.line(callLabel(`${path}:${lineText(location)}`, name))
}

/** The line; in one of a minified bundle only the column says where. */
export const lineText = ({ column, line }: Pick<Location, "column" | "line">): string =>
  column > longestWritten ? `${line}:${column}` : String(line)

/** The column that no line reaches which people write. */
const longestWritten = 300
