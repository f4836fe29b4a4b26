/**
 * What hides the built-in names and shapes.
 *
 * It is large, and a program whose stories nothing reads needs none of it. So narration does not import it: whatever makes
 * outputs does, and says so by {@link useBuiltIn}.
 */

import { summaryOf } from "../plain/httpMessage.js"
import { setSummary } from "../plain/plainCopy.js"
import { setBuiltIn } from "./defaultRedactor.js"
import { fromNames } from "./namedRedactor.js"
import type { Redactor } from "./redactorModel.js"
import { formsOf } from "./secretForms.js"
import { SecretMatcher } from "./secretMatcher.js"
import { secretNames } from "./secretNames.js"
import { setMatching } from "./secrets.js"

setSummary(summaryOf)
setMatching({ formsOf, makeMatcher: () => new SecretMatcher() })

export const builtIn: Redactor = /* @__PURE__ */ fromNames(
  /* @__PURE__ */ secretNames({ extra: [], patterns: [], predicate: undefined })
)

/** Redacts with it wherever no other redactor is provided. */
export const useBuiltIn = (): void => setBuiltIn(builtIn)
