/**
 * The package that the interceptors are for.
 */
import { createRequire } from "node:module"
import type * as GrpcJs from "@grpc/grpc-js"
import { whyNotLoaded } from "../../plain/neededPackage.js"

const load = (): typeof GrpcJs => {
  try {
    // A bundle in the format of CommonJS has no URL.
    return createRequire(import.meta.url ?? `${process.cwd()}/`)("@grpc/grpc-js")
  } catch (thrown) {
    throw whyNotLoaded("effect-narrative/grpc", "@grpc/grpc-js", thrown)
  }
}

export const grpc: typeof GrpcJs = load()
