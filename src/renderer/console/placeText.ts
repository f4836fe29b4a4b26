/**
 * A place in the source, as people read it and editors open it.
 */

import { callLabel } from "../../event/callLabel.js"
import type { Location } from "../../event/FailureReport.js"
import * as terminalText from "../../plain/terminalText.js"

/** `src/db.ts:47 (insertRow)`; files below `cwd` are relative to it. */
export const placeText = ({ file, function: name, line }: Location, cwd: string): string => {
  const path = cwd !== "" && file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file
  return terminalText.line(callLabel(`${path}:${line}`, name))
}
