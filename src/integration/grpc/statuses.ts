/**
 * What a gRPC status says of a call.
 */
import type { StoryStatus } from "../../event/NarrativeEvent.js"
import { grpc } from "./grpcJs.js"

const { status } = grpc

/** `NOT_FOUND` */
export const nameOf = (code: number): string => status[code] ?? String(code)

/** Faults of a server, as OpenTelemetry has them: with any other status a call was answered, if only with no. */
const faults: ReadonlySet<number> = new Set([
  status.UNKNOWN,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS
])

/** How the story of a call ends. */
export const storyStatus = (code: number): StoryStatus => {
  if (code === status.CANCELLED) return "cancelled"
  if (code === status.DEADLINE_EXCEEDED) return "timeout"
  return faults.has(code) ? "failed" : "success"
}

/**
 * Whether the time of a call is up, or nearly: a client cancels at its deadline, and that of the server begins when the call has arrived, and
 * so is a little later.
 */
export const isUp = (deadline: number | Date, beganAt: number, now: number): boolean => {
  const at = Number(deadline)
  return at - now <= Math.min((at - beganAt) / 5, maxDelay)
}

/** The longest that a call is taken to be on its way, in milliseconds. */
const maxDelay = 200

/** A call that ended otherwise than with `OK`, where nothing more is known of why. */
export class GrpcStatusError extends Error {
  override readonly name = "GrpcStatusError"
  readonly code: number

  constructor(code: number, details: string) {
    super(details === "" ? nameOf(code) : `${nameOf(code)}: ${details}`)
    this.code = code
  }
}
