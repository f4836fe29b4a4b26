/**
 * What a server shows besides its API.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"

/**
 * Pages that anyone who may ask this host is answered with, without a token: nothing of what was recorded is in them.
 */
export interface Pages {
  /** The page at a path, in an encoding that the caller takes. `undefined`: there is none. */
  readonly at: (path: string, acceptEncoding: string) => HttpServerResponse.HttpServerResponse | undefined
}

export const none: Pages = { at: () => undefined }
