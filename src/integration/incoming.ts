/**
 * What every door reads of a request that comes in.
 */

import { withIds } from "../event/correlationFields.js"
import * as Correlation from "../tracing/Correlation.js"
import type { IncomingHeaders } from "../tracing/correlationHeaders.js"

/** Who asks, as far as the headers are believed. */
export const saidBy = (headers: IncomingHeaders, isTrusted: boolean): Correlation.Correlation =>
  isTrusted ? Correlation.fromHeaders(headers) : Correlation.none

/** The same, with the ids that a request has in any case: its own, where it brings none. */
export const askerOf = (headers: IncomingHeaders, isTrusted: boolean, id: string): Correlation.Correlation => {
  const said = saidBy(headers, isTrusted)
  const requestId = said.requestId ?? id
  return withIds(said, { requestId, correlationId: said.correlationId ?? requestId })
}

/** A path without its query. */
export const pathOf = (url: string): string => {
  const end = url.search(/[?#]/)
  return end < 0 ? url : url.slice(0, end)
}
