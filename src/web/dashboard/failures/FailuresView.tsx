/**
 * Failures by what they are: a list of their kinds, or the kind that the address names.
 */
import { address } from "../router.js"
import { FailureGroups } from "./FailureGroups.js"
import { FailureKind } from "./FailureKind.js"

export const FailuresView = () => {
  const [, fingerprint] = address.value.path
  return fingerprint === undefined ? <FailureGroups /> : <FailureKind key={fingerprint} fingerprint={fingerprint} />
}
