/**
 * The package that the interceptors are for.
 */
import { createRequire } from "node:module"
import type * as GrpcJs from "@grpc/grpc-js"

const load = (): typeof GrpcJs => {
  try {
    return createRequire(import.meta.url)("@grpc/grpc-js")
  } catch (cause) {
    throw new Error("effect-narrative/grpc needs @grpc/grpc-js: npm install @grpc/grpc-js", { cause })
  }
}

export const grpc: typeof GrpcJs = load()
