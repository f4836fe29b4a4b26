/**
 * What a job says of who added it.
 */
import { attempt } from "../../plain/untrusted.js"
import * as Correlation from "../../tracing/Correlation.js"

/** The `telemetry.metadata` of its options. */
export const readMetadata = (metadata: string | undefined): Correlation.Correlation =>
  metadata === undefined
    ? Correlation.none
    : Correlation.fromHeaders(attempt(() => JSON.parse(metadata) as Record<string, string>, {}))
